"""Tiles are cut out of a composite at their place in it."""

from pathlib import Path

import numpy as np
import pytest

from etl.cities.grid import TILE_PX, Cell
from etl.errors import WorkFileError
from etl.store.composites import each_chip, read_chips, sample_chips
from etl.store.work_files import COMPOSITE, write_arrays

NORTH_WEST, SOUTH_EAST = Cell(32, False, 2001, 300), Cell(32, False, 2000, 301)


@pytest.fixture
def composite(tmp_path: Path) -> Path:
    """Two by two tiles; every pixel is 10 * (row of tiles from the north) + (column of tiles)."""
    place = np.array([[0, 1], [10, 11]], np.uint16)
    reflectance = np.broadcast_to(np.kron(place, np.ones((TILE_PX, TILE_PX), np.uint16)), (12, 448, 448))
    path = tmp_path / "work" / "7" / "2024" / COMPOSITE
    write_arrays(path, {"reflectance": reflectance}, {"top_row": 2001, "left_col": 300}, chunk=TILE_PX)
    return path


def test_chips_are_cut_at_the_cells(composite: Path) -> None:
    chips = read_chips(composite, [SOUTH_EAST, NORTH_WEST])
    assert chips.shape == (2, 12, TILE_PX, TILE_PX)
    assert [np.unique(chip).tolist() for chip in chips] == [[11], [0]]
    assert [np.unique(chip).tolist() for chip in each_chip(composite, [SOUTH_EAST])] == [[11]]


def test_samples_are_north_western_tiles_of_this_machines_composites(composite: Path, tmp_path: Path) -> None:
    assert sample_chips(tmp_path, 8).shape == (1, 12, TILE_PX, TILE_PX)
    with pytest.raises(WorkFileError, match="--chip"):
        sample_chips(tmp_path / "elsewhere", 8)
