"""The mean of each tile's valid patches."""

import numpy as np


def tile_means(embedding: np.ndarray, is_valid: np.ndarray) -> np.ndarray:
    """Return the mean over the valid patches of each tile.

    Args:
        embedding: (n, n_patches, dimension), of any float type.
        is_valid: (n, n_patches) bool.

    Returns:
        (n, dimension) float32; zeros for a tile without a valid patch.
    """
    weights = is_valid / np.maximum(is_valid.sum(axis=1, keepdims=True), 1)
    means: np.ndarray = (weights[:, None].astype(np.float32) @ embedding.astype(np.float32))[:, 0]
    return means
