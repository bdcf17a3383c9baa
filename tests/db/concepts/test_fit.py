"""Learning from made-up keys whose answer is known."""

import numpy as np
import pytest

from db.concepts.fit import QUANTILE, Examples, fit, fit_direction, method_for
from db.embedding_sets.basis import unit_vectors

DIMENSION = 32
SIGNAL = np.eye(1, DIMENSION)[0]


def examples(n_positive: int, n_negative: int, n_groups: int, signal: float = 2.0, of_group: float = 0.0) -> Examples:
    """Return keys with a common direction of the positive ones, noise, and a direction of each group."""
    rng = np.random.default_rng(3)
    is_positive = np.arange(n_positive + n_negative) < n_positive
    groups = np.arange(len(is_positive)) % n_groups
    noise = rng.normal(size=(len(is_positive), DIMENSION)) / 2
    group = rng.normal(size=(n_groups, DIMENSION))[groups] * of_group
    keys = unit_vectors(noise + signal * is_positive[:, None] * SIGNAL + group)
    return Examples(keys, is_positive, groups, np.zeros(len(keys), bool))


@pytest.mark.parametrize(
    ("n_positive", "n_negative", "expected"),
    [(1, 0, "rocchio"), (50, 0, "rocchio"), (5, 40, "rocchio"), (6, 1, "logistic"), (20, 40, "logistic")],
)
def test_the_method_follows_from_the_examples(n_positive: int, n_negative: int, expected: str) -> None:
    assert method_for(n_positive, n_negative) == expected


@pytest.mark.parametrize("fitted_by", ["rocchio", "logistic"])
def test_the_direction_is_that_of_the_signal(fitted_by: str) -> None:
    given = examples(30, 60, 6)
    direction = fit_direction(given.keys, given.is_positive, fitted_by)  # type: ignore[arg-type]
    assert np.linalg.norm(direction) == pytest.approx(1, abs=1e-6)
    assert direction @ SIGNAL > 0.8


@pytest.mark.parametrize("fitted_by", ["rocchio", "logistic"])
def test_a_clear_concept_is_found_in_groups_that_were_held_out(fitted_by: str) -> None:
    given = examples(30, 60, 6)
    found = fit(given, fitted_by, seed=0)  # type: ignore[arg-type]
    assert found.average_precision is not None
    assert found.average_precision > 0.95
    is_above = given.keys @ found.direction >= found.threshold
    assert (is_above == given.is_positive).mean() > 0.9


def test_without_a_signal_the_score_is_that_of_chance() -> None:
    found = fit(examples(40, 80, 8, signal=0), "logistic", seed=0)
    assert found.average_precision == pytest.approx(1 / 3, abs=0.15)


def test_what_only_tells_groups_apart_scores_no_better_than_chance() -> None:
    """Positive examples come from some groups, negative ones from others: over rows the score would be perfect."""
    rng = np.random.default_rng(5)
    groups = np.repeat(np.arange(12), 10)
    is_positive = groups < 6
    keys = unit_vectors(rng.normal(size=(12, DIMENSION))[groups] + rng.normal(size=(120, DIMENSION)) / 10)
    found = fit(Examples(keys, is_positive, groups, np.zeros(120, bool)), "logistic", seed=0)
    assert found.average_precision is not None
    assert found.average_precision < 0.8
    direction = fit_direction(keys, is_positive, "logistic")
    assert ((keys @ direction > np.median(keys @ direction)) == is_positive).mean() > 0.95


def test_with_examples_of_two_groups_the_threshold_is_a_quantile_and_there_is_no_score() -> None:
    given = examples(20, 40, 2)
    found = fit(given, "rocchio", seed=0)
    assert found.average_precision is None
    similarities = given.keys[given.is_positive] @ found.direction
    # Learned with them, the direction is nearer to the examples than the threshold expects.
    assert (similarities < found.threshold).mean() <= QUANTILE
    assert (similarities >= found.threshold).any()


def test_with_one_positive_example_the_negative_ones_set_the_threshold() -> None:
    given = examples(1, 200, 9)
    found = fit(given, "rocchio", seed=0)
    assert (given.keys[~given.is_positive] @ found.direction > found.threshold).mean() == pytest.approx(0.01, abs=0.006)


def test_the_same_examples_give_the_same_fit() -> None:
    a, b = (fit(examples(30, 60, 6), "logistic", seed=7) for _ in range(2))
    assert (a.threshold, a.average_precision) == (b.threshold, b.average_precision)
    np.testing.assert_array_equal(a.direction, b.direction)


def test_of_enough_negative_examples_those_drawn_at_random_do_not_count_in_the_score() -> None:
    """Half of those drawn belong to the concept: nobody looked at them."""
    given = examples(30, 60, 6)
    unseen = examples(15, 15, 6)
    keys = np.concatenate([given.keys, unseen.keys])
    is_positive = np.append(given.is_positive, np.zeros(30, bool))
    groups = np.append(given.groups, unseen.groups)
    both = Examples(keys, is_positive, groups, np.arange(120) >= 90)
    assert both.is_scored.sum() == 90
    found = fit(both, "logistic", seed=0)
    assert found.average_precision is not None
    assert found.average_precision > 0.9
    few = Examples(keys[24:], is_positive[24:], groups[24:], np.arange(96) >= 10)
    assert few.is_scored.all()
