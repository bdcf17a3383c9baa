"""The effect of a block's position: found again where it was planted, and left alone where there is none."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.errors import PostProcessingError
from etl.vectors.bias.block_positions import (
    MIN_TILES,
    BlockPositions,
    PositionSums,
    fit_block_positions,
    position_sums,
)

DIMENSION, N_TILES = 6, 80
EFFECT = np.random.default_rng(1).normal(size=(2, 7, DIMENSION))


def make_halves(effect: np.ndarray, n_tiles: int = N_TILES, seed: int = 0) -> list[tuple[PositionSums, PositionSums]]:
    """Return the sums of random blocks, half of each tile at random, whose tiles differ more than their blocks."""
    rng = np.random.default_rng(seed)
    tile, number = np.nonzero(rng.random((n_tiles, 49)) < 0.5)
    level = rng.normal(0, 5, (n_tiles, DIMENSION))
    vectors = level[tile] + effect[0, number // 7] + effect[1, number % 7] + rng.normal(size=(len(tile), DIMENSION))
    return [
        (position_sums(tile[a], number[a], vectors[a]), position_sums(tile[b], number[b], vectors[b]))
        for a, b in ((tile % 4 == i, tile % 4 == i + 2) for i in (0, 1))
    ]


def centred(values: np.ndarray) -> np.ndarray:
    return np.asarray(values - values.mean(axis=0))


def test_a_planted_effect_is_found_although_tiles_are_incomplete() -> None:
    found = fit_block_positions(make_halves(EFFECT))
    assert found is not None
    np.testing.assert_allclose(centred(found.rows), centred(EFFECT[0]), atol=0.25)
    np.testing.assert_allclose(centred(found.cols), centred(EFFECT[1]), atol=0.25)


def test_removal_leaves_no_effect() -> None:
    found = fit_block_positions(make_halves(EFFECT))
    assert found is not None
    number = np.arange(49)
    left = found.apply(EFFECT[0, number // 7] + EFFECT[1, number % 7], number)
    assert np.abs(centred(left)).max() < 0.3 * np.abs(EFFECT).max()


def test_noise_is_no_effect() -> None:
    assert fit_block_positions(make_halves(np.zeros_like(EFFECT))) is None


def test_equal_blocks_have_no_effect() -> None:
    sums = position_sums(
        np.repeat(np.arange(MIN_TILES), 49), np.tile(np.arange(49), MIN_TILES), np.ones((49 * MIN_TILES, 3))
    )
    assert fit_block_positions([(sums, sums)]) is None


def test_few_tiles_are_not_fitted() -> None:
    assert fit_block_positions(make_halves(EFFECT, MIN_TILES - 1)) is None
    assert fit_block_positions(make_halves(EFFECT, MIN_TILES)) is not None


@given(seed=st.integers(0, 1000))
def test_json_restores_the_same_float32(seed: int) -> None:
    rows, cols = np.random.default_rng(seed).normal(size=(2, 7, 3)).astype(np.float32)
    back = BlockPositions.from_values(json.loads(json.dumps(BlockPositions(rows, cols).to_values())), 3)
    np.testing.assert_array_equal(back.rows, rows)
    np.testing.assert_array_equal(back.cols, cols)


@pytest.mark.parametrize("rows", [[[0, 0]] * 6, [[0]] * 7, [[0, float("nan")]] * 7])
def test_numbers_that_do_not_fit_are_refused(rows: list[list[float]]) -> None:
    with pytest.raises(PostProcessingError, match="7 x 2 finite numbers"):
        BlockPositions.from_values({"rows": rows, "cols": [[0, 0]] * 7}, 2)
