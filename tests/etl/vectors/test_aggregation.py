"""Aggregation against NumPy, known clusters and edge cases."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.errors import EmbeddingError
from etl.vectors.aggregation import AGGREGATIONS, aggregate, dominant_patches


def make_patches(n: int = 3, n_patches: int = 20, dimension: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 2, (n, n_patches, dimension)).astype(np.float32)


def all_valid(patches: np.ndarray) -> np.ndarray:
    return np.ones(patches.shape[:2], bool)


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 10_000), share=st.floats(0.1, 1))
def test_aggregates_equal_numpy_over_valid_patches(seed: int, share: float) -> None:
    patches = make_patches(3, 21, 6, seed)
    valid = np.random.default_rng(seed).random((3, 21)) < share
    valid[:, 0] = True
    patches[~valid] = np.nan  # must not be read
    vectors = aggregate(patches, valid)
    for i in range(3):
        rows = patches[i][valid[i]]
        np.testing.assert_allclose(vectors.mean[i], rows.mean(axis=0), atol=1e-5)
        np.testing.assert_allclose(vectors.median[i], np.median(rows, axis=0), rtol=1e-6)
        np.testing.assert_array_equal(vectors.min[i], rows.min(axis=0))
        np.testing.assert_array_equal(vectors.max[i], rows.max(axis=0))
        mask = vectors.dominant_patches[i]
        assert not mask[~valid[i]].any()
        assert mask.sum() / len(rows) == pytest.approx(vectors.dominant_share[i])
        np.testing.assert_allclose(vectors.dominant[i], patches[i][mask].mean(axis=0), atol=1e-5)
        assert 1 / 4 <= vectors.dominant_share[i] <= 1
        assert np.isclose(vectors.dominant_share[i] * len(rows), round(vectors.dominant_share[i] * len(rows)))


def test_dominant_is_the_mean_of_the_largest_known_cluster() -> None:
    rng = np.random.default_rng(0)
    sizes, centres = [100, 50, 30, 16], np.eye(4, 768) * 50
    patches = np.repeat(centres, sizes, axis=0) + rng.normal(0, 0.1, (196, 768))
    order = rng.permutation(196)
    tile = patches[order][None].astype(np.float32)
    vectors = aggregate(tile, all_valid(tile))
    np.testing.assert_allclose(vectors.dominant[0], patches[:100].mean(axis=0), atol=1e-5)
    assert vectors.dominant_share[0] == pytest.approx(100 / 196)
    np.testing.assert_array_equal(dominant_patches(tile[0], (3, 4), seed=0), order < 100)


def test_a_tie_always_goes_to_the_same_cluster() -> None:
    rows = np.repeat(np.array([[0.0, 9], [9, 0]], np.float32), 5, axis=0)
    first = dominant_patches(rows, (2,), seed=1)
    assert first.sum() == 5
    assert all((dominant_patches(rows, (2,), seed=1) == first).all() for _ in range(3))


def test_identical_patches_form_one_cluster_without_a_warning() -> None:
    tile = np.full((1, 196, 768), 0.25, np.float32)
    vectors = aggregate(tile, all_valid(tile))
    assert vectors.dominant_share.tolist() == [1]
    np.testing.assert_allclose(vectors.dominant, 0.25)


@pytest.mark.parametrize("n_valid", [1, 2, 3])
def test_with_fewer_valid_patches_than_clusters_each_is_a_cluster(n_valid: int) -> None:
    patches = make_patches(1)
    valid = np.arange(20)[None] < n_valid
    vectors = aggregate(patches, valid, clusters=(4,))
    assert vectors.dominant_share[0] == pytest.approx(1 / n_valid)
    np.testing.assert_allclose(vectors.mean[0], patches[0, :n_valid].mean(axis=0), atol=1e-6)


def test_a_tile_does_not_depend_on_its_batch() -> None:
    patches = make_patches(5, 196, 32)
    together = aggregate(patches, all_valid(patches))
    for i in range(5):
        alone = aggregate(patches[i : i + 1], np.ones((1, 196), bool))
        np.testing.assert_array_equal(alone.dominant[0], together.dominant[i])
        np.testing.assert_array_equal(alone.median[0], together.median[i])


def test_vectors_never_have_length_0() -> None:
    patches = np.zeros((1, 196, 768), np.float32)
    vectors = aggregate(patches, all_valid(patches))
    for name in AGGREGATIONS:
        vector = getattr(vectors, name)
        assert vector.shape == (1, 768)
        assert vector.dtype == np.float32
        assert np.linalg.norm(vector) == pytest.approx(1, rel=1e-5)


def test_float16_patches_give_float32_vectors() -> None:
    patches = make_patches(2, 196, 32)
    half = aggregate(patches.astype(np.float16), all_valid(patches))
    np.testing.assert_allclose(half.mean, aggregate(patches, all_valid(patches)).mean, atol=1e-3)
    assert half.mean.dtype == np.float32


def test_a_tile_without_valid_or_finite_patches_is_an_error_that_names_it() -> None:
    patches = make_patches(2)
    valid = all_valid(patches)
    valid[1] = False
    with pytest.raises(EmbeddingError, match="tile 1 "):
        aggregate(patches, valid)
    patches[0, 3, 2] = np.inf
    with pytest.raises(EmbeddingError, match="tile 0 "):
        aggregate(patches, all_valid(patches))


@pytest.mark.parametrize(("shape", "clusters"), [((2, 19), (4,)), ((2, 20), (3, 0))])
def test_shapes_and_cluster_numbers_are_checked(shape: tuple[int, int], clusters: tuple[int, ...]) -> None:
    with pytest.raises(ValueError, match="do not match"):
        aggregate(make_patches(2), np.ones(shape, bool), clusters=clusters)


def test_no_tiles_give_no_vectors() -> None:
    vectors = aggregate(np.empty((0, 196, 768), np.float32), np.empty((0, 196), bool))
    assert vectors.mean.shape == (0, 768)
    assert vectors.dominant_share.shape == (0,)
