"""Texture against NumPy, its invariances, and mean_std against pgvector."""

import json
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pgvector import Vector

from etl.errors import PostProcessingError
from etl.vectors.aggregation import aggregate
from etl.vectors.texture import Texture, fit_texture, mean_std, patch_std
from etl.vectors.unit import unit_vectors

N_TILES, N_PATCHES, DIMENSION = 9, 20, 6


def make_patches(seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    spread = rng.uniform(0.5, 3, (N_TILES, 1, DIMENSION))
    return (rng.normal(1, 1, (N_TILES, N_PATCHES, DIMENSION)) * spread).astype(np.float32)


def make_valid(seed: int, n: int = N_TILES) -> np.ndarray:
    """Half of each tile at random is valid, at least two patches."""
    valid = np.random.default_rng(seed).random((n, N_PATCHES)) < 0.5
    valid[:, :2] = True
    return valid


def std_vectors(patches: np.ndarray, valid: np.ndarray) -> np.ndarray:
    deviations = np.stack([patch_std(rows[mask]) for rows, mask in zip(patches, valid, strict=True)])
    return aggregate(patches, valid, fit_texture(deviations)).std


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000))
def test_std_equals_numpy_over_valid_patches_standardised_over_tiles(seed: int) -> None:
    patches, valid = make_patches(seed), make_valid(seed)
    of_numpy = np.stack([rows[mask].astype(np.float64).std(axis=0) for rows, mask in zip(patches, valid, strict=True)])
    patches[~valid] = np.nan  # must not be read
    expected = (of_numpy - of_numpy.mean(axis=0)) / of_numpy.std(axis=0)
    np.testing.assert_allclose(std_vectors(patches, valid), expected, atol=1e-3)
    np.testing.assert_allclose(aggregate(patches, valid).std, of_numpy, rtol=1e-4)


@settings(max_examples=30)
@given(seed=st.integers(0, 10_000), exponent=st.floats(-2, 2), shift=st.floats(-10, 10))
def test_a_gain_and_a_shift_of_each_dimension_do_not_change_std(seed: int, exponent: float, shift: float) -> None:
    patches, valid = make_patches(seed), make_valid(seed)
    gain = np.random.default_rng(seed).choice([-1, 1], DIMENSION) * 10.0**exponent
    changed = ((patches + shift) * gain).astype(np.float32)
    np.testing.assert_allclose(std_vectors(changed, valid), std_vectors(patches, valid), atol=1e-2)


def test_the_order_of_patches_does_not_change_std() -> None:
    patches = make_patches()
    valid = np.ones(patches.shape[:2], bool)
    np.testing.assert_allclose(std_vectors(patches[:, ::-1], valid), std_vectors(patches, valid), atol=1e-5)


def test_half_a_tile_has_the_std_of_its_valid_half() -> None:
    patches, texture = make_patches(), fit_texture(np.stack([patch_std(rows) for rows in make_patches()]))
    half = np.arange(N_PATCHES) < N_PATCHES // 2
    valid = np.tile(half, (N_TILES, 1))
    alone = aggregate(patches[:, half], valid[:, half], texture)
    np.testing.assert_array_equal(aggregate(patches, valid, texture).std, alone.std)


def test_the_std_of_one_valid_patch_is_unknown_and_does_not_enter_the_fit() -> None:
    patches, valid = make_patches(), np.ones((N_TILES, N_PATCHES), bool)
    known = np.stack([patch_std(rows) for rows in patches])
    valid[3] = np.arange(N_PATCHES) == 5
    unknown = patch_std(patches[3][valid[3]])
    assert np.isnan(unknown).all()
    others = np.delete(known, 3, axis=0)
    texture, expected = fit_texture(np.insert(others, 3, unknown, axis=0)), fit_texture(others)
    np.testing.assert_array_equal(texture.mean, expected.mean)
    np.testing.assert_array_equal(texture.std, expected.std)
    vectors = aggregate(patches, valid, texture).std
    np.testing.assert_allclose(vectors[3], DIMENSION**-0.5)  # as all vectors of length 0
    assert np.isfinite(vectors).all()


def test_equal_patches_are_known_to_have_no_texture() -> None:
    patches, valid = make_patches(), np.ones((N_TILES, N_PATCHES), bool)
    patches[4] = patches[4, 0]
    assert (std_vectors(patches, valid)[4] < 0).all()


def test_a_dimension_that_is_0_everywhere_stays_0() -> None:
    patches = make_patches()
    patches[..., 2] = 0
    vectors = std_vectors(patches, np.ones(patches.shape[:2], bool))
    np.testing.assert_array_equal(vectors[:, 2], 0)
    assert vectors[:, [0, 1, 3, 4, 5]].all()


def test_without_a_tile_of_known_std_the_texture_changes_nothing() -> None:
    texture = fit_texture(np.full((2, 3), np.nan))
    np.testing.assert_array_equal(texture.apply(np.array([1, 2, 3], np.float32)), [1, 2, 3])


@given(seed=st.integers(0, 1000))
def test_json_restores_the_same_float32(seed: int) -> None:
    texture = fit_texture(np.random.default_rng(seed).random((5, DIMENSION)).astype(np.float32))
    back = Texture.from_values(json.loads(json.dumps(texture.to_values())), DIMENSION)
    np.testing.assert_array_equal(back.mean, texture.mean)
    np.testing.assert_array_equal(back.std, texture.std)
    assert back.mean.dtype == back.std.dtype == np.float32


@pytest.mark.parametrize(("mean", "std"), [([0], [1]), ([0, 0], [1, 0]), ([0, float("nan")], [1, 1]), ([0, 0], [1])])
def test_numbers_that_do_not_fit_are_refused(mean: list[float], std: list[float]) -> None:
    with pytest.raises(PostProcessingError, match="2 finite numbers"):
        Texture.from_values({"mean": mean, "std": std}, 2)


def test_the_cosine_of_mean_std_is_the_mean_of_both_cosines_in_numpy_and_in_pgvector(
    conn: psycopg.Connection[Any],
) -> None:
    rng = np.random.default_rng(7)
    mean, std = (rng.normal(size=(2, 768)).astype(np.float32) * scale for scale in (1, 30))
    both = mean_std(mean, std)
    assert both.shape == (2, 1536)
    expected = sum(float(unit_vectors(part)[0] @ unit_vectors(part)[1]) for part in (mean, std)) / 2
    cosine = float(unit_vectors(both)[0] @ unit_vectors(both)[1])
    assert cosine == pytest.approx(expected, abs=1e-6)
    in_sql, vector = conn.execute(
        """
        SELECT 1 - ((l2_normalize(%(m0)s) || l2_normalize(%(s0)s)) <=> (l2_normalize(%(m1)s) || l2_normalize(%(s1)s))),
            (l2_normalize(%(m0)s) || l2_normalize(%(s0)s))::real[]
        """,
        {"m0": Vector(mean[0]), "s0": Vector(std[0]), "m1": Vector(mean[1]), "s1": Vector(std[1])},
    ).fetchone() or (0.0, [])
    assert in_sql == pytest.approx(expected, abs=1e-6)
    np.testing.assert_allclose(vector, both[0], atol=1e-7)
