"""Perturbations of pixels (gain and shift), and the baseline of band statistics."""

import numpy as np

from etl.cities.grid import TILE_PX
from etl.encoders.validity import valid_pixels
from etl.imagery.sentinel2 import NODATA

GAINS = (0.8, 1.2)
SHIFT_PX = 20
MAX_DN = 65_535


def with_gain(chips: np.ndarray, gain: float) -> np.ndarray:
    """Return reflectance (..., height, width) uint16 times a gain, clipped to 1..65535; nodata stays 0."""
    changed = np.clip(np.rint(chips.astype(np.float32) * gain), 1, MAX_DN).astype(np.uint16)
    return np.where(chips == NODATA, np.uint16(NODATA), changed)


def shift_inwards(first: int, size: int) -> int | None:
    """Return the offset (+-SHIFT_PX) by which a tile can be shifted along one axis within its city's image.

    Args:
        first: the tile's first pixel along the axis.
        size: length of the image along the axis, pixels.

    Returns:
        An offset towards the middle of the image; None if the image is only one tile wide.
    """
    if size < TILE_PX + SHIFT_PX:
        return None
    return SHIFT_PX if first + TILE_PX + SHIFT_PX <= size and first + TILE_PX / 2 <= size / 2 else -SHIFT_PX


def band_statistics(chips: np.ndarray) -> np.ndarray:
    """Return the baseline: mean and standard deviation of each band over the valid pixels of a tile.

    Args:
        chips: (n, 12, height, width) uint16, 0 is nodata; each chip has a valid pixel.

    Returns:
        (n, 24) float32: 12 means, then 12 standard deviations.
    """
    rows = []
    for chip, valid in zip(chips, valid_pixels(chips), strict=True):
        pixels = chip[:, valid].astype(np.float64)
        rows.append(np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)]))
    return np.array(rows, np.float32).reshape(len(chips), 2 * chips.shape[1])
