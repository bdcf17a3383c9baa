"""The page that shows spatial bias: what was measured, where the limits lie, and what excluding changed."""

import html
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np

from etl.metrics.spatial_leakage import RADII_KM, Leak
from etl.reports.page import page, picture, table, write_whole
from etl.vectors.spatial_bias import Limits, SpatialBias, knee

REMOVALS = ("dimensions", "leace", "none")
"""What is done about spatial bias: dimensions set to 0, directions projected out, or nothing."""

BODY = """<p>{encoder}; {n_tiles} tiles of {n_cities} cities; dimensions are excluded above the knee of a measure and
its floor (Moran's I {limits.morans_i_floor:g}, position R² {limits.position_r2_floor:g}); at most
{limits.max_share:.0%} of {dimension} dimensions, or as many directions by LEACE. {when}</p>
<p>Moran's I: how alike neighbouring tiles are inside a city. Position R²: how much of a dimension's variance between
cities their place foretells in regions that were left out of the fit{r2_note}.</p>
{picture}
<h2>Share of a tile's ten nearest neighbours that are merely near, and what less of it costs</h2>
{table}
<p>Means of tiles, compared exactly. The marked row is what the database's vectors carry. A low share is not a merit by
itself: vectors without meaning have one too, so look at the last column: {cost_note}.
LEACE (Belrose et al. 2023) projects out how tiles of one kind differ with their place; it was fitted on the tiles that
it is measured on, so with few tiles in a city a part of its effect is the fit.</p>
"""
HEADS = ("", "same city", *(f"within {radius} km" for radius in RADII_KM), "same form, other cities")
COST_KNOWN = "the share of tiles of the same known urban form among the ten nearest in other cities (precision at 10)"
COST_UNKNOWN = "it needs tiles whose form is known (the demo's, or a table given with --forms), and there are none here"


@dataclass(frozen=True)
class Outcome:
    """What one of REMOVALS did: how many dimensions or directions went, what is left of leak and of retrieval.

    Attributes:
        what: in words.
        leak: of the vectors after it.
        precision: of retrieval by known form, 0..1; None where no form is known.
    """

    what: str
    leak: Leak
    precision: float | None


@dataclass(frozen=True)
class Measured:
    """Everything that the page shows; ``outcomes`` by name of REMOVALS, ``stored`` names the one that is taken."""

    encoder: str
    n_tiles: int
    n_cities: int
    limits: Limits
    bias: SpatialBias
    outcomes: dict[str, Outcome]
    stored: str


def write_report(path: Path, measured: Measured) -> None:
    """Write the page, whole or not at all."""
    bias, outcomes = measured.bias, measured.outcomes
    is_known = outcomes["none"].precision is not None
    body = BODY.format(
        encoder=html.escape(measured.encoder), n_tiles=measured.n_tiles, n_cities=measured.n_cities,
        dimension=len(bias.is_excluded), limits=measured.limits, when=f"{datetime.now(UTC):%Y-%m-%d %H:%M} UTC",
        r2_note="" if np.isfinite(bias.position_r2).all() else " (here there are too few regions to tell)",
        picture=picture(
            _plot(bias, measured.limits), "Both measures of all dimensions, sorted, and against each other"
        ),
        table=table(HEADS, [(_row(outcome), name == measured.stored) for name, outcome in outcomes.items()]),
        cost_note=COST_KNOWN if is_known else COST_UNKNOWN,
    )  # fmt: skip
    write_whole(path, page("Spatial bias", body))


def _row(outcome: Outcome) -> list[str]:
    shares = [outcome.leak.same_city, *outcome.leak.within_km.values()]
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
