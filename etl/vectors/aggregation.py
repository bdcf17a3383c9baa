"""From the 196 post-processed patch vectors of a tile (etl.vectors.post_processing) to one vector per method."""

from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.errors import EncoderError
from etl.vectors.kmeans import choose_k, gram_matrix

VERSION = 3
"""Of what this module makes; a higher one makes the stages aggregate and load run again."""
CLUSTERS = (3, 4)
"""Numbers of clusters that are tried for the dominant one; etl.vectors.kmeans.choose_k says which is taken: on 35 real tiles
almost always 3."""
# k-means++ starts per tile and k, the best of which is taken. On these tiles two seeds agreed on the dominant cluster
# (cosine above 0.95) in 98 % of tiles with mosaiks and all with (random) TerraMind, for either k; with 4 clusters and
# 4 starts, as it was before, in 93 and 97 %.
N_STARTS = 10

# Below this length a vector has no direction, and a cosine with it has no meaning.
MIN_NORM = 1e-6


@dataclass(frozen=True)
class TileVectors:
    """One vector per tile and method: (n, dimension) float32, finite, never of length 0; share (n,) float32.

    ``dominant`` is the mean of the patches in the tile's largest k-means cluster, ``dominant_patches`` (n, n_patches)
    bool says which these are (never one that is not valid), ``dominant_share`` their share of the valid patches, in
    (0, 1]. ``min`` and ``max`` are taken per dimension of standardised
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
    dominant_patches: np.ndarray


def aggregate(
    patches: np.ndarray, valid: np.ndarray, clusters: tuple[int, ...] = CLUSTERS, seed: int = 0
) -> TileVectors:
    """One vector per tile and method, over the valid patches of each tile.

    Args:
        patches: (n, n_patches, dimension) float, post-processed; finite where ``valid``.
        valid: (n, n_patches) bool; at least one true per tile.
        clusters: the k to choose from for the dominant one; fewer where a tile has fewer valid patches.
        seed: fixes the k-means starts; equal input gives equal output, whatever the other tiles are.

    Raises:
        EncoderError: a tile without a valid patch, or values that are not finite.
        ValueError: shapes that do not fit each other, or a k below 1.
    """
    if patches.ndim != 3 or valid.shape != patches.shape[:2] or min(clusters) < 1:
        raise ValueError(f"patches {patches.shape}, valid {valid.shape}, clusters {clusters} do not fit")
    n_tiles, _, dimension = patches.shape
    vectors = {
        name: np.empty((n_tiles, dimension), np.float32) for name in ("mean", "dominant", "median", "min", "max")
    }
    share = np.empty(n_tiles, np.float32)
    mask = np.zeros(valid.shape, bool)
    # More threads gain nothing on so small a problem, and on a busy machine they wait for each other.
    with threadpool_limits(1, user_api="blas"):
        for i in range(n_tiles):
            rows = patches[i][valid[i]].astype(np.float32, copy=False)
            if not len(rows) or not np.isfinite(rows).all():
                raise EncoderError(f"tile {i} of the batch has no valid patch or values that are not finite")
            vectors["mean"][i] = rows.mean(axis=0, dtype=np.float64)
            vectors["median"][i] = _median(rows)
            vectors["min"][i] = rows.min(axis=0)
            vectors["max"][i] = rows.max(axis=0)
            members = dominant_patches(rows, clusters, seed)
            vectors["dominant"][i] = rows[members].mean(axis=0, dtype=np.float64)
            share[i] = members.mean()
            mask[i, valid[i]] = members
    directed = {name: _with_direction(v) for name, v in vectors.items()}
    return TileVectors(**directed, dominant_share=share, dominant_patches=mask)


def dominant_patches(rows: np.ndarray, clusters: tuple[int, ...] = CLUSTERS, seed: int = 0) -> np.ndarray:
    """Which patches belong to the largest k-means cluster; among equals, to the one with the first patch.

    Args:
        rows: (n, dimension) float32, n >= 1.
        clusters: the k to choose from.
        seed: fixes the k-means starts.

    Returns:
        (n,) bool.
    """
    labels = choose_k(gram_matrix(rows), clusters, N_STARTS, seed).labels
    size = np.bincount(labels)
    dominant: np.ndarray = labels == labels[(size[labels] == size.max()).argmax()]
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
