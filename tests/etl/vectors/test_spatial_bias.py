"""Spatial bias: the measures against brute force, and planted dimensions."""

import numpy as np
import pytest

from etl.cities.grid import Cell
from etl.errors import EncoderError
from etl.metrics.spatial_leakage import measure_leak
from etl.vectors.spatial_bias import Limits, TileMeans, excluded, knee, measure, morans_i, neighbours, position_r2

SIDE = 6


def block(zone: int, row: int, col: int) -> list[Cell]:
    return [Cell(zone, False, row + r, col + c) for r in range(SIDE) for c in range(SIDE)]


def test_morans_i_equals_its_formula_written_out() -> None:
    cells = block(32, 2000, 100)
    groups = np.zeros(len(cells), dtype=np.int64)
    vectors = np.random.default_rng(1).normal(size=(len(cells), 5)).astype(np.float32)
    deviation = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    expected = np.zeros(5)
    for i, a in enumerate(cells):
        near = [j for j, b in enumerate(cells) if j != i and max(abs(a.row - b.row), abs(a.col - b.col)) == 1]
        expected += deviation[i] * deviation[near].mean(axis=0)
    np.testing.assert_allclose(
        morans_i(vectors, neighbours(cells, groups), groups), expected / (deviation**2).sum(axis=0), rtol=1e-6
    )


def test_tiles_of_other_cities_and_periods_are_no_neighbours() -> None:
    cells = [Cell(32, False, 2000, 100), Cell(32, False, 2000, 101), Cell(32, False, 2000, 102)]
    weights = neighbours(cells, np.array([1, 1, 2])).toarray()
    np.testing.assert_array_equal(weights, [[0, 1, 0], [1, 0, 0], [0, 0, 0]])


def test_a_city_of_single_tiles_is_refused() -> None:
    with pytest.raises(EncoderError, match="no tile has a neighbour"):
        neighbours([Cell(32, False, 2000, 100), Cell(33, False, 2000, 100)], np.array([1, 2]))


def test_planted_dimensions_are_found_and_no_other() -> None:
    rng = np.random.default_rng(2)
    # 120 blocks all over the northern hemisphere: dimension 3 rises to the north, 7 across every block.
    cells = [cell for i in range(120) for cell in block(1 + 3 * (i % 20), 300 + 600 * (i // 20), 150)]
    looks = np.repeat(np.arange(120), SIDE**2)
    vectors = rng.normal(size=(len(cells), 40)).astype(np.float32)
    vectors[:, 3] = [cell.centre().y / 30 for cell in cells]
    vectors[:, 7] = [cell.row % SIDE + cell.col % SIDE for cell in cells]
    found = measure(TileMeans(vectors, cells, looks, looks), Limits())
    assert found.is_excluded.nonzero()[0].tolist() == [3, 7]
    assert found.position_r2[3] > 0.9
    assert found.position_r2[[0, 1, 2]].max() < 0.1
    assert found.morans_i[7] > 0.5


def test_too_few_regions_give_no_r2_instead_of_a_guess() -> None:
    assert np.isnan(position_r2(np.eye(20), np.linspace(-170, 170, 20), np.zeros(20))).all()


def test_no_more_than_the_ceiling_is_excluded_and_the_worst_first() -> None:
    moran = np.array([0.9, 0.95, 0.8, 0.7, 0, 0, 0, 0, 0, 0])
    chosen = excluded(moran, np.full(10, np.nan), Limits(morans_i_floor=0, max_share=0.2))
    assert chosen.nonzero()[0].tolist() == [0, 1]
    assert not excluded(moran, np.full(10, np.nan), Limits(max_share=0)).any()


def test_the_knee_of_a_bent_curve_is_where_it_bends() -> None:
    assert knee(np.array([10, 6, 2, 1.9, 1.8, 1.7, 1.6])) == 2


def test_leak_counts_neighbours_of_the_same_city_and_by_distance() -> None:
    # Two cities on the equator, 1 degree (111 km) apart; tiles look like their own city.
    vectors = np.array([[1, 0], [1, 0.01], [0, 1], [0.01, 1]], dtype=np.float32)
    leak = measure_leak(vectors, np.array([1, 1, 2, 2]), np.array([0, 0.1, 1, 1.1]), np.zeros(4), k=1)
    assert (leak.same_city, leak.within_km) == (1.0, {25: 1.0, 100: 1.0, 500: 1.0})
    far = measure_leak(vectors, np.array([1, 1, 2, 2]), np.array([0, 1, 20, 40]), np.zeros(4), k=1)
    assert far.within_km == {25: 0.0, 100: 0.0, 500: 0.5}


def test_a_sample_of_many_tiles_asks(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    cities = np.repeat(np.arange(100), 20)
    vectors = (rng.normal(size=(100, 30))[cities] + rng.normal(size=(2000, 30))).astype(np.float32)
    places = (rng.uniform(-180, 180, 100)[cities], rng.uniform(-60, 60, 100)[cities])
    everyone = measure_leak(vectors, cities, *places)
    monkeypatch.setattr("etl.metrics.spatial_leakage.MAX_ASKING", 600)
    sample = measure_leak(vectors, cities, *places)
    assert sample != everyone
    assert abs(sample.same_city - everyone.same_city) < 0.05
