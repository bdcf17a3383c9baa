"""Means over chips with intervals: chips are resampled, because the blocks of one chip are not independent."""

from dataclasses import dataclass

import numpy as np

from etl.evaluation.score import N_RESAMPLES, SEED

FEW_GROUPS = 20
"""A figure over fewer chips or towns is called one of few samples."""


@dataclass(frozen=True)
class Estimate:
    """A figure, or the difference between two.

    Attributes:
        value: mean over groups (chips, towns) of the mean over the samples of a group.
        low: lower end of the 95 % interval over resampled groups.
        high: upper end of the same interval.
        n_samples: number of samples (blocks, tiles).
        n_groups: number of groups.
    """

    value: float
    low: float
    high: float
    n_samples: int
    n_groups: int

    @property
    def is_of_few(self) -> bool:
        """Return True if there are few groups."""
        return self.n_groups < FEW_GROUPS


def group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return the mean of each group's values that are not NaN, by ascending group; NaN if there are none."""
    _, index = np.unique(groups, return_inverse=True)
    known = np.isfinite(values)
    count = np.bincount(index[known], minlength=index.max() + 1)
    total = np.bincount(index[known], values[known], minlength=index.max() + 1)
    means: np.ndarray = np.where(count > 0, total / np.maximum(count, 1), np.nan)
    return means


def estimate(values: np.ndarray, groups: np.ndarray) -> Estimate:
    """Return the mean of values over groups with its interval (cluster bootstrap).

    Every group counts alike, whatever its number of samples.

    Args:
        values: (n,) float; NaN does not count.
        groups: (n,) int.
    """
    means = group_means(values, groups)
    means = means[np.isfinite(means)]
    drawn = np.random.default_rng(SEED).integers(0, len(means), (N_RESAMPLES, len(means)))
    low, high = np.quantile(means[drawn].mean(axis=1), [0.025, 0.975])
    return Estimate(float(means.mean()), float(low), float(high), int(np.isfinite(values).sum()), len(means))
