"""The figures of an evaluation report."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from etl.evaluation.figures import Figures
from etl.evaluation.score import score
from etl.evaluation.variants import BASELINE_VARIANT, Variant
from etl.vectors.aggregation import METHODS
from etl.vectors.choices import POST_PROCESSINGS, REMOVALS

PARTS = {
    "form": "same urban form in other cities\n(mean average precision)",
    "same_place": "same place on other dates\n(mean reciprocal rank)",
    "stability": "same tile, gain ±20 % and shifted\n(mean reciprocal rank)",
    "other_cities": "ten nearest in other cities\n(share)",
}
MARKERS = dict(zip(METHODS, "osD^vPX", strict=True))
FILLS = dict(zip(REMOVALS, ("full", "none", "left"), strict=True))
REMOVAL_LABELS = dict(zip(REMOVALS, ("", ", dimensions excluded", ", LEACE"), strict=True))


def label(variant: Variant) -> str:
    """Return post-processing and removal in words."""
    return variant.post_processing.replace("_", "-") + REMOVAL_LABELS[variant.removal]


def grids(measured: Mapping[Variant, Figures]) -> Figure:
    """Draw the score and its parts: one row per post-processing, one column per aggregation."""
    names = [name for name in PARTS if name in measured[BASELINE_VARIANT].parts]
    figure = Figure(figsize=(3.4 * (1 + len(names)) + 2, 4.6), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, 1 + len(names), sharey=True))
    _grid(axes[0], measured, {v: score(f) for v, f in measured.items()}, "score")
    for ax, name in zip(axes[1:], names, strict=True):
        _grid(ax, measured, {v: float(np.nanmean(f.parts[name])) for v, f in measured.items()}, PARTS[name])
    return figure


def trade(measured: Mapping[Variant, Figures], recorded: Variant, x: str, y: str) -> Figure:
    """Draw one figure against another, one point per variant."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    ax = figure.subplots()
    colours = {name: f"C{i}" for i, name in enumerate(POST_PROCESSINGS)}
    for variant, figures in measured.items():
        point = figures.figures[x], figures.figures[y]
        if variant == BASELINE_VARIANT:
            ax.plot(*point, "*", ms=16, color="k", label="baseline: 24 band statistics", ls="")
            continue
        ax.plot(
            *point, MARKERS[variant.aggregation], color=colours[variant.post_processing],
            ls="", ms=8, fillstyle=FILLS[variant.removal],
            label=label(variant) if variant.aggregation == "mean" else None,
        )  # fmt: skip
        if variant == recorded:
            ax.plot(*point, "o", ms=18, mfc="none", color="k", ls="", label="recorded in the database")
    for aggregation, marker in MARKERS.items():
        ax.plot([], [], marker, color="0.6", ls="", label=aggregation)
    ax.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    ax.grid(alpha=0.3)
    return figure


def by_form(measured: Mapping[Variant, Figures], forms: np.ndarray, columns: Sequence[Variant]) -> Figure:
    """Draw the mean average precision of each known urban form in other cities."""
    names = sorted(set(forms[forms != ""].tolist()))
    values = np.array([[np.nanmean(measured[v].parts["form"][forms == name]) for v in columns] for name in names])
    figure = Figure(figsize=(2 + 1.5 * len(columns), 1.6 + 0.36 * len(names)), layout="constrained")
    ax = figure.subplots()
    heads = [f"{label(v)}\n{v.aggregation}" if v != BASELINE_VARIANT else "baseline" for v in columns]
    _cells(ax, values, [f"{name} ({(forms == name).sum()})" for name in names], heads)
    ax.set_title("mean average precision by urban form, other cities only (number of tiles)", fontsize=10)
    return figure


def _grid(ax: Any, measured: Mapping[Variant, Figures], values: Mapping[Variant, float], title: str) -> None:
    kept = [v for v in measured if v != BASELINE_VARIANT]
    rows, columns = list(dict.fromkeys(map(label, kept))), list(dict.fromkeys(v.aggregation for v in kept))
    cells = np.full((len(rows), len(columns)), np.nan)
    for variant in kept:
        cells[rows.index(label(variant)), columns.index(variant.aggregation)] = values[variant]
    _cells(ax, cells, rows, columns)
    ax.set_title(f"{title}\nbaseline {values[BASELINE_VARIANT]:.3f}", fontsize=9)


def _cells(ax: Any, values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> None:
    """Draw a coloured table with its numbers."""
    ax.imshow(values, cmap="viridis", aspect="auto")
    ax.set_xticks(range(len(columns)), columns, fontsize=8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for (i, j), value in np.ndenumerate(values):
        ax.text(j, i, f"{value:.3f}", ha="center", va="center", fontsize=8, color="w" if value < middle else "k")
