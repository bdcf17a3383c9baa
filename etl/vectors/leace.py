"""Linear removal: the projection after which no linear function of a vector tells given labels (where it is from).

LEACE of Belrose et al. 2023, "LEACE: Perfect linear concept erasure in closed form" (arXiv 2306.03819), theorem 4.3;
its authors' package needs torch, the closed form is a few lines.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from scipy.sparse import csr_array

from etl.errors import EncoderError

RANK_TOLERANCE = 1e-3
"""Directions in which labels and whitened vectors covary less than this share of the strongest are rounding."""


@dataclass(frozen=True)
class LinearRemoval:
    """``x - (x - mean) @ measure.T @ direction``: oblique, of rank r, and the same when done twice.

    Attributes:
        labels: what was removed, in words.
        mean: (dimension,) float32, which stays where it is.
        measure: (r, dimension) float32, what is measured of a vector.
        direction: (r, dimension) float32, what is taken off for each measured number.
    """

    labels: str
    mean: np.ndarray
    measure: np.ndarray
    direction: np.ndarray

    def apply(self, vectors: np.ndarray) -> np.ndarray:
        """Vectors (..., dimension) float32 without what the labels tell of them; affine, so it may follow a mean."""
        erased: np.ndarray = vectors - ((vectors - self.mean) @ self.measure.T) @ self.direction
        return erased

    def to_values(self) -> dict[str, Any]:
        """What goes into JSON; ``from_values`` gives back the same float32 numbers."""
        numbers = {name: shortest(getattr(self, name)) for name in ("mean", "measure", "direction")}
        return {"method": "leace", "labels": self.labels} | numbers

    @classmethod
    def from_values(cls, values: Mapping[str, Any]) -> Self:
        """Read what ``to_values`` gave.

        Raises:
            EncoderError: it does not fit itself.
            KeyError, TypeError, ValueError: it is something else.
        """
        if values["method"] != "leace":
            raise EncoderError(f"stored linear removal {values['method']!r} is not known; update terrakin")
        mean = np.asarray(values["mean"], np.float32)
        # Of no row at all JSON keeps no length; rows of other lengths are a ValueError.
        measure, direction = (
            np.asarray(values[n], np.float32).reshape(len(values[n]), len(mean)) for n in ("measure", "direction")
        )
        if mean.ndim != 1 or measure.shape != direction.shape:
            raise EncoderError(f"stored linear removal does not fit: {mean.shape}, {measure.shape}, {direction.shape}")
        if not all(np.isfinite(numbers).all() for numbers in (mean, measure, direction)):
            raise EncoderError("stored linear removal holds numbers that are not finite")
        return cls(str(values["labels"]), mean, measure, direction)


def fit_leace(
    vectors: np.ndarray, labels: np.ndarray | csr_array, name: str, max_rank: int | None = None
) -> LinearRemoval:
    """The removal that changes the vectors least (in their own spread) and leaves no covariance with the labels.

    The covariance of the vectors is shrunk (Ledoit and Wolf 2004): with fewer vectors than dimensions it would have
    no inverse. Only how far a vector moves depends on it; that nothing covaries any more does not.

    Args:
        vectors: (n, dimension) float.
        labels: (n, n_labels) float: numbers, or 0 and 1 for membership; constants and repetitions do no harm.
        name: what the labels are, in words.
        max_rank: where more directions covary with the labels, only the strongest are removed; None: fewer than
            there are dimensions.

    Raises:
        EncoderError: fewer than two vectors, or as many independent labels as dimensions: nothing would be left.
    """
    from sklearn.covariance import ledoit_wolf

    n, dimension = vectors.shape
    if n < 2:
        raise EncoderError(f"{n} vectors are too few to remove {name} from")
    mean = vectors.mean(axis=0, dtype=np.float64)
    deviation = vectors - mean
    covariance, _ = ledoit_wolf(deviation, assume_centered=True)
    values, axes = np.linalg.eigh(covariance)
    # A data set of one constant has no spread at all, and nothing to remove.
    values = np.maximum(values, np.finfo(np.float64).eps * max(values[-1], np.finfo(np.float64).tiny))
    whiten, colour = (axes * values**power @ axes.T for power in (-0.5, 0.5))
    left, strength, _ = np.linalg.svd(whiten @ _cross_covariance(deviation, labels), full_matrices=False)
    is_kept = strength > RANK_TOLERANCE * max(strength.max(initial=0), np.finfo(np.float64).tiny)
    kept = left[:, is_kept][:, :max_rank]
    if kept.shape[1] >= dimension:
        raise EncoderError(f"{name} are {kept.shape[1]} labels, as many as dimensions: nothing would be left")
    return LinearRemoval(
        name, mean.astype(np.float32), (kept.T @ whiten).astype(np.float32), (kept.T @ colour).astype(np.float32)
    )


def _cross_covariance(deviation: np.ndarray, labels: np.ndarray | csr_array) -> np.ndarray:
    """Covariance (dimension, n_labels) of centred vectors with the labels, each scaled to spread 1."""
    sparse = csr_array(labels, dtype=np.float64)
    n = len(deviation)
    mean = sparse.sum(axis=0) / n
    spread = np.sqrt(np.maximum(sparse.multiply(sparse).sum(axis=0) / n - mean**2, 0))
    varies = spread > np.finfo(np.float64).eps ** 0.5 * np.abs(mean)
    # The deviations sum to 0, so the labels need not be centred.
    shared: np.ndarray = (sparse.T @ deviation)[varies] / (n * spread[varies, None])
    return shared.T


def shortest(numbers: np.ndarray) -> Any:
    """Float32 numbers as nested lists of the shortest decimals that give them back; half the text of ``tolist``."""
    flat = [float(str(number)) for number in numbers.astype(np.float32).ravel()]
    return np.array(flat).reshape(numbers.shape).tolist()
