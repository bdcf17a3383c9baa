"""The page that compares layouts: UMAP, which is used, and PaCMAP, side by side and in figures."""

import base64
import html
import io
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from etl.errors import EtlError
from etl.layout import UmapParameters, make_layout
from etl.layout_quality import N_QUERIES, Kept, neighbours_kept

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>terrakin: layouts</title>
<style>body{{font:16px/1.5 system-ui;max-width:75rem;margin:2rem auto;padding:0 1rem}}
td,th{{padding:.2rem 1rem;text-align:right}}img{{max-width:100%}}</style>
<h1>Layouts</h1>
<p>{encoder}; {n_tiles} tiles, embedding_mean, by cosine. {when}</p>
<img alt="The layouts side by side, coloured by continent" src="data:image/png;base64,{plot}">
<table><tr><th></th><th>kNN overlap at 10</th><th>trustworthiness at 10</th><th>seconds</th></tr>{rows}</table>
<p>Overlap: share of a tile's ten nearest by cosine that are among its ten nearest in the plane. Trustworthiness: 1
where no tile lies near another that it is not like. Of {n_asked} tiles at random, each compared with all others.</p>
</html>
"""


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
    n_tiles = len(continents)
    rows = "".join(
        f"<tr><th>{html.escape(p.name)}</th><td>{p.kept.overlap:.3f}</td><td>{p.kept.trustworthiness:.4f}</td>"
        f"<td>{'' if p.seconds is None else f'{p.seconds:.0f}'}</td></tr>"
        for p in pictures
    )
    page = PAGE.format(
        encoder=html.escape(encoder),
        n_tiles=n_tiles,
        rows=rows,
        n_asked=min(N_QUERIES, n_tiles),
        plot=base64.b64encode(_plot(pictures, np.array(continents))).decode(),
        when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
    )
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(f"{path.name}.new")
    new.write_text(page, encoding="utf-8")
    new.rename(path)


def _plot(pictures: Sequence[Picture], continents: np.ndarray) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6 * len(pictures), 6.5), layout="constrained")
    for axes, picture in zip(figure.subplots(1, len(pictures), squeeze=False)[0], pictures, strict=True):
        for continent in sorted(set(continents)):
            x, y = picture.places[continents == continent].T
            axes.scatter(x, y, s=2 if len(continents) > 2000 else 8, label=continent, linewidths=0, alpha=0.6)
        axes.set(title=picture.name, xticks=[], yticks=[], aspect="equal")
    figure.legend(*axes.get_legend_handles_labels(), loc="outside lower center", ncols=7, markerscale=4)
    file = io.BytesIO()
    figure.savefig(file, format="png", dpi=110)
    return file.getvalue()
