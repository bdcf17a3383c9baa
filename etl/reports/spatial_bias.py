"""The report of spatial bias: the measures, the thresholds, and the effect of each removal."""

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from etl.metrics.spatial_leakage import RADII_KM, SpatialLeakage
from etl.reports.page import page, picture, table, write_atomically
from etl.vectors.bias.spatial_bias import Limits, SpatialBias, knee

BODY = """<p>{encoder}; {n_tiles} tiles of {n_cities} cities. Dimensions are excluded if a measure exceeds both its knee
and its floor (Moran's I {limits.morans_i_floor:g}, position R² {limits.position_r2_floor:g}); at most
{limits.max_share:.0%} of {dimension} dimensions, or as many directions by LEACE. {when}</p>
<p>Moran's I: spatial autocorrelation of adjacent tiles within a city. Position R²: share of a dimension's variance
between cities that is predicted from position in held-out regions{r2_note}.</p>
{picture}
<h2>Spatial leakage: share of a tile's ten nearest neighbours that are merely close by</h2>
{table}
<p>Mean vectors of tiles, compared exactly. The marked row is the removal used in the database. A low share is not a
merit by itself: meaningless vectors have one too. The last column shows the cost: {cost_note}.
LEACE (Belrose et al. 2023) projects out the variation with position among tiles of one kind. It is fitted to the same
tiles that it is measured on, so in cities with few tiles a part of its effect is overfitting.</p>
"""
HEADS = ("", "same city", *(f"within {radius} km" for radius in RADII_KM), "same form, other cities")
COST_KNOWN = "the share of tiles of the same urban form among the ten nearest in other cities (precision at 10)"
COST_UNKNOWN = "it needs tiles of known urban form (the demo's, or a table given with --forms), and there are none here"


@dataclass(frozen=True)
class Outcome:
    """The effect of one removal of spatial bias.

    Attributes:
        what: number of dimensions or directions removed, in words.
        leakage: spatial leakage of the vectors afterwards.
        precision: precision at 10 of retrieval by urban form afterwards, 0..1; None if no form is known.
    """

    what: str
    leakage: SpatialLeakage
    precision: float | None


@dataclass(frozen=True)
class Measured:
    """The content of the report.

    Attributes:
        encoder: name, weights and post-processing, in words.
        n_tiles: number of tiles measured.
        n_cities: number of their cities.
        limits: thresholds for excluding dimensions.
        bias: measures of every dimension.
        outcomes: effect of each removal, by name (etl.vectors.choices.REMOVALS).
        stored: name of the removal used in the database.
    """

    encoder: str
    n_tiles: int
    n_cities: int
    limits: Limits
    bias: SpatialBias
    outcomes: dict[str, Outcome]
    stored: str


def write_report(path: Path, measured: Measured) -> None:
    """Write the report atomically."""
    bias, outcomes = measured.bias, measured.outcomes
    is_known = outcomes["none"].precision is not None
    body = BODY.format(
        encoder=html.escape(measured.encoder), n_tiles=measured.n_tiles, n_cities=measured.n_cities,
        dimension=len(bias.is_excluded), limits=measured.limits, when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        r2_note="" if np.isfinite(bias.position_r2).all() else " (not measured here: too few regions)",
        picture=picture(
            _plot(bias, measured.limits),
            alt_text="Both measures of all dimensions, sorted, and against each other",
        ),
        table=table(HEADS, [(_row(outcome), name == measured.stored) for name, outcome in outcomes.items()]),
        cost_note=COST_KNOWN if is_known else COST_UNKNOWN,
    )  # fmt: skip
    write_atomically(path, page("Spatial bias", body))


def _row(outcome: Outcome) -> list[str]:
    shares = [outcome.leakage.same_city, *outcome.leakage.within_km.values()]
    precision = "not measurable" if outcome.precision is None else f"{outcome.precision:.3f}"
    return [outcome.what, *(f"{share:.1%}" for share in shares), precision]


def _plot(bias: SpatialBias, limits: Limits) -> Any:
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
    return figure


def _curve(axes: Any, values: np.ndarray, name: str, floor: float) -> None:
    axes.plot(np.sort(values)[::-1])
    axes.axhline(knee(values), color="tab:orange", ls="--", label="knee")
    axes.axhline(floor, color="tab:gray", ls=":", label="floor")
    axes.set(xlabel="dimensions, sorted", ylabel=name)
    axes.legend()
