"""Block vectors: the mean of the post-processed patches of each 2 x 2 (320 m)."""

from dataclasses import dataclass

import numpy as np

from etl.cities.blocks import BLOCKS_PER_SIDE, BLOCKS_PER_TILE, PATCHES_PER_BLOCK_SIDE
from etl.vectors.post_processing import PostProcessing

VERSION = 1
"""Version of the algorithm; incrementing it makes the stages blocks and load run again."""
MIN_BLOCK_VALID_SHARE = 0.75
"""Blocks with a lower share of valid pixels have no vector. At least three of their patches are then valid, because a
patch with less than half of its pixels is not."""


@dataclass(frozen=True)
class BlockVectors:
    """The blocks of a batch of tiles that have a vector, tile by tile, row by row from the north-west.

    Attributes:
        tile: (n,) int, row of the tile in the batch.
        number: (n,) int, 0 to 48, the block's number in its tile.
        valid_share: (n,) float32, share of the block's pixels that are valid.
        embedding: (n, dimension) float32.
    """

    tile: np.ndarray
    number: np.ndarray
    valid_share: np.ndarray
    embedding: np.ndarray


def block_vectors(
    patches: np.ndarray, is_valid: np.ndarray, patch_valid_share: np.ndarray, processing: PostProcessing
) -> BlockVectors:
    """Return the post-processed mean of the valid patches of each block with MIN_BLOCK_VALID_SHARE of valid pixels.

    Args:
        patches: (n, 196, dimension) of any float type, before post-processing; finite where valid.
        is_valid: (n, 196) bool, the patches that count.
        patch_valid_share: (n, 196) float, share of valid pixels in each patch.
        processing: applied to the means, which are fewer than the patches: it is affine. Its block positions, if it has
            any, are subtracted.
    """
    share = by_block(patch_valid_share).mean(axis=2, dtype=np.float32)
    tile, number = np.nonzero(share >= MIN_BLOCK_VALID_SHARE)
    valid = by_block(is_valid)[tile, number]
    rows = np.where(valid[..., None], by_block(patches)[tile, number], 0).astype(np.float32)
    means = rows.sum(axis=1) / valid.sum(axis=1, keepdims=True, dtype=np.float32)
    vectors = processing.apply(means)
    if processing.block_positions is not None:
        vectors = processing.block_positions.apply(vectors, number)
    return BlockVectors(tile, number, share[tile, number], vectors)


def by_block(values: np.ndarray) -> np.ndarray:
    """Return values of patches (n, 196, ...) by block: (n, 49, 4, ...)."""
    side = (BLOCKS_PER_SIDE, PATCHES_PER_BLOCK_SIDE)
    parts = values.reshape(len(values), *side, *side, *values.shape[2:]).swapaxes(2, 3)
    return parts.reshape(len(values), BLOCKS_PER_TILE, PATCHES_PER_BLOCK_SIDE**2, *values.shape[2:])
