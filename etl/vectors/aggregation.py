"""Aggregation: from the 196 post-processed patch vectors of a tile to one vector per aggregation."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.errors import EmbeddingError
from etl.vectors.kmeans import choose_k, gram_matrix
from etl.vectors.texture import Texture, mean_std, patch_std

AGGREGATIONS = ("mean", "dominant", "median", "min", "max", "std")
"""The ways to aggregate patch vectors; each is an attribute of ``TileVectors``."""
MEAN_STD = "mean_std"
METHODS = (*AGGREGATIONS, MEAN_STD)
"""The vectors that a search can compare: the aggregations, and mean and std side by side."""
VERSION = 4
"""Version of the algorithm; incrementing it makes the stages aggregate and load run again."""
CLUSTERS = (3, 4)
"""Candidate numbers of clusters; etl.vectors.kmeans.choose_k chooses, on 35 real tiles almost always 3."""
# k-means++ starts per tile and k. With 10, two seeds agree on the dominant cluster (cosine above 0.95) in 98 % of the
# 35 tiles with mosaiks and in all with (random) TerraMind, for either k; with 4 clusters and 4 starts, in 93 and 97 %.
N_STARTS = 10

# A shorter vector has no direction, and its cosine with others is meaningless.
MIN_NORM = 1e-6


@dataclass(frozen=True)
class TileVectors:
    """One vector per tile and aggregation: (n, dimension) float32, finite, never of length 0.

    The vectors do not have unit length: search compares by cosine, which ignores length, and a mean over an area
    weights tiles by how distinct they are.

    Attributes:
        mean: mean of the valid patches.
        dominant: mean of the patches in the largest k-means cluster of the tile.
        median: median of the valid patches, per dimension.
        min: minimum per dimension; of standardised patches, how far the lowest lies below the data set's mean.
        max: maximum per dimension.
        std: standard deviation per dimension, standardised over tiles; of a tile with one valid patch, it is unknown,
            and the vector is that of all vectors of length 0.
        dominant_share: (n,) float32 in (0, 1], share of the valid patches that belong to the dominant cluster.
        dominant_patches: (n, n_patches) bool, the patches of the dominant cluster; only valid ones.
    """

    mean: np.ndarray
    dominant: np.ndarray
    median: np.ndarray
    min: np.ndarray
    max: np.ndarray
    std: np.ndarray
    dominant_share: np.ndarray
    dominant_patches: np.ndarray

    def by_method(self) -> dict[str, np.ndarray]:
        """Return the vectors by name of METHODS: (n, dimension) float32, for ``mean_std`` (n, 2 x dimension)."""
        return {name: getattr(self, name) for name in AGGREGATIONS} | {MEAN_STD: mean_std(self.mean, self.std)}


def aggregate(
    patches: np.ndarray,
    valid: np.ndarray,
    texture: Texture | None = None,
    clusters: tuple[int, ...] = CLUSTERS,
    seed: int = 0,
) -> TileVectors:
    """Return one vector per tile and aggregation, over the valid patches of each tile.

    Args:
        patches: (n, n_patches, dimension) float, post-processed; finite where ``valid``.
        valid: (n, n_patches) bool; at least one true per tile.
        texture: standardises ``std``; None leaves it as it is.
        clusters: candidate numbers of clusters; a tile with fewer valid patches has fewer clusters.
        seed: fixes the k-means starts; equal tiles give equal vectors, whatever else is in the batch.

    Raises:
        EmbeddingError: a tile has no valid patch, or values that are not finite.
        ValueError: shapes do not match, or a number of clusters is below 1.
    """
    if patches.ndim != 3 or valid.shape != patches.shape[:2] or min(clusters) < 1:
        raise ValueError(f"patches {patches.shape}, valid {valid.shape}, clusters {clusters} do not match")
    n_tiles, _, dimension = patches.shape
    vectors = {name: np.empty((n_tiles, dimension), np.float32) for name in AGGREGATIONS}
    texture = texture or Texture(np.zeros(dimension, np.float32), np.ones(dimension, np.float32))
    share = np.empty(n_tiles, np.float32)
    mask = np.zeros(valid.shape, bool)
    # The matrices are too small for more BLAS threads to pay; on a busy machine they would only wait for each other.
    with threadpool_limits(1, user_api="blas"):
        for i in range(n_tiles):
            rows = patches[i][valid[i]].astype(np.float32, copy=False)
            if not len(rows) or not np.isfinite(rows).all():
                raise EmbeddingError(
                    f"tile {i} of the batch has no valid patch, or values that are not finite; embed it again"
                )
            vectors["mean"][i] = rows.mean(axis=0, dtype=np.float64)
            vectors["median"][i] = _median(rows)
            vectors["min"][i] = rows.min(axis=0)
            vectors["max"][i] = rows.max(axis=0)
            vectors["std"][i] = texture.apply(patch_std(rows))
            members = dominant_patches(rows, clusters, seed)
            vectors["dominant"][i] = rows[members].mean(axis=0, dtype=np.float64)
            share[i] = members.mean()
            mask[i, valid[i]] = members
    directed = {name: _with_direction(v) for name, v in vectors.items()}
    return TileVectors(**directed, dominant_share=share, dominant_patches=mask)


def dominant_patches(rows: np.ndarray, clusters: tuple[int, ...] = CLUSTERS, seed: int = 0) -> np.ndarray:
    """Return a mask of the patches in the largest k-means cluster; a tie goes to the cluster of the first patch.

    Args:
        rows: (n, dimension) float32, n >= 1.
        clusters: candidate numbers of clusters.
        seed: fixes the k-means starts.

    Returns:
        (n,) bool.
    """
    labels = choose_k(gram_matrix(rows), clusters, N_STARTS, seed).labels
    size = np.bincount(labels)
    dominant: np.ndarray = labels == labels[(size[labels] == size.max()).argmax()]
    return dominant


def _median(rows: np.ndarray) -> np.ndarray:
    # Sorting contiguous float32 is vectorised: 8 times as fast as numpy.median along the first axis.
    ordered = np.ascontiguousarray(rows.T)
    ordered.sort(axis=1)
    n = len(rows)
    median: np.ndarray = (ordered[:, (n - 1) // 2] + ordered[:, n // 2]) / 2
    return median


def _with_direction(vectors: np.ndarray) -> np.ndarray:
    """Replace vectors of length 0 (tiles equal to the data set's mean) by the unit vector along the diagonal.

    In pgvector, the cosine distance to a zero vector is NaN, and indexes omit such rows.
    """
    length = np.linalg.norm(vectors, axis=1)
    vectors[length < MIN_NORM] = np.float32(vectors.shape[1] ** -0.5)
    return vectors
