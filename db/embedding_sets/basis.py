"""Principal components that shorten unit vectors to keys."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

KEY_DIMENSION = 192
"""Keys of 192 numbers keep 99.6 % of the squared length of 768-d tile vectors (docs/performance.md)."""
CHUNK = 16_384
"""Rows in float64 or as unit vectors at a time: 100 MB of 768-d vectors."""


@dataclass(frozen=True)
class Basis:
    """Principal components of unit vectors.

    Attributes:
        components: (key dimension, dimension) float32, orthonormal rows, the strongest first.
        kept_share: share (0..1) of the squared length of the vectors that their keys keep.
    """

    components: np.ndarray
    kept_share: float


def fit_basis(sample: np.ndarray) -> Basis:
    """Return the principal components of a sample, fitted to the vectors divided by their length.

    They are not centred: the inner product of two keys approximates the cosine of the two vectors, which a shift of
    the origin would change.

    Args:
        sample: (n, dimension) float, finite; rows of length 0 have no influence.

    Raises:
        ValueError: every row has length 0, or the sample has no rows.
    """
    moment = np.zeros((sample.shape[1], sample.shape[1]))
    for rows in _chunks(len(sample)):
        chunk = unit_vectors(sample[rows]).astype(np.float64)
        moment += chunk.T @ chunk
    total = np.trace(moment)
    if total == 0:
        raise ValueError(f"none of the {len(sample)} vectors has a direction; components need at least one")
    with threadpool_limits(1):  # threads take four times as long to decompose so small a matrix
        strength, directions = np.linalg.eigh(moment)
    components = directions.T[::-1][:KEY_DIMENSION]
    # The sign of an eigenvector is arbitrary: its largest number is made positive, so that equal samples give equal
    # components on every machine.
    largest = np.take_along_axis(components, np.abs(components).argmax(axis=1)[:, None], axis=1)
    kept_share = strength[::-1][:KEY_DIMENSION].sum() / total
    return Basis((components * np.sign(largest)).astype(np.float32), float(np.clip(kept_share, 0, 1)))


def keys_of(components: np.ndarray | None, vectors: np.ndarray) -> np.ndarray:
    """Return the keys of vectors: their inner products with the components, scaled to unit length.

    Args:
        components: (key dimension, dimension) float32; None if keys are the vectors, scaled to unit length.
        vectors: (n, dimension) float.

    Returns:
        (n, key dimension) float32. A vector of length 0 has a key of zeros.
    """
    if components is None:
        return unit_vectors(vectors)
    keys = np.empty((len(vectors), len(components)), np.float32)
    for rows in _chunks(len(vectors)):
        keys[rows] = unit_vectors(unit_vectors(vectors[rows]) @ components.T)
    return keys


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Return rows (n, d) scaled to length 1 as float32; rows of length 0 stay as they are."""
    vectors = np.asarray(vectors, np.float32)
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = np.divide(vectors, length, out=np.zeros_like(vectors), where=length > 0)
    return unit


def _chunks(n: int) -> Iterator[slice]:
    return (slice(begin, begin + CHUNK) for begin in range(0, n, CHUNK))
