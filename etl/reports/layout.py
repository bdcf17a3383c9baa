"""The report that compares layouts: the stored one, UMAP and PaCMAP."""

import html
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from etl.errors import EtlError
from etl.metrics.neighbour_preservation import N_QUERIES, NeighbourPreservation, measure_preservation
from etl.reports.page import page, picture, table, write_atomically
from etl.vectors.umap_layout import UmapParameters, make_layout

BODY = """<p>{encoder}; {n_tiles} tiles, embedding_mean, by cosine. {when}</p>
{picture}
{table}
<p>Overlap: share of a tile's ten nearest neighbours by cosine that are among its ten nearest in the plane.
Trustworthiness: 1 if all neighbours in the plane are neighbours by cosine. Averages over {n_queries} random tiles, each
compared with all others.</p>
"""
HEADS = ("", "kNN overlap at 10", "trustworthiness at 10", "seconds")


@dataclass(frozen=True)
class ComparedLayout:
    """One of the compared layouts.

    Attributes:
        name: heading in the report.
        places: (n, 2) positions of the tiles.
        preservation: how well it preserves nearest neighbours.
        seconds: time to compute it; None if it was not timed.
    """

    name: str
    places: np.ndarray
    preservation: NeighbourPreservation
    seconds: float | None


def compare(vectors: np.ndarray, stored_places: np.ndarray) -> list[ComparedLayout]:
    """Return the stored layout, if it is complete, and new ones by UMAP and PaCMAP with the same seed.

    Args:
        vectors: (n, dimension) float32.
        stored_places: (n, 2) float32; NaN where a tile has no position yet.

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
    layouts = []
    if np.isfinite(stored_places).all():
        kept = measure_preservation(vectors, stored_places)
        layouts.append(ComparedLayout("as stored", stored_places, kept, None))

    def pacmap_places() -> np.ndarray:
        # n_neighbors=None: PaCMAP derives the number from that of the tiles.
        made = pacmap.PaCMAP(n_components=2, n_neighbors=None, distance="angular", random_state=seed)
        return np.asarray(made.fit_transform(vectors))

    layouts.append(_timed("UMAP", vectors, lambda: make_layout(vectors, show_progress=True).places))
    layouts.append(_timed(f"PaCMAP {pacmap.__version__}", vectors, pacmap_places))
    return layouts


def _timed(name: str, vectors: np.ndarray, make: Callable[[], np.ndarray]) -> ComparedLayout:
    started = time.perf_counter()
    places = make()
    seconds = time.perf_counter() - started
    return ComparedLayout(name, places, measure_preservation(vectors, places), seconds)


def write_layout_report(path: Path, encoder: str, layouts: Sequence[ComparedLayout], continents: Sequence[str]) -> None:
    """Write the report atomically; ``continents`` has one entry per tile, in the order of ``places``."""
    body = BODY.format(
        encoder=html.escape(encoder),
        n_tiles=len(continents),
        n_queries=min(N_QUERIES, len(continents)),
        picture=picture(
            _plot(layouts, np.array(continents)), alt_text="The layouts side by side, coloured by continent"
        ),
        table=table(HEADS, [(_row(layout), False) for layout in layouts]),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )
    write_atomically(path, page("Layouts", body))


def _row(layout: ComparedLayout) -> list[str]:
    kept = layout.preservation
    seconds = "" if layout.seconds is None else f"{layout.seconds:.0f}"
    return [layout.name, f"{kept.overlap:.3f}", f"{kept.trustworthiness:.4f}", seconds]


def _plot(layouts: Sequence[ComparedLayout], continents: np.ndarray) -> Any:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6 * len(layouts), 6.5), layout="constrained")
    for axes, layout in zip(figure.subplots(1, len(layouts), squeeze=False)[0], layouts, strict=True):
        for continent in sorted(set(continents)):
            x, y = layout.places[continents == continent].T
            axes.scatter(x, y, s=2 if len(continents) > 2000 else 8, label=continent, linewidths=0, alpha=0.6)
        axes.set(title=layout.name, xticks=[], yticks=[], aspect="equal")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=7, markerscale=4)
    return figure
