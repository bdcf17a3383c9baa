"""Inverted lists: as many as wanted, of similar size, and each key in the right one."""

from collections.abc import Callable

import numpy as np
import pytest

from db.embedding_sets import lists as module
from db.embedding_sets.basis import unit_vectors
from db.embedding_sets.lists import Lists, assign, fit_lists


def keys(n: int, n_groups: int = 60, dimension: int = 16, spread: float = 0.3) -> np.ndarray:
    """Return unit vectors around random directions."""
    rng = np.random.default_rng(3)
    centres = unit_vectors(rng.normal(size=(n_groups, dimension)))
    return unit_vectors(centres[rng.integers(n_groups, size=n)] + spread * rng.normal(size=(n, dimension)) / 4)


@pytest.fixture(scope="module")
def fitted() -> Lists:
    return fit_lists(keys(3000), 64)


def test_there_are_as_many_lists_as_wanted_in_the_square_root_as_many_parents(fitted: Lists) -> None:
    assert fitted.parents.shape == (8, 16)
    assert abs(len(fitted.centroids) - 64) <= 4
    assert fitted.parent_of.shape == (len(fitted.centroids),)
    assert set(fitted.parent_of) == set(range(8))


@pytest.mark.parametrize("part", [lambda lists: lists.parents, lambda lists: lists.centroids])
def test_centroids_have_unit_length(fitted: Lists, part: Callable[[Lists], np.ndarray]) -> None:
    assert part(fitted).dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(part(fitted), axis=1), 1, atol=1e-5)


def test_equal_samples_give_equal_lists(fitted: Lists) -> None:
    again = fit_lists(keys(3000), 64)
    np.testing.assert_array_equal(again.centroids, fitted.centroids)
    np.testing.assert_array_equal(again.parent_of, fitted.parent_of)


def test_lists_of_evenly_spread_keys_are_balanced() -> None:
    even = unit_vectors(np.random.default_rng(0).normal(size=(4000, 6)))
    sizes = np.bincount(assign(fit_lists(even, 64), even))
    assert sizes.max() < 3 * sizes.mean()


def test_a_key_goes_to_the_nearest_list_of_its_three_nearest_parents(
    fitted: Lists, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "CHUNK", 100)
    new = keys(250, spread=1)
    nearest_parents = np.argsort(-(new @ fitted.parents.T), axis=1)[:, :3]
    similarity = new @ fitted.centroids.T
    similarity[~(fitted.parent_of[None, :, None] == nearest_parents[:, None, :]).any(axis=2)] = -np.inf
    assigned = assign(fitted, new)
    assert assigned.dtype == np.int32
    np.testing.assert_array_equal(assigned, similarity.argmax(axis=1))


def test_nearly_every_key_lies_in_the_nearest_of_all_lists(fitted: Lists) -> None:
    new = keys(1000)
    assert (assign(fitted, new) == (new @ fitted.centroids.T).argmax(axis=1)).mean() > 0.98


def test_a_set_that_was_never_fitted_has_all_keys_in_its_only_list() -> None:
    only = Lists(np.ones((1, 16), np.float32), np.ones((1, 16), np.float32), np.zeros(1, np.int32))
    np.testing.assert_array_equal(assign(only, np.vstack([keys(5), np.zeros((1, 16))])), np.zeros(6))


def test_no_keys_are_assigned_to_no_lists(fitted: Lists) -> None:
    assert assign(fitted, np.empty((0, 16), np.float32)).shape == (0,)


@pytest.mark.parametrize(("n_keys", "n_different"), [(1, 1), (3, 3), (200, 1), (200, 5)])
def test_few_different_keys_give_few_lists(n_keys: int, n_different: int) -> None:
    repeated = np.resize(keys(n_different, spread=1), (n_keys, 16))
    fitted = fit_lists(repeated, 64)
    assert 1 <= len(fitted.centroids) <= n_different
    assert set(assign(fitted, repeated)) <= set(range(len(fitted.centroids)))
