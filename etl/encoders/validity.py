"""Which pixels have data, and how many of them a tile or a patch needs."""

import numpy as np

from etl.cities.grid import PATCH_PX, PATCHES_PER_SIDE, PATCHES_PER_TILE

MIN_TILE_VALID_SHARE = 0.5
"""Tiles with a lower share of valid pixels are not embedded unless an option allows it: the vector would describe a
small part of the tile."""
MIN_PATCH_VALID_SHARE = 0.5
"""Patches with a lower share of valid pixels are ignored: the vector would describe the fill value of nodata."""


def valid_pixels(chips: np.ndarray) -> np.ndarray:
    """Return a mask of the pixels with data, those where no band is 0.

    Args:
        chips: (..., 12, height, width) uint16.

    Returns:
        (..., height, width) bool.
    """
    valid: np.ndarray = (chips != 0).all(axis=-3)
    return valid


def patch_valid_share(chips: np.ndarray) -> np.ndarray:
    """Return the share (0..1) of valid pixels in each patch: (n, 12, 224, 224) -> (n, 196) float32."""
    side = PATCHES_PER_SIDE
    valid = valid_pixels(chips).reshape(-1, side, PATCH_PX, side, PATCH_PX)
    share: np.ndarray = valid.mean(axis=(2, 4), dtype=np.float32).reshape(-1, PATCHES_PER_TILE)
    return share
