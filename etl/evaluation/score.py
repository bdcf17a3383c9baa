"""One number a form of the vectors, and how sure the order is that it gives."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from etl.evaluation.figures import Figures
from etl.evaluation.variants import Variant

WEIGHTS = {"form": 0.4, "same_place": 0.3, "stability": 0.2, "other_cities": 0.1}
"""Weights of the parts: average precision by known form among tiles of other cities (what the system is for); mean
reciprocal rank of the same place on another date; that of the tile itself from changed pixels; share of the ten nearest
that lie in other cities (little, because vectors without meaning have it too). Of parts that were not measured the
weights fall away, and the others are scaled up."""
N_RESAMPLES, SEED = 1000, 20150623


@dataclass(frozen=True)
class Margin:
    """By how much one score is above another, and the central 95 % of that over resampled cities."""

    difference: float
    low: float
    high: float

    @property
    def is_sure(self) -> bool:
        """True where the interval does not hold 0."""
        return self.low > 0 or self.high < 0


def score(figures: Figures) -> float:
    """Weighted mean of the parts' means, in 0..1."""
    means = {name: float(np.nanmean(values)) for name, values in figures.parts.items() if np.isfinite(values).any()}
    total = sum(WEIGHTS[name] for name in means)
    return sum(WEIGHTS[name] * mean for name, mean in means.items()) / total


def ranked(measured: Mapping[Variant, Figures]) -> list[tuple[Variant, float]]:
    """All forms by score, the best first; equal ones in the order given."""
    return sorted(((variant, score(figures)) for variant, figures in measured.items()), key=lambda pair: -pair[1])


def margin(first: Figures, second: Figures, city_ids: np.ndarray) -> Margin:
    """By how much the first scores above the second.

    Tiles of one city are alike, so whole cities are drawn again and again (bootstrap by cluster), the same ones for
    both.

    Args:
        first: of a form of the vectors.
        second: of another, of the same tiles.
        city_ids: (n,) of the tiles.
    """
    cities, index = np.unique(city_ids, return_inverse=True)
    rng = np.random.default_rng(SEED)
    drawn = rng.multinomial(len(cities), np.full(len(cities), 1 / len(cities)), N_RESAMPLES)
    differences = _resampled(first, drawn, index) - _resampled(second, drawn, index)
    low, high = np.nanquantile(differences, [0.025, 0.975])
    return Margin(score(first) - score(second), float(low), float(high))


def _resampled(figures: Figures, drawn: np.ndarray, city: np.ndarray) -> np.ndarray:
    """(N_RESAMPLES,) scores with each city as often as it was drawn (N_RESAMPLES, n_cities)."""
    total, weight = np.zeros(len(drawn)), np.zeros(len(drawn))
    for name, values in figures.parts.items():
        asked = np.isfinite(values)
        sums = np.bincount(city[asked], values[asked], drawn.shape[1])
        counts = drawn @ np.bincount(city[asked], minlength=drawn.shape[1])
        has_any = counts > 0
        total[has_any] += WEIGHTS[name] * (drawn @ sums)[has_any] / counts[has_any]
        weight[has_any] += WEIGHTS[name]
    return total / np.where(weight > 0, weight, np.nan)


def best_of(order: Sequence[tuple[Variant, float]], methods: Sequence[str]) -> Variant:
    """The first in the order that is aggregated by one of the methods."""
    return next(variant for variant, _ in order if variant.method in methods)
