"""Estimates, comparisons and the two decisions."""

import numpy as np
import pytest

from etl.evaluation.real.comparison import BLOCK_MEAN, Side, block_estimates, compare
from etl.evaluation.real.figures import BLOCK_FIGURES, POSITION_FIGURES
from etl.evaluation.real.intervals import estimate

CHIPS = np.repeat(np.arange(30), 8)
TILES = np.empty(0, int)


def side(name: str, value: float, seed: int = 0, spread: float = 0.1) -> Side:
    rng = np.random.default_rng(seed)
    values = {key: rng.normal(value, spread, len(CHIPS)) for key in (*BLOCK_FIGURES, *POSITION_FIGURES)}
    return Side(name, values, np.empty(0))


def test_every_chip_counts_alike() -> None:
    found = estimate(np.array([0.0, 1, 1, 1, np.nan]), np.array([0, 1, 1, 1, 1]))
    assert (found.value, found.n_samples, found.n_groups) == (0.5, 4, 2)
    assert found.is_of_few


def test_the_interval_contains_the_mean_in_95_of_100_samples() -> None:
    rng = np.random.default_rng(1)
    found = [estimate(rng.normal(size=40), np.arange(40)) for _ in range(300)]
    assert 0.9 < np.mean([e.low <= 0 <= e.high for e in found]) < 0.99


def test_the_mean_of_the_four_is_taken_by_chip() -> None:
    values = side("a", 0.5).blocks
    found = block_estimates(values, CHIPS)
    assert found[BLOCK_MEAN].value == pytest.approx(np.mean([found[name].value for name in BLOCK_FIGURES]))
    assert found[BLOCK_MEAN].n_samples == len(CHIPS)


def test_a_paired_difference_is_narrower_than_the_figures() -> None:
    first = side("a", 0.5, spread=0.3)
    second = Side("b", {name: values - 0.05 for name, values in first.blocks.items()}, np.empty(0))
    found = compare(first, second, CHIPS, TILES)
    assert found.is_ahead
    assert found.differences[BLOCK_MEAN].value == pytest.approx(0.05)


def test_equal_sides_are_neither_ahead_nor_behind() -> None:
    found = compare(side("a", 0.5, seed=1), side("b", 0.5, seed=2), CHIPS, TILES)
    assert not found.is_ahead
    assert not found.is_behind
