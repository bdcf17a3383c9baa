"""Blocks: 7 x 7 squares of 320 m in each tile, their ids and where they are."""

import numpy as np
from pyproj import Transformer

from etl.cities.grid import PATCHES_PER_SIDE, TILE_M, cell_and_month

PATCHES_PER_BLOCK_SIDE = 2
BLOCKS_PER_SIDE = PATCHES_PER_SIDE // PATCHES_PER_BLOCK_SIDE
BLOCKS_PER_TILE = BLOCKS_PER_SIDE**2
BLOCK_M = TILE_M // BLOCKS_PER_SIDE
NUMBER_BITS = 6
"""Low bits of a block_id, which are the block's number in its tile: row by row from the north-west, 0 to 48."""


def block_ids(tile_ids: np.ndarray, numbers: np.ndarray) -> np.ndarray:
    """Return block_ids int64 of tile_ids and numbers of blocks (0 to 48), which are broadcast against each other."""
    ids: np.ndarray = np.asarray(tile_ids, np.int64) << NUMBER_BITS | numbers
    return ids


def tile_of(block_id: int) -> tuple[int, int]:
    """Return the tile_id of a block, and its number in the tile."""
    return block_id >> NUMBER_BITS, block_id & (2**NUMBER_BITS - 1)


def block_centres(block_ids: np.ndarray) -> np.ndarray:
    """Return longitude and latitude (n, 2) float64 of the centres of blocks in EPSG:4326.

    Args:
        block_ids: (n,) int64.
    """
    tile_ids, tile = np.unique(np.asarray(block_ids) >> NUMBER_BITS, return_inverse=True)
    cells = [cell_and_month(int(number))[0] for number in tile_ids]
    place = np.array([(cell.srid, cell.row, cell.col) for cell in cells]).reshape(-1, 3)[tile]
    row, col = np.divmod(np.asarray(block_ids) & (2**NUMBER_BITS - 1), BLOCKS_PER_SIDE)
    x = place[:, 2] * TILE_M + (col + 0.5) * BLOCK_M
    y = (place[:, 1] + 1) * TILE_M - (row + 0.5) * BLOCK_M
    centres = np.empty((len(place), 2))
    for srid in np.unique(place[:, 0]):
        chosen = place[:, 0] == srid
        to_degrees = Transformer.from_crs(int(srid), 4326, always_xy=True)
        centres[chosen] = np.column_stack(to_degrees.transform(x[chosen], y[chosen]))
    return centres
