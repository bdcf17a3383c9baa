"""The page that shows spatial bias: what was measured, where the limits lie, and what excluding changed."""

import base64
import html
import io
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from etl.leak import Leak
from etl.spatial_bias import Limits, SpatialBias, knee

PAGE = """<!doctype html>
<html lang="en"><meta charset="utf-8"><title>terrakin: spatial bias</title>
<style>body{{font:16px/1.5 system-ui;max-width:60rem;margin:2rem auto;padding:0 1rem}}
td,th{{padding:.2rem 1rem;text-align:right}}img{{max-width:100%}}</style>
<h1>Spatial bias</h1>
<p>{encoder}; {n_tiles} tiles of {n_cities} cities; {n_excluded} of {dimension} dimensions excluded
(floors: Moran's I {limits.morans_i_floor:g}, position R² {limits.position_r2_floor:g}; at most {limits.max_share:.0%}).
{when}</p>
<p>Moran's I: how alike neighbouring tiles are inside a city. Position R²: how much of a dimension's variance between
cities their place foretells in regions that were left out of the fit{r2_note}.</p>
<img alt="Both measures of all dimensions, sorted, and against each other" src="data:image/png;base64,{plot}">
<h2>Share of a tile's ten nearest neighbours that are merely near</h2>
<table><tr><th></th><th>same city</th>{heads}</tr>{rows}</table>
<p>Means of all tiles, compared exactly. A low share is not a merit by itself: vectors without meaning have one too.
What excluding costs in retrieval is not measured here.</p>
</html>
"""


def write_report(
    path: Path, encoder: str, bias: SpatialBias, limits: Limits, leaks: dict[str, Leak], n_tiles: int, n_cities: int
) -> None:
    """Write the page, whole or not at all; ``leaks`` are the table's rows by name."""
    radii = next(iter(leaks.values())).within_km
    rows = "".join(
        f"<tr><th>{html.escape(name)}</th><td>{leak.same_city:.1%}</td>"
        + "".join(f"<td>{share:.1%}</td>" for share in leak.within_km.values())
        + "</tr>"
        for name, leak in leaks.items()
    )
    page = PAGE.format(
        encoder=html.escape(encoder), n_tiles=n_tiles, n_cities=n_cities, n_excluded=int(bias.is_excluded.sum()),
        dimension=len(bias.is_excluded), limits=limits, when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        r2_note="" if np.isfinite(bias.position_r2).all() else " (here there are too few regions to tell)",
        plot=base64.b64encode(_plot(bias, limits)).decode(),
        heads="".join(f"<th>within {radius} km</th>" for radius in radii), rows=rows,
    )  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    new = path.with_name(path.name + ".new")
    new.write_text(page, encoding="utf-8")
    new.replace(path)


def _plot(bias: SpatialBias, limits: Limits) -> bytes:
    from matplotlib.figure import Figure

    figure = Figure(figsize=(12, 4), layout="constrained")
    left, middle, right = figure.subplots(1, 3)
    _curve(left, bias.morans_i, "Moran's I", limits.morans_i_floor)
    _curve(
        middle,
        np.maximum(np.nan_to_num(bias.position_r2), 0),
        "position R², 0 where negative",
        limits.position_r2_floor,
    )
    for is_out, colour, label in ((False, "tab:blue", "kept"), (True, "tab:red", "excluded")):
        chosen = bias.is_excluded == is_out
        right.plot(
            bias.morans_i[chosen], np.nan_to_num(bias.position_r2)[chosen], ".", color=colour, label=label, alpha=0.6
        )
    right.set(xlabel="Moran's I", ylabel="position R²")
    right.legend()
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=110)
    return picture.getvalue()


def _curve(axes: Any, values: np.ndarray, name: str, floor: float) -> None:
    axes.plot(np.sort(values)[::-1])
    axes.axhline(knee(values), color="tab:orange", ls="--", label="knee")
    axes.axhline(floor, color="tab:gray", ls=":", label="floor")
    axes.set(xlabel="dimensions, sorted", ylabel=name)
    axes.legend()
