"""Real chips with another brightness, shifted, or half without data."""

from collections.abc import Callable
from dataclasses import replace

import numpy as np

from etl.cities.grid import PATCH_PX
from etl.evaluation.perturbations import GAINS, with_gain
from etl.evaluation.real.samples.chips import BLOCK_PX, RealChip
from etl.imagery.sentinel2 import NODATA

UNCHANGED, SHIFT, CLOUD, MOVED = "unchanged", "shift", "cloud", "moved"
GAIN_NAMES = tuple(f"gain {gain:g}" for gain in GAINS)


def shifted(chip: RealChip) -> RealChip:
    """Return a chip as seen 160 m farther east: each block then has half of two adjacent ones."""
    pixels = np.zeros_like(chip.pixels)
    pixels[:, :, :-PATCH_PX] = chip.pixels[:, :, PATCH_PX:]
    return replace(chip, pixels=pixels)


def moved(chip: RealChip) -> RealChip:
    """Return a chip as seen 320 m farther south-east: the same blocks, each at another position."""
    pixels = np.zeros_like(chip.pixels)
    pixels[:, :-BLOCK_PX, :-BLOCK_PX] = chip.pixels[:, BLOCK_PX:, BLOCK_PX:]
    return replace(chip, pixels=pixels)


def half_cloudy(chip: RealChip) -> RealChip:
    """Return a chip in which the western half of every block has no clear observation."""
    is_cloud = np.arange(chip.pixels.shape[2]) // PATCH_PX % 2 == 0
    return replace(chip, pixels=np.where(is_cloud, np.uint16(NODATA), chip.pixels))


def _brighter(gain: float) -> Callable[[RealChip], RealChip]:
    return lambda chip: replace(chip, pixels=with_gain(chip.pixels, gain))


PERTURBATIONS: dict[str, Callable[[RealChip], RealChip]] = {
    **{name: _brighter(gain) for name, gain in zip(GAIN_NAMES, GAINS, strict=True)},
    SHIFT: shifted,
    CLOUD: half_cloudy,
    MOVED: moved,
}
"""Every perturbation by name."""
