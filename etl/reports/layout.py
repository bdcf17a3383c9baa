"""The page that compares layouts: UMAP, which is used, and PaCMAP, side by side and in figures."""

import html
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from etl.errors import EtlError
from etl.metrics.neighbour_preservation import N_QUERIES, Kept, neighbours_kept
from etl.reports.page import page, picture, table, write_whole
from etl.vectors.umap_layout import UmapParameters, make_layout

BODY = """<p>{encoder}; {n_tiles} tiles, embedding_mean, by cosine. {when}</p>
{picture}
{table}
<p>Overlap: share of a tile's ten nearest by cosine that are among its ten nearest in the plane. Trustworthiness: 1
where no tile lies near another that it is not like. Of {n_asked} tiles at random, each compared with all others.</p>
"""
HEADS = ("", "kNN overlap at 10", "trustworthiness at 10", "seconds")


@dataclass(frozen=True)
class Picture:
    """One layout: its name, places (n, 2), how well it keeps neighbours, and how long it took (None: not timed)."""

    name: str
    places: np.ndarray
    kept: Kept
    seconds: float | None


def compare(vectors: np.ndarray, stored_places: np.ndarray) -> list[Picture]:
    """The stored layout, and UMAP and PaCMAP made anew with the same seed; nothing is stored.

    Raises:
        EtlError: PaCMAP is not installed, or there are too few tiles.
    """
    if len(vectors) <= 20:
        raise EtlError(f"{len(vectors)} tiles are too few to compare layouts; load more than 20")
    try:
        import pacmap
    except ImportError as error:
        raise EtlError("PaCMAP is not installed; run pip install '.[compare]'") from error
    seed = UmapParameters().random_state
    pictures = []
    if np.isfinite(stored_places).all():
        pictures.append(Picture("as stored", stored_places, neighbours_kept(vectors, stored_places), None))

    def pacmap_places() -> np.ndarray:
        # n_neighbors=None: the number that its authors derive from that of the tiles.
        made = pacmap.PaCMAP(n_components=2, n_neighbors=None, distance="angular", random_state=seed)
        return np.asarray(made.fit_transform(vectors))

    pictures.append(_timed("UMAP", vectors, lambda: make_layout(vectors, show_progress=True).places))
    pictures.append(_timed(f"PaCMAP {pacmap.__version__}", vectors, pacmap_places))
    return pictures


def _timed(name: str, vectors: np.ndarray, make: Callable[[], np.ndarray]) -> Picture:
    started = time.perf_counter()
    places = make()
    seconds = time.perf_counter() - started
    return Picture(name, places, neighbours_kept(vectors, places), seconds)


def write_layout_report(path: Path, encoder: str, pictures: Sequence[Picture], continents: Sequence[str]) -> None:
    """Write the page, whole or not at all; ``continents`` are those of the tiles, in the order of their places."""
    rows = [
        (
            [
                p.name,
                f"{p.kept.overlap:.3f}",
                f"{p.kept.trustworthiness:.4f}",
                "" if p.seconds is None else f"{p.seconds:.0f}",
            ],
            False,
        )
        for p in pictures
    ]
    body = BODY.format(
        encoder=html.escape(encoder),
        n_tiles=len(continents),
        n_asked=min(N_QUERIES, len(continents)),
        picture=picture(_plot(pictures, np.array(continents)), "The layouts side by side, coloured by continent"),
        table=table(HEADS, rows),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )
    write_whole(path, page("Layouts", body))


def _plot(pictures: Sequence[Picture], continents: np.ndarray) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6 * len(pictures), 6.5), layout="constrained")
    for axes, layout in zip(figure.subplots(1, len(pictures), squeeze=False)[0], pictures, strict=True):
        for continent in sorted(set(continents)):
            x, y = layout.places[continents == continent].T
            axes.scatter(x, y, s=2 if len(continents) > 2000 else 8, label=continent, linewidths=0, alpha=0.6)
        axes.set(title=layout.name, xticks=[], yticks=[], aspect="equal")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=7, markerscale=4)
    return figure
