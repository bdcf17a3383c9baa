"""Spatial bias: the measures against brute force, and dimensions planted by the test."""

import numpy as np
import pytest

from etl.cities.grid import Cell
from etl.errors import SpatialBiasError
from etl.vectors.bias.spatial_bias import Limits, TileMeans, adjacency, excluded, knee, measure, morans_i, position_r2

SIDE = 6


def block(zone: int, row: int, col: int) -> list[Cell]:
    return [Cell(zone, False, row + r, col + c) for r in range(SIDE) for c in range(SIDE)]


def test_morans_i_equals_brute_force() -> None:
    cells = block(32, 2000, 100)
    groups = np.zeros(len(cells), dtype=np.int64)
    vectors = np.random.default_rng(1).normal(size=(len(cells), 5)).astype(np.float32)
    deviation = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    expected = np.zeros(5)
    for i, a in enumerate(cells):
        near = [j for j, b in enumerate(cells) if j != i and max(abs(a.row - b.row), abs(a.col - b.col)) == 1]
        expected += deviation[i] * deviation[near].mean(axis=0)
    np.testing.assert_allclose(
        morans_i(vectors, adjacency(cells, groups), groups), expected / (deviation**2).sum(axis=0), rtol=1e-6
    )


def test_tiles_of_other_cities_and_periods_are_not_adjacent() -> None:
    cells = [Cell(32, False, 2000, 100), Cell(32, False, 2000, 101), Cell(32, False, 2000, 102)]
    weights = adjacency(cells, np.array([1, 1, 2])).toarray()
    np.testing.assert_array_equal(weights, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_without_adjacent_tiles_spatial_bias_cannot_be_measured() -> None:
    with pytest.raises(SpatialBiasError, match="no tile has an adjacent tile"):
        adjacency([Cell(32, False, 2000, 100), Cell(33, False, 2000, 100)], np.array([1, 2]))


def test_planted_dimensions_are_excluded_and_no_others() -> None:
    rng = np.random.default_rng(2)
    # 120 cities all over the northern hemisphere: dimension 3 increases to the north, 7 across every city.
    cells = [cell for i in range(120) for cell in block(1 + 3 * (i % 20), 300 + 600 * (i // 20), 150)]
    cities = np.repeat(np.arange(120), SIDE**2)
    vectors = rng.normal(size=(len(cells), 40)).astype(np.float32)
    vectors[:, 3] = [cell.centre().y / 30 for cell in cells]
    vectors[:, 7] = [cell.row % SIDE + cell.col % SIDE for cell in cells]
    found = measure(TileMeans(vectors, cells, cities, cities), Limits())
    assert found.is_excluded.nonzero()[0].tolist() == [3, 7]
    assert found.position_r2[3] > 0.9
    assert found.position_r2[[0, 1, 2]].max() < 0.1
    assert found.morans_i[7] > 0.5


def test_r2_is_nan_with_too_few_regions() -> None:
    assert np.isnan(position_r2(np.eye(20), np.linspace(-170, 170, 20), np.zeros(20))).all()


def test_at_most_max_share_is_excluded_the_worst_first() -> None:
    moran = np.array([0.9, 0.95, 0.8, 0.7, 0, 0, 0, 0, 0, 0])
    chosen = excluded(moran, np.full(10, np.nan), Limits(morans_i_floor=0, max_share=0.2))
    assert chosen.nonzero()[0].tolist() == [0, 1]
    assert not excluded(moran, np.full(10, np.nan), Limits(max_share=0)).any()


def test_the_knee_is_where_the_curve_bends() -> None:
    assert knee(np.array([10, 6, 2, 1.9, 1.8, 1.7, 1.6])) == 2
