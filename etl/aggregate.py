"""From the 196 patch vectors of a tile to one vector per method, after a shared post-processing.

Raw patch vectors share a large common mean, which dominates their cosine; so every dimension is first centred
and scaled over the data set (``PostProcessing``), and the aggregates are taken of the standardised patches.
"""

import json
import warnings
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Self

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.errors import EncoderError

N_CLUSTERS = 4
# k-means++ starts per tile, the best of which is taken. On real tiles two seeds agreed on the dominant cluster
# (cosine above 0.95) in 94 % of tiles with 4 starts, 78 % with 1 and 96 % with 10; the time grows with the starts.
N_STARTS = 4

# A dimension that hardly varies is noise: its spread is taken to be at least this share of the median spread ...
STD_FLOOR_SHARE = 1e-3
# ... and at least one step of float16 (the type of stored patch vectors) at the size of its mean.
FLOAT16_STEP = 2.0**-10

# Below this length a vector has no direction, and a cosine with it has no meaning.
MIN_NORM = 1e-6


@dataclass(frozen=True)
class PostProcessing:
    """What is done to every patch vector before aggregation: ``(patch - mean) / std``, 0 where excluded.

    ``mean`` and ``std`` are (dimension,) float32; ``std`` is positive. ``excluded_dimensions`` (from 0, ascending)
    say where rather than what: see etl.spatial_bias.
    """

    method: str
    mean: np.ndarray
    std: np.ndarray
    excluded_dimensions: tuple[int, ...] = ()

    def apply(self, patches: np.ndarray) -> np.ndarray:
        """Standardise patch vectors (..., dimension) of any float type; returns float32."""
        standardised: np.ndarray = (np.asarray(patches, dtype=np.float32) - self.mean) / self.std
        standardised[..., list(self.excluded_dimensions)] = 0
        return standardised

    def to_json(self) -> str:
        """A JSON object from which ``from_json`` gives back the same float32 numbers."""
        excluded = {"excluded_dimensions": self.excluded_dimensions} if self.excluded_dimensions else {}
        return json.dumps({"method": self.method, "mean": self.mean.tolist(), "std": self.std.tolist()} | excluded)

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what ``to_json`` wrote.

        Raises:
            EncoderError: not such an object.
        """
        try:
            values = json.loads(text)
            mean, std = (np.asarray(values[key], dtype=np.float32) for key in ("mean", "std"))
            method = str(values["method"])
            excluded = tuple(int(dimension) for dimension in values.get("excluded_dimensions", ()))
        except (ValueError, KeyError, TypeError) as error:
            raise EncoderError(f"stored post-processing is not readable: {error!r}") from error
        if mean.ndim != 1 or mean.shape != std.shape or not np.isfinite(mean).all() or not (std > 0).all():
            raise EncoderError(f"stored post-processing does not fit: mean {mean.shape}, std {std.shape}")
        if not all(0 <= dimension < len(mean) for dimension in excluded):
            raise EncoderError(f"stored excluded dimensions {excluded} do not fit {len(mean)} dimensions")
        return cls(method, mean, std, excluded)


@dataclass(frozen=True)
class TileVectors:
    """One vector per tile and method: (n, dimension) float32, finite, never of length 0; share (n,) float32.

    ``dominant`` is the mean of the patches in the tile's largest k-means cluster, ``dominant_share`` the share of
    its valid patches in that cluster, in (0, 1]. ``min`` and ``max`` are taken per dimension of standardised
    patches, so they say how far the most extreme patch lies from the data set's mean.
    Not of unit length: search compares by cosine, where length does not count, and a mean over an area weighs
    tiles by how distinct they are.
    """

    mean: np.ndarray
    dominant: np.ndarray
    median: np.ndarray
    min: np.ndarray
    max: np.ndarray
    dominant_share: np.ndarray


def fit_post_processing(blocks: Iterable[np.ndarray]) -> PostProcessing:
    """Mean and standard deviation of every dimension over all valid patches, in one pass.

    Blocks are merged in float64 (Chan, Golub and LeVeque 1983), so the result does not depend on how the patches
    are cut into blocks, beyond the last digits.

    Args:
        blocks: arrays (..., dimension) of valid patch vectors, any float type; empty ones are skipped.

    Raises:
        EncoderError: no patch at all, or a value that is not finite.
    """
    count, mean, squares = 0, np.zeros(0), np.zeros(0)
    for block in blocks:
        patches = block.reshape(-1, block.shape[-1]).astype(np.float64)
        if not len(patches):
            continue
        if not np.isfinite(patches).all():
            raise EncoderError("an embedding holds values that are not finite; embed again from a clean composite")
        block_mean = patches.mean(axis=0)
        block_squares = ((patches - block_mean) ** 2).sum(axis=0)
        if not count:
            count, mean, squares = len(patches), block_mean, block_squares
            continue
        total = count + len(patches)
        step = block_mean - mean
        squares = squares + block_squares + step**2 * (count * len(patches) / total)
        mean = mean + step * (len(patches) / total)
        count = total
    if not count:
        raise EncoderError("no valid patch to fit the post-processing to; embed at least one tile first")
    return PostProcessing("standardised", mean.astype(np.float32), _floored(np.sqrt(squares / count), mean))


def _floored(std: np.ndarray, mean: np.ndarray) -> np.ndarray:
    floor = np.maximum(STD_FLOOR_SHARE * np.median(std), FLOAT16_STEP * np.abs(mean))
    floored = np.maximum(std, floor)
    return np.where(floored > 0, floored, 1.0).astype(np.float32)


def aggregate(patches: np.ndarray, valid: np.ndarray, k: int = N_CLUSTERS, seed: int = 0) -> TileVectors:
    """One vector per tile and method, over the valid patches of each tile.

    Args:
        patches: (n, n_patches, dimension) float, post-processed; finite where ``valid``.
        valid: (n, n_patches) bool; at least one true per tile.
        k: clusters for the dominant one; fewer where a tile has fewer valid patches.
        seed: fixes the k-means start; equal input gives equal output, whatever the other tiles are.

    Raises:
        EncoderError: a tile without a valid patch, or values that are not finite.
        ValueError: shapes that do not fit each other, or ``k`` below 1.
    """
    if patches.ndim != 3 or valid.shape != patches.shape[:2] or k < 1:
        raise ValueError(f"patches {patches.shape}, valid {valid.shape}, k {k} do not fit")
    n_tiles, _, dimension = patches.shape
    vectors = {
        name: np.empty((n_tiles, dimension), np.float32) for name in ("mean", "dominant", "median", "min", "max")
    }
    share = np.empty(n_tiles, np.float32)
    import sklearn.cluster  # noqa: F401 - its libraries must be loaded before they can be limited

    # More threads gain nothing on so small a problem, and on a busy machine they wait for each other.
    with threadpool_limits(1):
        for i in range(n_tiles):
            rows = patches[i][valid[i]].astype(np.float32, copy=False)
            if not len(rows) or not np.isfinite(rows).all():
                raise EncoderError(f"tile {i} of the batch has no valid patch or values that are not finite")
            vectors["mean"][i] = rows.mean(axis=0, dtype=np.float64)
            vectors["median"][i] = _median(rows)
            vectors["min"][i] = rows.min(axis=0)
            vectors["max"][i] = rows.max(axis=0)
            members = dominant_patches(rows, k, seed)
            vectors["dominant"][i] = rows[members].mean(axis=0, dtype=np.float64)
            share[i] = members.mean()
    return TileVectors(**{name: _with_direction(v) for name, v in vectors.items()}, dominant_share=share)


def dominant_patches(rows: np.ndarray, k: int, seed: int) -> np.ndarray:
    """Which patches belong to the largest k-means cluster; a tie goes to the lowest label.

    Args:
        rows: (n, dimension) float32, n >= 1.
        k: clusters; n where that is less.
        seed: fixes the k-means start.

    Returns:
        (n,) bool.
    """
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    kmeans = KMeans(n_clusters=min(k, len(rows)), n_init=N_STARTS, random_state=seed)
    with warnings.catch_warnings():
        # Fewer distinct patches than clusters (open sea, desert) is no fault: the labels are right then too.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = kmeans.fit(rows).labels_
    dominant: np.ndarray = labels == np.bincount(labels).argmax()
    return dominant


def _median(rows: np.ndarray) -> np.ndarray:
    # Sorting contiguous float32 is vectorised: 8 times as fast here as numpy.median along the first axis.
    ordered = np.ascontiguousarray(rows.T)
    ordered.sort(axis=1)
    n = len(rows)
    median: np.ndarray = (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    return median


def _with_direction(vectors: np.ndarray) -> np.ndarray:
    """Replace vectors of length 0 (a tile exactly as the data set's mean) by the diagonal's unit vector.

    Cosine distance with a zero vector is NaN in pgvector, and such a row would be lost from every index.
    """
    length = np.linalg.norm(vectors, axis=1)
    vectors[length < MIN_NORM] = np.float32(vectors.shape[1] ** -0.5)
    return vectors
