"""Figures of blocks, compared with a plain loop over all pairs."""

import numpy as np
import pytest

from etl.evaluation.real.figures import (
    OTHER_HALF,
    K,
    first_overlaps,
    measure_dates,
    other_half_share,
    random_figures,
    same_position_share,
)
from etl.evaluation.real.samples.blocks import BlockPlaces, block_patches, places_of
from tests.etl.evaluation.real.builders import make_patches


@pytest.fixture
def places() -> BlockPlaces:
    return places_of([make_patches(8, 8), make_patches(6, 10)])


@pytest.fixture
def vectors(places: BlockPlaces) -> np.ndarray:
    return np.random.default_rng(3).normal(size=(len(places.chip), 5)).astype(np.float32)


def nearest(vectors: np.ndarray, query: int, allowed: np.ndarray) -> np.ndarray:
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return np.argsort(-np.where(allowed, unit @ unit[query], -9))[:K]


def test_blocks_lie_row_by_row_and_the_middle_column_is_west(places: BlockPlaces) -> None:
    assert len(places.chip) == 16 + 15
    assert places.half[16:21].tolist() == [0, 0, 0, 1, 1]
    assert (places.row[20], places.col[20]) == (0, 4)


def test_a_block_has_its_own_four_patches() -> None:
    chip = make_patches(4, 6)
    chip.is_valid[3, 5] = False
    found = block_patches([chip])
    assert np.array_equal(found.vectors[4], chip.vectors[2:, 2:4].reshape(4, -1))
    assert (~found.is_valid).sum(axis=1).tolist() == [0, 0, 0, 0, 0, 1]


def test_the_share_in_the_other_half_equals_brute_force(vectors: np.ndarray, places: BlockPlaces) -> None:
    found = other_half_share(vectors, places)
    for i in range(len(vectors)):
        first = nearest(vectors, i, np.arange(len(vectors)) != i)
        right = [
            places.chip[j] == places.chip[i]
            and places.half[j] != places.half[i]
            and not (abs(places.row[j] - places.row[i]) <= 1 and abs(places.col[j] - places.col[i]) <= 1)
            for j in first
        ]
        assert found[i] == pytest.approx(np.mean(right))


def test_the_share_at_the_same_position_equals_brute_force(vectors: np.ndarray, places: BlockPlaces) -> None:
    found = same_position_share(vectors, places)
    for i in range(len(vectors)):
        first = nearest(vectors, i, places.chip != places.chip[i])
        right = [places.row[j] == places.row[i] and places.col[j] == places.col[i] for j in first]
        assert found[i] == pytest.approx(np.mean(right))


def test_random_vectors_score_as_at_random(places: BlockPlaces) -> None:
    rng = np.random.default_rng(5)
    shares = [other_half_share(rng.normal(size=(31, 20)), places) for _ in range(200)]
    expected = random_figures(places)[OTHER_HALF]
    assert np.mean(shares) == pytest.approx(expected.mean(), rel=0.05)


def test_a_shifted_block_may_be_either_of_the_two_that_it_overlaps(vectors: np.ndarray, places: BlockPlaces) -> None:
    rows = np.array([0, 0, 0, 3])
    queries = vectors[[0, 1, 2, 4]]  # itself, the next one, the one after, the first of the next row
    assert first_overlaps(queries, vectors, rows, places).tolist() == [1, 1, 0, 0]


def test_equal_dates_find_each_other_and_unrelated_ones_do_not(vectors: np.ndarray) -> None:
    assert all((found == 1).all() for found in measure_dates(vectors, vectors).values())
    other = np.random.default_rng(9).normal(size=vectors.shape)
    assert measure_dates(vectors, other)["other date R@1"].mean() < 0.3
