"""Blocks of 2 x 2 patches (320 m) of real chips: where they lie, and their patches."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from etl.evaluation.real.methods import Patches
from etl.evaluation.real.samples.patches import ChipPatches

SIDE = 2
"""Patches along one side of a block."""


@dataclass(frozen=True)
class BlockPlaces:
    """Where each block lies; arrays are (n,) int.

    Attributes:
        chip: row number of its chip.
        row: from the northern edge of the chip.
        col: from its western edge.
        half: 0 in the western half of its chip, 1 in the eastern half.
    """

    chip: np.ndarray
    row: np.ndarray
    col: np.ndarray
    half: np.ndarray

    def __getitem__(self, rows: np.ndarray) -> "BlockPlaces":
        """Return the places of some blocks."""
        return BlockPlaces(self.chip[rows], self.row[rows], self.col[rows], self.half[rows])


def places_of(chips: Sequence[ChipPatches]) -> BlockPlaces:
    """Return the blocks of all chips, chip by chip, row by row from the north-west corner."""
    found = []
    for number, chip in enumerate(chips):
        rows, cols = (size // SIDE for size in chip.is_valid.shape)
        row, col = (axis.ravel() for axis in np.indices((rows, cols)))
        found.append(np.stack([np.full(rows * cols, number), row, col, 2 * col >= cols]))
    return BlockPlaces(*np.concatenate(found, axis=1))


def block_patches(chips: Sequence[ChipPatches]) -> Patches:
    """Return the four patches of each block, in the order of ``places_of``."""
    return Patches(
        np.concatenate([_by_block(chip.vectors) for chip in chips]),
        np.concatenate([_by_block(chip.is_valid) for chip in chips]),
    )


def _by_block(values: np.ndarray) -> np.ndarray:
    """Return (rows, columns, ...) of patches as (n, 4, ...) of blocks."""
    rows, cols = (size // SIDE for size in values.shape[:2])
    blocks = values.reshape(rows, SIDE, cols, SIDE, *values.shape[2:]).swapaxes(1, 2)
    return blocks.reshape(rows * cols, SIDE**2, *values.shape[2:])
