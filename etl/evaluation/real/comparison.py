"""What follows from the figures: the default method, and whether one encoder is ahead of another."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from etl.evaluation.real.figures import BLOCK_FIGURES, POSITION_FIGURES
from etl.evaluation.real.intervals import Estimate, estimate, group_means

BLOCK_MEAN = "mean of the four"
QUARTERS = "quarters"


@dataclass(frozen=True)
class Side:
    """One side of a comparison.

    Attributes:
        name: encoder and method.
        blocks: (n,) by figure, NaN where a block is not a query.
        quarters: (n_tiles,) reciprocal ranks.
    """

    name: str
    blocks: Mapping[str, np.ndarray]
    quarters: np.ndarray


@dataclass(frozen=True)
class Comparison:
    """Differences of block figures, the first minus the second, with intervals by resampled chips.

    Attributes:
        first: what is compared, in words.
        second: with what, in words.
        differences: by figure, of the mean of the four under BLOCK_MEAN, and of quarters of tiles under QUARTERS.
    """

    first: str
    second: str
    differences: Mapping[str, Estimate]

    @property
    def is_ahead(self) -> bool:
        """Return True if the interval of the mean difference lies above 0."""
        return self.differences[BLOCK_MEAN].low > 0

    @property
    def is_behind(self) -> bool:
        """Return True if the interval of the mean difference lies below 0."""
        return self.differences[BLOCK_MEAN].high < 0


def block_estimates(values: Mapping[str, np.ndarray], chips: np.ndarray) -> dict[str, Estimate]:
    """Return each of BLOCK_FIGURES and POSITION_FIGURES, and BLOCK_MEAN, the mean of the four by chip.

    Args:
        values: (n,) by figure, NaN where a block is not a query.
        chips: (n,) int, chip of each block.
    """
    found = {name: estimate(values[name], chips) for name in (*BLOCK_FIGURES, *POSITION_FIGURES)}
    by_chip = np.mean([group_means(values[name], chips) for name in BLOCK_FIGURES], axis=0)
    whole = estimate(by_chip, np.arange(len(by_chip)))
    n_samples = found[BLOCK_FIGURES[0]].n_samples
    return found | {BLOCK_MEAN: Estimate(whole.value, whole.low, whole.high, n_samples, whole.n_groups)}


def compare(first: Side, second: Side, chips: np.ndarray, tiles: np.ndarray) -> Comparison:
    """Return the differences between two sides.

    Args:
        first: one side.
        second: the other, of the same blocks and tiles.
        chips: (n,) int, chip of each block.
        tiles: (n_tiles,) int, chip of each tile.
    """
    blocks = {name: first.blocks[name] - second.blocks[name] for name in (*BLOCK_FIGURES, *POSITION_FIGURES)}
    found = block_estimates(blocks, chips)
    if len(tiles):
        found[QUARTERS] = estimate(first.quarters - second.quarters, tiles)
    return Comparison(first.name, second.name, found)
