"""The texture of an item: the standard deviation over its patches, and its combination with the mean."""

from dataclasses import dataclass

import numpy as np

from etl.vectors.aggregation import MIN_NORM
from etl.vectors.unit import unit_vectors


@dataclass(frozen=True)
class Texture:
    """Mean and standard deviation over items of what ``patch_std`` returns, (dimension,) float32."""

    mean: np.ndarray
    std: np.ndarray

    def apply(self, deviations: np.ndarray) -> np.ndarray:
        """Return standardised vectors (n, dimension) float32."""
        done: np.ndarray = ((deviations - self.mean) / self.std).astype(np.float32)
        done[np.linalg.norm(done, axis=1) < MIN_NORM] = np.float32(done.shape[1] ** -0.5)
        return done


def fit_texture(deviations: np.ndarray) -> Texture:
    """Return the standardisation of (n, dimension) standard deviations."""
    std = deviations.std(axis=0)
    return Texture(deviations.mean(axis=0), np.where(std > 0, std, 1).astype(np.float32))


def patch_std(rows: np.ndarray) -> np.ndarray:
    """Return the standard deviation over patches (n, dimension) of one item: (dimension,) float32."""
    std: np.ndarray = rows.std(axis=0)
    return std


def mean_std(mean: np.ndarray, std: np.ndarray) -> np.ndarray:
    """Return unit vectors of the mean and of the standardised std side by side: (n, 2 x dimension) float32."""
    return np.concatenate([unit_vectors(mean), unit_vectors(std)], axis=1)
