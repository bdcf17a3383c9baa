"""Changed pixels: the same place a little brighter, darker or cut elsewhere; and the baseline made of pixels alone."""

import numpy as np

from etl.cities.grid import TILE_PX
from etl.encoders.validity import valid_pixels
from etl.imagery.sentinel2 import NODATA

GAINS = (0.8, 1.2)
SHIFT_PX = 20
HIGHEST_DN = 65_535


def with_gain(chips: np.ndarray, gain: float) -> np.ndarray:
    """Reflectance (..., height, width) uint16 times a gain; nodata stays 0, and data never become 0 nor wrap around."""
    changed = np.clip(np.rint(chips.astype(np.float32) * gain), 1, HIGHEST_DN).astype(np.uint16)
    return np.where(chips == NODATA, np.uint16(NODATA), changed)


def shift_inwards(first: int, size: int) -> int | None:
    """How far (pixels, SHIFT_PX either way) a tile may be moved along one side of its city's image.

    Args:
        first: the tile's first pixel along that side.
        size: pixels of the image along it.

    Returns:
        Towards the middle; None where the image is but one tile wide.
    """
    if size < TILE_PX + SHIFT_PX:
        return None
    return SHIFT_PX if first + TILE_PX + SHIFT_PX <= size and first + TILE_PX / 2 <= size / 2 else -SHIFT_PX


def band_statistics(chips: np.ndarray) -> np.ndarray:
    """The baseline: mean and standard deviation of each band over a tile's valid pixels.

    Args:
        chips: (n, 12, height, width) uint16, 0 is nodata; each with a valid pixel.

    Returns:
        (n, 24) float32: 12 means, then 12 standard deviations.
    """
    rows = []
    for chip, valid in zip(chips, valid_pixels(chips), strict=True):
        pixels = chip[:, valid].astype(np.float64)
        rows.append(np.concatenate([pixels.mean(axis=1), pixels.std(axis=1)]))
    return np.array(rows, np.float32).reshape(len(chips), -1)
