"""Texture: how much the patches of a tile differ from each other, as a standard deviation per dimension.

Standard deviations of different dimensions are not comparable, and none is negative, so that all tiles would be
similar. They are therefore standardised over the tiles.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np

from etl.errors import PostProcessingError
from etl.vectors.bias.leace import shortest
from etl.vectors.scaling import floored
from etl.vectors.unit import unit_vectors

MIN_PATCHES = 2
"""The standard deviation over fewer patches is unknown."""


@dataclass(frozen=True)
class Texture:
    """Mean and standard deviation over tiles of the standard deviation over patches.

    Attributes:
        mean: (dimension,) float32.
        std: (dimension,) float32, positive.
    """

    mean: np.ndarray
    std: np.ndarray

    def apply(self, deviations: np.ndarray) -> np.ndarray:
        """Return standardised vectors (..., dimension) float32 of what ``patch_std`` returns.

        An unknown standard deviation (NaN) becomes 0: that of an average tile.
        """
        done: np.ndarray = np.nan_to_num((deviations - self.mean) / self.std, nan=0.0).astype(np.float32, copy=False)
        return done

    def to_values(self) -> dict[str, Any]:
        """Return a JSON-able dict from which ``from_values`` restores the same float32 numbers."""
        return {"mean": shortest(self.mean), "std": shortest(self.std)}

    @classmethod
    def from_values(cls, values: Mapping[str, Any], dimension: int) -> Self:
        """Return the texture that ``to_values`` wrote.

        Raises:
            PostProcessingError: numbers of another shape than (dimension,), not finite, or std not positive.
            KeyError, TypeError, ValueError: not such a dict.
        """
        mean, std = (np.asarray(values[name], np.float32) for name in ("mean", "std"))
        if not mean.shape == std.shape == (dimension,) or not np.isfinite([mean, std]).all() or not (std > 0).all():
            raise PostProcessingError(
                f"stored texture needs {dimension} finite numbers of mean and of std > 0, not {mean.shape}, {std.shape}"
            )
        return cls(mean, std)


def patch_std(rows: np.ndarray) -> np.ndarray:
    """Return the standard deviation (of the population) of each dimension over patches.

    Args:
        rows: (n, dimension) float32, the valid patches of one tile, post-processed.

    Returns:
        (dimension,) float32; NaN if n < MIN_PATCHES.
    """
    if len(rows) < MIN_PATCHES:
        return np.full(rows.shape[1], np.nan, np.float32)
    deviation = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    std: np.ndarray = np.sqrt(np.einsum("ij,ij->j", deviation, deviation) / np.float32(len(rows)))
    return std


def fit_texture(deviations: np.ndarray) -> Texture:
    """Fit the standardisation to tiles.

    Args:
        deviations: (n, dimension) from ``patch_std``; rows of NaN do not count.

    Returns:
        The texture; mean 0 and std 1 if no row counts. A dimension that is 0 in all tiles stays 0.
    """
    known = deviations[np.isfinite(deviations).all(axis=1)]
    if not len(known):
        return Texture(np.zeros(deviations.shape[1], np.float32), np.ones(deviations.shape[1], np.float32))
    mean = known.mean(axis=0, dtype=np.float64)
    return Texture(mean.astype(np.float32), floored(known.std(axis=0, dtype=np.float64), mean))


def mean_std(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return unit vectors of the mean and of the standardised std side by side: (n, 2 x dimension) float32.

    The cosine of two of them is the mean of the cosines of their means and of their stds.

    Args:
        mean: (n, dimension), aggregation ``mean``.
        std: (n, dimension), aggregation ``std``.
    """
    return np.concatenate([unit_vectors(mean), unit_vectors(std)], axis=1)
