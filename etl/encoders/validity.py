"""Valid pixels: which have data, and how many of them a tile or a patch needs."""

import numpy as np

from etl.cities.grid import PATCH_PX, PATCHES_PER_SIDE, PATCHES_PER_TILE

MIN_TILE_VALID_SHARE = 0.5
"""A tile with fewer valid pixels is not embedded: its vector would describe clouds rather than the place."""
MIN_PATCH_VALID_SHARE = 0.5
"""A patch with fewer valid pixels is ignored: its vector would describe what stands in for nodata."""


def valid_pixels(chips: np.ndarray) -> np.ndarray:
    """Which pixels have data: all 12 bands differ from 0.

    Args:
        chips: (..., 12, height, width) uint16.

    Returns:
        (..., height, width) bool.
    """
    valid: np.ndarray = (chips != 0).all(axis=-3)
    return valid


def patch_valid_share(chips: np.ndarray) -> np.ndarray:
    """(n, 12, 224, 224) -> (n, 196) float32: share of each patch's pixels with data in all bands."""
    side = PATCHES_PER_SIDE
    valid = valid_pixels(chips).reshape(-1, side, PATCH_PX, side, PATCH_PX)
    share: np.ndarray = valid.mean(axis=(2, 4), dtype=np.float32).reshape(-1, PATCHES_PER_TILE)
    return share
