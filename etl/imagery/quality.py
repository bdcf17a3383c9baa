"""Checking a scene's metadata against its pixels: whether 1000 is added to every DN, and whether the mask misses cloud.

Both checks use six bands (``BANDS_CHECKED``) at coarse resolution. All thresholds were measured on 35 real chips and
two real scenes; tests/real/test_scene_checks.py verifies them.
"""

from dataclasses import dataclass

import numpy as np

from etl.imagery.sentinel2 import BOA_OFFSET, NODATA, OFFSET_BASELINE

BANDS_CHECKED = ("B01", "B02", "B03", "B04", "B11", "B12")
"""Every ground cover is dark in one of them: water in B11 and B12, vegetation and shade in B01, B02 and B04, bare
ground in B01."""

DARK_PERCENTILE = 0.5
MIN_PIXELS = 200
"""Fewer valid pixels are not enough for a decision."""
NOT_SHIFTED_DN = 700
"""No scene with 1000 added is darker in any band (lowest measured: 987); those without it are (highest: 434)."""
SHIFTED_DN = (900, 1300)
N_SHIFTED_BANDS = 3
"""A scene with 1000 added has its darkest percentile in this range in at least three bands, and no band below it. A
desert without the offset may have one such band, the blue, but not three: it is much brighter towards the red."""

HIDDEN_PERCENTILE = 2
HIDDEN_REFLECTANCE = 0.08
HIDDEN_RED_TO_COASTAL = 1.05
"""Under a closed cloud deck even the darkest pixels are bright in the coastal band (B01) and in the short-wave infrared
(B11, where snow and water are dark), and not redder than they are blue (as sand, soil and roofs are)."""


@dataclass(frozen=True)
class OffsetDecision:
    """The offset of a scene's pixels, and what it was decided from.

    Attributes:
        offset_dn: value to add to every DN so that reflectance is DN / 10000: 0 or -1000.
        claimed_dn: the same according to the item's metadata.
        dark_dn: the lowest of the bands' darkest percentiles; None if too few pixels are valid.
    """

    offset_dn: int
    claimed_dn: int
    dark_dn: int | None


def decide_offset(dn: np.ndarray, claimed_dn: int, baseline: float | None) -> OffsetDecision:
    """Return the offset in the metadata unless the pixels clearly contradict it.

    Args:
        dn: (6, height, width) uint16, BANDS_CHECKED of one scene without offset correction; 0 is nodata.
        claimed_dn: offset from etl.imagery.sentinel2.claimed_offset.
        baseline: processing baseline; before 04.00 no offset is ever added. None if unknown.
    """
    valid = dn[:, (dn != NODATA).all(axis=0)]
    if valid.shape[1] < MIN_PIXELS:
        return OffsetDecision(claimed_dn, claimed_dn, None)
    dark = np.percentile(valid, DARK_PERCENTILE, axis=1)
    lowest = int(dark.min())
    in_range = (dark >= SHIFTED_DN[0]) & (dark <= SHIFTED_DN[1])
    offset_dn = claimed_dn
    if claimed_dn < 0 and lowest < NOT_SHIFTED_DN:
        offset_dn = 0
    elif claimed_dn == 0 and lowest >= SHIFTED_DN[0] and in_range.sum() >= N_SHIFTED_BANDS:
        may_be_shifted = baseline is None or baseline >= OFFSET_BASELINE
        offset_dn = BOA_OFFSET if may_be_shifted else 0
    return OffsetDecision(offset_dn, claimed_dn, lowest)


def hidden_by_cloud(dn: np.ndarray, is_clear: np.ndarray, offset_dn: int) -> np.ndarray | None:
    """Return the reflectance (6,) of the darkest clear pixels if they look like cloud, so that the mask is wrong.

    Under a closed cloud deck even the darkest pixels are bright and grey.

    Args:
        dn: (6, height, width) uint16, BANDS_CHECKED of one scene over one tile; 0 is nodata.
        is_clear: (height, width) bool from the scene classification.
        offset_dn: offset from ``decide_offset``.

    Returns:
        None if the mask is plausible, or too few pixels are clear.
    """
    seen = dn[:, is_clear & (dn != NODATA).all(axis=0)]
    if seen.shape[1] < MIN_PIXELS:
        return None
    darkest: np.ndarray = (np.percentile(seen, HIDDEN_PERCENTILE, axis=1) + offset_dn) / 10_000
    coastal, red, infrared = (darkest[BANDS_CHECKED.index(band)] for band in ("B01", "B04", "B11"))
    is_bright = coastal > HIDDEN_REFLECTANCE and infrared > HIDDEN_REFLECTANCE
    return darkest if is_bright and red < HIDDEN_RED_TO_COASTAL * coastal else None
