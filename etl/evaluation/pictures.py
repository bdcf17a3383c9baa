"""The pictures of an evaluation."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from etl.evaluation.figures import Figures
from etl.evaluation.score import score
from etl.evaluation.variants import BASELINE_VARIANT, Variant
from etl.stages.aggregate import METHODS
from etl.vectors.post_processing import METHODS as POST_PROCESSINGS

PARTS = {
    "form": "known form found again in other cities\n(mean average precision)",
    "same_place": "same place on other dates\n(mean reciprocal rank)",
    "stability": "same tile, gain ±20 % and shifted\n(mean reciprocal rank)",
    "other_cities": "ten nearest that lie\nin other cities (share)",
}
MARKERS = dict(zip(METHODS, "osD^v", strict=True))
FILLS = {"none": "full", "dimensions": "none", "leace": "left"}


def label(variant: Variant) -> str:
    """A post-processing with its removal, in words."""
    removal = {"none": "", "dimensions": ", dimensions excluded", "leace": ", LEACE"}[variant.removal]
    return variant.post_processing.replace("_", "-") + removal


def grids(measured: Mapping[Variant, Figures]) -> Figure:
    """The score and its parts: a row a post-processing, a column a way of aggregation."""
    names = [name for name in PARTS if name in measured[BASELINE_VARIANT].parts]
    figure = Figure(figsize=(3.4 * (1 + len(names)) + 2, 4.6), layout="constrained")
    axes = np.atleast_1d(figure.subplots(1, 1 + len(names), sharey=True))
    _grid(axes[0], measured, {v: score(f) for v, f in measured.items()}, "score")
    for ax, name in zip(axes[1:], names, strict=True):
        _grid(ax, measured, {v: float(np.nanmean(f.parts[name])) for v, f in measured.items()}, PARTS[name])
    return figure


def trade(measured: Mapping[Variant, Figures], recorded: Variant, x: str, y: str) -> Figure:
    """One figure against another, a point a form of the vectors."""
    figure = Figure(figsize=(10, 5), layout="constrained")
    ax = figure.subplots()
    colours = {name: f"C{i}" for i, name in enumerate(POST_PROCESSINGS)}
    for variant, figures in measured.items():
        if variant == BASELINE_VARIANT:
            ax.plot(
                figures.figures[x],
                figures.figures[y],
                "*",
                ms=16,
                color="k",
                label="baseline: 24 band statistics",
                ls="",
            )
            continue
        ax.plot(
            figures.figures[x], figures.figures[y], MARKERS[variant.method], color=colours[variant.post_processing],
            ls="", ms=8, fillstyle=FILLS[variant.removal],
            label=label(variant) if variant.method == "mean" else None,
        )  # fmt: skip
        if variant == recorded:
            ax.plot(
                figures.figures[x],
                figures.figures[y],
                "o",
                ms=18,
                mfc="none",
                color="k",
                ls="",
                label="the database's own",
            )
    for method, marker in MARKERS.items():
        ax.plot([], [], marker, color="0.6", ls="", label=method)
    ax.set(xlabel=x.replace("_", " "), ylabel=y.replace("_", " "))
    figure.legend(*ax.get_legend_handles_labels(), loc="outside right upper", fontsize=8)
    ax.grid(alpha=0.3)
    return figure


def by_form(measured: Mapping[Variant, Figures], forms: np.ndarray, columns: Sequence[Variant]) -> Figure:
    """Mean average precision in other cities of each known form."""
    names = sorted(set(forms[forms != ""].tolist()))
    values = np.array([[np.nanmean(measured[v].parts["form"][forms == name]) for v in columns] for name in names])
    figure = Figure(figsize=(2 + 1.5 * len(columns), 1.6 + 0.36 * len(names)), layout="constrained")
    ax = figure.subplots()
    heads = [f"{label(v)}\n{v.method}" if v != BASELINE_VARIANT else "baseline" for v in columns]
    _cells(ax, values, [f"{name} ({(forms == name).sum()})" for name in names], heads)
    ax.set_title("mean average precision by known form, other cities only (number of tiles)", fontsize=10)
    return figure


def _grid(ax: Any, measured: Mapping[Variant, Figures], values: Mapping[Variant, float], title: str) -> None:
    kept = [v for v in measured if v != BASELINE_VARIANT]
    rows, methods = list(dict.fromkeys(map(label, kept))), list(dict.fromkeys(v.method for v in kept))
    cells = np.full((len(rows), len(methods)), np.nan)
    for variant in kept:
        cells[rows.index(label(variant)), methods.index(variant.method)] = values[variant]
    _cells(ax, cells, rows, methods)
    ax.set_title(f"{title}\nbaseline {values[BASELINE_VARIANT]:.3f}", fontsize=9)


def _cells(ax: Any, values: np.ndarray, rows: Sequence[str], columns: Sequence[str]) -> None:
    """A coloured table with its numbers in it."""
    ax.imshow(values, cmap="viridis", aspect="auto")
    ax.set_xticks(range(len(columns)), columns, fontsize=8)
    ax.set_yticks(range(len(rows)), rows, fontsize=8)
    middle = (np.nanmin(values) + np.nanmax(values)) / 2
    for (i, j), value in np.ndenumerate(values):
        ax.text(j, i, f"{value:.3f}", ha="center", va="center", fontsize=8, color="w" if value < middle else "k")
