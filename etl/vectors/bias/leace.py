"""LEACE: the smallest affine projection after which no linear function of a vector predicts given labels.

Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form" (arXiv 2306.03819), theorem 4.3. The
authors' package needs torch; the closed form is a few lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from etl.errors import PostProcessingError, SpatialBiasError

RANK_TOLERANCE = 1e-3
"""Directions with a smaller share of the strongest covariance of labels and whitened vectors are rounding errors."""


@dataclass(frozen=True)
class LinearRemoval:
    """The map ``x - (x - mean) @ measure.T @ direction``: an oblique projection that removes r directions.

    Attributes:
        labels: what was removed, in words.
        mean: (dimension,) float32, a fixed point of the map.
        measure: (r, dimension) float32, the linear functions that are removed.
        direction: (r, dimension) float32, the directions that are subtracted.
    """

    labels: str
    mean: np.ndarray
    measure: np.ndarray
    direction: np.ndarray

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Return vectors (..., dimension) float32 without the label; affine, so it commutes with taking means."""
        erased: np.ndarray = vectors - ((vectors - self.mean) @ self.measure.T) @ self.direction
        return erased

    def to_values(self) -> dict[str, Any]:
        """Return a JSON-able dict from which ``from_values`` restores the same float32 numbers."""
        numbers = {name: shortest(getattr(self, name)) for name in ("mean", "measure", "direction")}
        return {"method": "leace", "labels": self.labels} | numbers

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Return the removal that ``to_values`` wrote.

        Raises:
            PostProcessingError: unknown method, or numbers of inconsistent shape or not finite.
            KeyError, TypeError, ValueError: not such a dict.
        """
        if values["method"] != "leace":
            raise PostProcessingError(f"stored linear removal {values['method']!r} is unknown; update terrakin")
        mean = np.asarray(values["mean"], np.float32)
        # JSON loses the row length of an array without rows; rows of another length raise ValueError.
        measure, direction = (
            np.asarray(values[n], np.float32).reshape(len(values[n]), len(mean)) for n in ("measure", "direction")
        )
        if mean.ndim != 1 or measure.shape != direction.shape:
            raise PostProcessingError(
                f"stored linear removal has shapes {mean.shape}, {measure.shape}, {direction.shape}, which do not match"
            )
        if not all(np.isfinite(numbers).all() for numbers in (mean, measure, direction)):
            raise PostProcessingError("stored linear removal contains numbers that are not finite")
        return cls(str(values["labels"]), mean, measure, direction)


def fit_leace(
    vectors: np.ndarray, labels: np.ndarray | csr_array, name: str, max_rank: int | None = None
) -> LinearRemoval:
    """Return the removal that leaves no covariance with the labels and changes the vectors least.

    Changes are measured in the norm of the vectors' covariance. It is shrunk (Ledoit and Wolf 2004), because it has no
    inverse if there are fewer vectors than dimensions; this affects only how far vectors move, not what is removed.

    Args:
        vectors: (n, dimension) float.
        labels: (n, n_labels) float: numbers, or 0 and 1 for membership; may be constant or collinear.
        name: what the labels are, in words.
        max_rank: most directions to remove, the strongest first; None removes all.

    Raises:
        SpatialBiasError: fewer than two vectors, or as many independent labels as dimensions.
    """
    from sklearn.covariance import ledoit_wolf

    n, dimension = vectors.shape
    if n < 2:
        raise SpatialBiasError(f"{n} vectors are too few to remove {name}; at least 2 are needed")
    mean = vectors.mean(axis=0, dtype=np.float64)
    deviation = vectors - mean
    covariance, _ = ledoit_wolf(deviation, assume_centered=True)
    values, axes = np.linalg.eigh(covariance)
    # Constant data have no variance: avoid dividing by 0.
    values = np.maximum(values, np.finfo(np.float64).eps * max(values[-1], np.finfo(np.float64).tiny))
    whiten, colour = (axes * values**power @ axes.T for power in (-0.5, 0.5))
    left, strength, _ = np.linalg.svd(whiten @ _cross_covariance(deviation, labels), full_matrices=False)
    is_kept = strength > RANK_TOLERANCE * max(strength.max(initial=0), np.finfo(np.float64).tiny)
    kept = left[:, is_kept][:, :max_rank]
    if kept.shape[1] >= dimension:
        raise SpatialBiasError(f"{name}: {kept.shape[1]} independent labels for {dimension} dimensions leave nothing")
    return LinearRemoval(
        name, mean.astype(np.float32), (kept.T @ whiten).astype(np.float32), (kept.T @ colour).astype(np.float32)
    )


def _cross_covariance(deviation: np.ndarray, labels: np.ndarray | csr_array) -> np.ndarray:
    """Return the covariance (dimension, n_labels) of centred vectors with the labels, scaled to unit variance."""
    sparse = csr_array(labels, dtype=np.float64)
    n = len(deviation)
    mean = sparse.sum(axis=0) / n
    spread = np.sqrt(np.maximum(sparse.multiply(sparse).sum(axis=0) / n - mean**2, 0))
    varies = spread > np.finfo(np.float64).eps ** 0.5 * np.abs(mean)
    # The deviations sum to 0, so the labels do not need centring.
    shared: np.ndarray = (sparse.T @ deviation)[varies] / (n * spread[varies, None])
    return shared.T


def shortest(numbers: np.ndarray) -> Any:
    """Return float32 numbers as nested lists of the shortest decimals that restore them: half the JSON text."""
    flat = [float(str(number)) for number in numbers.astype(np.float32).ravel()]
    return np.array(flat).reshape(numbers.shape).tolist()
