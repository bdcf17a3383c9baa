"""What a scene's pixels say against its metadata: is 1000 added to every DN, and does a clean mask hide cloud?

Both are read from a coarse look at six bands (``BANDS_CHECKED``). All figures quoted were measured on 35 real chips and
two real scenes (../shared/data): tests/real/test_scene_checks.py holds them.
"""

from dataclasses import dataclass

import numpy as np

from etl.imagery.sentinel2 import BOA_OFFSET, NODATA, OFFSET_BASELINE

BANDS_CHECKED = ("B01", "B02", "B03", "B04", "B11", "B12")
"""Water is dark in B11 and B12, vegetation and shade in B01, B02 and B04, bare ground in B01: some band finds it."""

DARK_PERCENTILE = 0.5
MIN_PIXELS = 200
"""Fewer valid pixels prove nothing."""
NOT_SHIFTED_DN = 700
"""No scene with 1000 added is darker in any band (lowest seen: 987); those without it are (highest seen: 434)."""
SHIFTED_DN = (900, 1300)
N_SHIFTED_BANDS = 3
"""A scene with 1000 added has its darkest percentile in this range in three bands or more, and no band below; a desert
without it may have one such band, its blue, but not three: it brightens steeply towards the red."""

HIDDEN_PERCENTILE = 2
HIDDEN_REFLECTANCE = 0.08
HIDDEN_RED_TO_COASTAL = 1.05
"""Under a closed cloud even the darkest pixels are bright in the coastal band (B01) and in the short-wave infrared
(B11: snow and water are dark there), and not redder than they are blue (sand, soil and roofs are)."""


@dataclass(frozen=True)
class OffsetDecision:
    """Which offset a scene's pixels carry, and why.

    Attributes:
        offset_dn: to be added to every DN so that reflectance is DN / 10000: 0 or -1000.
        claimed_dn: the same by the item's own words.
        dark_dn: the lowest of the bands' darkest percentiles; None where too few pixels are valid.
    """

    offset_dn: int
    claimed_dn: int
    dark_dn: int | None


def decide_offset(dn: np.ndarray, claimed_dn: int, baseline: float | None) -> OffsetDecision:
    """Believe the item unless its pixels plainly say otherwise.

    Args:
        dn: (6, height, width) uint16, BANDS_CHECKED of one scene, offset untouched; 0 is nodata.
        claimed_dn: etl.imagery.sentinel2.claimed_offset.
        baseline: processing baseline; before 04.00 nothing is ever added. None where unknown.
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
    """The darkest clear pixels' reflectance (6,) where they look like cloud, so that the mask must be wrong; else None.

    Args:
        dn: (6, height, width) uint16, BANDS_CHECKED of one scene over one tile; 0 is nodata.
        is_clear: (height, width) bool by the scene classification.
        offset_dn: as decided by ``decide_offset``.
    """
    seen = dn[:, is_clear & (dn != NODATA).all(axis=0)]
    if seen.shape[1] < MIN_PIXELS:
        return None
    darkest: np.ndarray = (np.percentile(seen, HIDDEN_PERCENTILE, axis=1) + offset_dn) / 10_000
    coastal, red, infrared = (darkest[BANDS_CHECKED.index(band)] for band in ("B01", "B04", "B11"))
    is_bright = coastal > HIDDEN_REFLECTANCE and infrared > HIDDEN_REFLECTANCE
    return darkest if is_bright and red < HIDDEN_RED_TO_COASTAL * coastal else None
