"""Blocks: ids, and centres against the pixels of the tile's box."""

from datetime import date

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from etl.cities.blocks import BLOCK_M, BLOCKS_PER_SIDE, BLOCKS_PER_TILE, block_centres, block_ids, tile_of
from etl.cities.extent import GEOD
from etl.cities.grid import TILE_M, Cell, tile_id

NORTH, SOUTH = Cell(32, False, 2200, 230), Cell(21, True, 3500, 300)
MONTH = date(2024, 6, 1)


@given(zone=st.integers(1, 60), is_south=st.booleans(), row=st.integers(0, 8191), number=st.integers(0, 48))
def test_a_block_id_is_exact_in_javascript_and_gives_tile_and_number_back(
    zone: int, is_south: bool, row: int, number: int
) -> None:
    tile = tile_id(Cell(zone, is_south, row, 1023), date(2356, 4, 1))
    (block,) = block_ids(np.array([tile]), np.array([number])).tolist()
    assert block < 2**48
    assert tile_of(block) == (tile, number)


def test_blocks_are_numbered_row_by_row_from_the_north_west() -> None:
    lon, lat = block_centres(block_ids(np.array(tile_id(NORTH, MONTH)), np.arange(BLOCKS_PER_TILE))).T
    assert (np.diff(lon.reshape(BLOCKS_PER_SIDE, BLOCKS_PER_SIDE), axis=1) > 0).all()
    assert (np.diff(lat.reshape(BLOCKS_PER_SIDE, BLOCKS_PER_SIDE), axis=0) < 0).all()


def test_the_block_in_the_middle_of_a_tile_has_its_centre() -> None:
    tiles = np.array([tile_id(cell, MONTH) for cell in (NORTH, SOUTH, NORTH)])
    found = block_centres(block_ids(tiles, np.array([24, 24, 24])))
    expected = [(cell.centre().x, cell.centre().y) for cell in (NORTH, SOUTH, NORTH)]
    np.testing.assert_allclose(found, expected, atol=1e-9)


def test_the_first_and_the_last_block_lie_at_opposite_corners() -> None:
    (lon0, lat0), (lon1, lat1) = block_centres(block_ids(np.array(tile_id(SOUTH, MONTH)), np.array([0, 48])))
    distance_m = GEOD.inv(lon0, lat0, lon1, lat1)[2]
    expected = np.hypot(TILE_M - BLOCK_M, TILE_M - BLOCK_M)
    assert abs(distance_m / expected - 1) < 0.002  # the scale of UTM


def test_no_block_has_no_centre() -> None:
    assert block_centres(np.array([], np.int64)).shape == (0, 2)
