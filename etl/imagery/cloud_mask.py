"""Clear pixels of an observation, and the median over the clear observations: arrays in, arrays out."""

import numpy as np
from scipy.ndimage import distance_transform_edt

from etl.imagery.sentinel2 import NODATA

CLEAR_CLASSES = (2, 4, 5, 6, 7, 11)
"""SCL values that show the ground: dark (2: often the shade of buildings and hills), vegetation, bare, water,
unclassified, snow. Excluded: 0 nodata, 1 defective, 3 cloud shadow, 8 and 9 cloud, 10 cirrus."""
CLOUD_CLASSES = (3, 8, 9, 10)
DILATION_M = 100
"""Distance by which clouds and shadows are dilated: the 60 m bands are resampled bilinearly, so a cloudy pixel changes
values up to 90 m away."""
MAX_DN = 20_000
"""Largest DN of a surface: reflectance 2.0. Snow, metal and glass reach 1.6; a saturated pixel is 65535 (Sentinel-2
Products Specification Document)."""
DEFECTIVE_CLASS = 1
"""SCL value of saturated and defective pixels."""
UNUSED = np.iinfo(np.uint16).max
FEW_OBSERVATIONS = 16
"""Up to this number, comparing whole planes with each other sorts faster than ``np.sort``."""


def clear_pixels(scl: np.ndarray, resolution_m: float, recurring: np.ndarray | None = None) -> np.ndarray:
    """Return which pixels show the ground and are farther than DILATION_M from cloud and shadow.

    Args:
        scl: (y, x) uint8 scene classes.
        resolution_m: pixel size in metres.
        recurring: (y, x) bool: pixels that are not dilated, from ``etl.imagery.bright_ground``.

    Returns:
        (y, x) bool.
    """
    is_cloud = np.isin(scl, CLOUD_CLASSES)
    dilated = is_cloud if recurring is None else is_cloud & ~recurring
    is_clear: np.ndarray = np.isin(scl, CLEAR_CLASSES) & ~near(dilated, resolution_m)
    return is_clear


def near(mask: np.ndarray, resolution_m: float) -> np.ndarray:
    """Return the pixels (y, x) bool within DILATION_M of a mask."""
    if not mask.any():
        return mask
    is_near: np.ndarray = distance_transform_edt(~mask) * resolution_m <= DILATION_M
    return is_near


def is_possible(dn: np.ndarray, offset_dn: int = 0) -> np.ndarray:
    """Return where DN (uint16) of any shape are neither saturated nor impossible, once the offset is added."""
    possible: np.ndarray = dn <= MAX_DN - offset_dn
    return possible


def with_dark_data(dn: np.ndarray) -> np.ndarray:
    """Return DN (band, y, x) uint16 in which 0 stands for nodata in all bands: where one has data, 0 becomes 1.

    Some catalogues subtract the offset and clip at 0, the value of nodata: water is 0 in the infrared there.
    """
    has_data = (dn != NODATA).any(axis=0)
    return np.where(has_data & (dn == NODATA), np.uint16(1), dn)


def without_offset(dn: np.ndarray, offset_dn: int) -> np.ndarray:
    """Return DN (uint16) plus an offset <= 0; nodata stays 0, and data neither become 0 nor wrap around."""
    if offset_dn == 0:
        return dn
    shifted = (dn.astype(np.int32) + offset_dn).clip(1, UNUSED).astype(np.uint16)
    return np.where(dn != NODATA, shifted, np.uint16(NODATA))


def median_of_clear(dn: np.ndarray, clear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the median over the clear observations of each pixel.

    An observation does not count where any band is nodata or impossible. For an even count the median is the mean of
    the middle two, rounded half to even.

    Args:
        dn: (time, band, y, x) uint16, 0 is nodata.
        clear: (time, y, x) bool.

    Returns:
        Median (band, y, x) uint16, 0 where no observation is clear; number of clear observations (y, x) uint8, 255
        for 255 or more.
    """
    used = clear & ((dn != NODATA) & is_possible(dn)).all(axis=1)
    n = used.sum(axis=0)
    middle = np.stack([np.maximum(n - 1, 0) // 2, n // 2]).clip(max=len(dn) - 1)
    median = np.zeros(dn.shape[1:], np.uint16)
    for band in range(dn.shape[1]):  # one at a time: a copy of all observations and bands is large
        ordered = _sorted(np.where(used, dn[:, band], UNUSED))
        pair = np.take_along_axis(ordered, middle, axis=0)
        median[band] = np.where(n > 0, np.rint(pair.mean(axis=0, dtype=np.float32)), NODATA)
    return median, np.minimum(n, 255).astype(np.uint8)


def _sorted(values: np.ndarray) -> np.ndarray:
    """Return values (time, y, x) sorted along time; few observations by odd-even transposition, in place."""
    n = len(values)
    if n > FEW_OBSERVATIONS:
        return np.sort(values, axis=0)
    for step in range(n):
        for i in range(step % 2, n - 1, 2):
            lower = np.minimum(values[i], values[i + 1])
            np.maximum(values[i], values[i + 1], out=values[i + 1])
            values[i] = lower
    return values
