"""The summary of the evaluation on real pixels: every figure with its interval, and the two decisions."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from etl.evaluation.real.comparison import BLOCK_MEAN, QUARTERS, Comparison, Side, block_estimates, compare
from etl.evaluation.real.encoders import GALILEO
from etl.evaluation.real.figures import BLOCK_FIGURES, DATE_RANKS, POSITION_FIGURES, WINDOW_RANKS
from etl.evaluation.real.intervals import Estimate, estimate
from etl.evaluation.real.run import EncoderResult, RealEvaluation
from etl.evaluation.real.samples.quarters import random_reciprocal_rank
from etl.vectors.aggregation import METHODS

PLAIN, TEXTURED, TEXTURE = "mean", "mean_std", "std"


@dataclass(frozen=True)
class Summary:
    """What the report shows.

    Attributes:
        rows: by (encoder, weights, method): the estimates by figure, or by ``form_figure``.
        random: the same if candidates are ordered at random.
        default_method: ``mean_std`` or ``mean``, what galileo_nano is to use; None if it was not measured.
        texture: mean_std minus mean, and std minus mean, of every encoder.
        rivals: galileo_nano minus each other encoder: by the mean of all, by mean_std of all, and by its default method
            against the mean of the other.
    """

    rows: Mapping[tuple[str, str, str], Mapping[str, Estimate]]
    random: Mapping[str, float]
    default_method: str | None
    texture: list[Comparison]
    rivals: list[Comparison]

    @property
    def is_ahead(self) -> bool:
        """Return True if galileo_nano with its default method is ahead of the mean of every other encoder."""
        own = [found for found in self.rivals if found.first == f"{GALILEO}, {self.default_method}"]
        return all(found.is_ahead for found in own if found.second.endswith(f", {PLAIN}"))


def form_figure(removal: str) -> str:
    """Return the name of the precision within urban forms after a removal of spatial bias."""
    return f"forms, bias removal: {removal}"


def summarise(evaluation: RealEvaluation) -> Summary:
    """Return all estimates and comparisons."""
    chips = evaluation.places.chip
    rows = {
        (result.name, result.weights, method): _estimates(evaluation, result, method)
        for result in evaluation.results
        for method in METHODS
    }
    random = {name: found.value for name, found in block_estimates(evaluation.random, chips).items()}
    if len(evaluation.tiles):
        random[QUARTERS] = random_reciprocal_rank(len(evaluation.tiles))
    n_dates = next((len(next(iter(v.values()))) for r in evaluation.results for v in r.dates.values()), 0)
    random |= {name: most / n_dates for name, most in (DATE_RANKS | WINDOW_RANKS).items() if n_dates}
    for removal in ("none", "dimensions", "leace") if len(evaluation.towns) else ():
        random[form_figure(removal)] = estimate(evaluation.random_forms, evaluation.towns).value
    texture = [_within(evaluation, result, method) for result in evaluation.results for method in (TEXTURED, TEXTURE)]
    own = next((found for found in texture if found.first == f"{GALILEO}, {TEXTURED}"), None)
    default = None if own is None else PLAIN if own.is_behind else TEXTURED
    return Summary(rows, random, default, texture, _rivals(evaluation, default))


def _estimates(evaluation: RealEvaluation, result: EncoderResult, method: str) -> dict[str, Estimate]:
    found = block_estimates(result.blocks[method], evaluation.places.chip)
    if len(evaluation.tiles):
        found[QUARTERS] = estimate(result.quarters[method], evaluation.tiles)
    if result.dates:
        # One place only: blocks are resampled instead of chips.
        found |= {name: estimate(v, np.arange(len(v))) for name, v in result.dates[method].items()}
    forms = {form_figure(removal): values[method] for removal, values in result.forms.items()}
    return found | {name: estimate(values, evaluation.towns) for name, values in forms.items()}


def _side(result: EncoderResult, method: str) -> Side:
    return Side(f"{result.name}, {method}", result.blocks[method], result.quarters[method])


def _within(evaluation: RealEvaluation, result: EncoderResult, method: str) -> Comparison:
    return compare(_side(result, method), _side(result, PLAIN), evaluation.places.chip, evaluation.tiles)


def _rivals(evaluation: RealEvaluation, default: str | None) -> list[Comparison]:
    own = next((result for result in evaluation.results if result.name == GALILEO), None)
    if own is None or default is None:
        return []
    pairs = dict.fromkeys([(default, PLAIN), (PLAIN, PLAIN), (TEXTURED, TEXTURED)])
    return [
        compare(_side(own, a), _side(other, b), evaluation.places.chip, evaluation.tiles)
        for other in evaluation.results
        if other.name != GALILEO
        for a, b in pairs
    ]


def figure_names(summary: Summary) -> list[str]:
    """Return the names of all figures that were measured, in the order of the report."""
    names = [
        *BLOCK_FIGURES,
        BLOCK_MEAN,
        QUARTERS,
        *POSITION_FIGURES,
        *DATE_RANKS,
        *WINDOW_RANKS,
        *map(form_figure, ("none", "dimensions", "leace")),
    ]
    return [name for name in names if any(name in estimates for estimates in summary.rows.values())]
