"""Ground that the scene classification calls cloud on every date, such as bright roofs: arrays in, arrays out."""

from dataclasses import dataclass

import numpy as np
from scipy.ndimage import label

from etl.imagery.cloud_mask import CLOUD_CLASSES, near
from etl.imagery.sentinel2 import NODATA

MAX_PATCH_M2 = 10_000
"""A larger patch is no roof."""
MIN_DATES, MIN_CLOUD_SHARE = 4, 0.8
FEW_DATES = 2
"""On a single date nothing recurs."""
MAX_VARIATION = 0.35
"""Largest coefficient of variation over the dates (median over the patch, mean of B02, B03 and B04) of ground: the 90th
percentile of the pixels that are built-up ground (NDVI below 0.3) in all ten monthly composites of
``timeseries/worldcereal-monthly`` is 0.31 to 0.35. Clouds at one place differ by more."""
VISIBLE = slice(1, 4)
"""B02, B03 and B04 in the order of BANDS."""
EIGHT_NEIGHBOURS = np.ones((3, 3), bool)


@dataclass(frozen=True)
class Patches:
    """Patches of at most 1 ha that are "cloud" on nearly all dates on which their surroundings are clear.

    Attributes:
        labels: (y, x) int32, number of the patch from 1; 0 is none.
        n_dates: (number of patches + 1,) int, dates on which the surroundings of the patch are clear.
        is_open: (time, y, x) bool, whether a pixel has data and no larger cloud is near.
    """

    labels: np.ndarray
    n_dates: np.ndarray
    is_open: np.ndarray

    @property
    def is_recurring(self) -> np.ndarray:
        """(y, x) bool: pixels of all patches, which are not dilated."""
        recurring: np.ndarray = self.labels > 0
        return recurring

    def inside(self, part: slice) -> "Patches":
        """Return the same of a part of the rows and columns; the patches keep their numbers."""
        return Patches(self.labels[part, part], self.n_dates, self.is_open[:, part, part])


def find_patches(scl: np.ndarray, resolution_m: float) -> Patches:
    """Find the patches that recur over the dates.

    Args:
        scl: (time, y, x) uint8 scene classes; 0 is nodata.
        resolution_m: pixel size in metres.
    """
    max_px = MAX_PATCH_M2 / resolution_m**2
    is_cloud = np.isin(scl, CLOUD_CLASSES)
    is_small = np.stack([_small(cloud, max_px) for cloud in is_cloud])
    if (is_small.sum(axis=0) < FEW_DATES).all():  # distances take most of the time
        return Patches(np.zeros(scl.shape[1:], np.int32), np.array([len(scl)]), scl != NODATA)
    is_open = (scl != NODATA) & ~np.stack([near(large, resolution_m) for large in is_cloud & ~is_small])
    n_dates = is_open.sum(axis=0)
    n_cloud = (is_open & is_small).sum(axis=0)
    recurs = (n_dates >= FEW_DATES) & (n_cloud >= MIN_CLOUD_SHARE * n_dates)
    labels, _ = label(_small(recurs, max_px), EIGHT_NEIGHBOURS)
    fewest = np.full(labels.max() + 1, len(scl))
    np.minimum.at(fewest, labels, n_dates)
    return Patches(labels, fewest, is_open)


def ground_of(patches: Patches, dn: np.ndarray) -> np.ndarray:
    """Return the pixels of the patches that are ground: seen on enough dates, and as constant as built-up ground.

    Args:
        patches: from ``find_patches``.
        dn: (time, band, y, x) uint16 in the order of BANDS; 0 is nodata.

    Returns:
        (y, x) bool.
    """
    is_ground = np.zeros(len(patches.n_dates), bool)
    for number in np.flatnonzero(patches.n_dates >= MIN_DATES):
        rows, columns = np.nonzero(patches.labels == number)
        used = patches.is_open[:, rows, columns] & (dn[:, VISIBLE, rows, columns] != NODATA).all(axis=1)
        if number and len(rows) and used.sum(axis=0).min() >= MIN_DATES:
            is_ground[number] = _variation(dn[:, VISIBLE, rows, columns], used) <= MAX_VARIATION
    found: np.ndarray = is_ground[patches.labels]
    return found


def _variation(dn: np.ndarray, used: np.ndarray) -> float:
    """Return the median over pixels of the coefficient of variation over dates; dn is (time, band, pixel)."""
    values = np.where(used[:, None], dn.astype(np.float64), np.nan)
    return float(np.median((np.nanstd(values, axis=0) / np.nanmean(values, axis=0)).mean(axis=0)))


def _small(mask: np.ndarray, max_px: float) -> np.ndarray:
    """Return the parts of a mask (y, x) of at most so many pixels that do not touch the edge, where they may go on."""
    labels, _ = label(mask, EIGHT_NEIGHBOURS)
    is_small = np.bincount(labels.ravel()) <= max_px
    is_small[[0, *labels[[0, -1]].ravel(), *labels[:, [0, -1]].ravel()]] = False
    small: np.ndarray = is_small[labels]
    return small
