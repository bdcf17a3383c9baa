"""The score: one number per variant, and a confidence interval of the difference between two variants."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from etl.evaluation.figures import Figures
from etl.evaluation.variants import Variant

WEIGHTS = {"form": 0.4, "same_place": 0.3, "stability": 0.2, "other_cities": 0.1}
"""Weights of the parts: average precision by known urban form among tiles of other cities (the purpose of the system);
mean reciprocal rank of the same place on other dates; mean reciprocal rank of the tile from perturbed pixels; share of
the ten nearest that lie in other cities (a small weight, because meaningless vectors score well here). Parts that were
not measured are left out, and the other weights are scaled up."""
N_RESAMPLES, SEED = 1000, 20150623


@dataclass(frozen=True)
class Margin:
    """By how much one score exceeds another.

    Attributes:
        difference: of the scores.
        low: lower end of the 95 % interval over resampled cities.
        high: upper end of the same interval.
    """

    difference: float
    low: float
    high: float

    @property
    def is_significant(self) -> bool:
        """Return True if the interval does not contain 0."""
        return self.low > 0 or self.high < 0


def score(figures: Figures) -> float:
    """Return the weighted mean of the parts' means, in 0..1."""
    means = {name: float(np.nanmean(values)) for name, values in figures.parts.items() if np.isfinite(values).any()}
    total = sum(WEIGHTS[name] for name in means)
    return sum(WEIGHTS[name] * mean for name, mean in means.items()) / total


def ranked(measured: Mapping[Variant, Figures]) -> list[tuple[Variant, float]]:
    """Return all variants with their scores, the best first; ties keep the given order."""
    return sorted(((variant, score(figures)) for variant, figures in measured.items()), key=lambda pair: -pair[1])


def margin(first: Figures, second: Figures, city_ids: np.ndarray) -> Margin:
    """Return by how much the first variant scores above the second, with a bootstrap interval.

    Tiles of one city are not independent, so whole cities are resampled (cluster bootstrap), the same ones for both.

    Args:
        first: figures of one variant.
        second: figures of another variant, of the same tiles.
        city_ids: (n,) int, city of each tile.
    """
    cities, index = np.unique(city_ids, return_inverse=True)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(len(cities), np.full(len(cities), 1 / len(cities)), N_RESAMPLES)
    differences = _resampled(first, drawn, index) - _resampled(second, drawn, index)
    low, high = np.nanquantile(differences, [0.025, 0.975])
    return Margin(score(first) - score(second), float(low), float(high))


def _resampled(figures: Figures, drawn: np.ndarray, city: np.ndarray) -> np.ndarray:
    """Return scores (N_RESAMPLES,), each city counted as often as in ``drawn`` (N_RESAMPLES, n_cities)."""
    total, weight = np.zeros(len(drawn)), np.zeros(len(drawn))
    for name, values in figures.parts.items():
        known = np.isfinite(values)
        sums = np.bincount(city[known], values[known], drawn.shape[1])
        counts = drawn @ np.bincount(city[known], minlength=drawn.shape[1])
        has_any = counts > 0
        total[has_any] += WEIGHTS[name] * (drawn @ sums)[has_any] / counts[has_any]
        weight[has_any] += WEIGHTS[name]
    return total / np.where(weight > 0, weight, np.nan)


def best_of(order: Sequence[tuple[Variant, float]], aggregations: Sequence[str]) -> Variant:
    """Return the first variant in the order that uses one of the aggregations."""
    return next(variant for variant, _ in order if variant.aggregation in aggregations)
