"""Post-processing against NumPy over all patches, and its JSON."""

import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from etl.errors import EncoderError
from etl.post_processing import PostProcessing, fit_post_processing


def make_patches(n: int = 3, n_patches: int = 20, dimension: int = 6, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).normal(1, 2, (n, n_patches, dimension)).astype(np.float32)


def test_post_processing_equals_numpy_over_all_patches() -> None:
    patches = make_patches(10, 50, 8) * np.logspace(-2, 3, 8, dtype=np.float32) + 100
    fitted = fit_post_processing(iter(patches))
    flat = patches.reshape(-1, 8).astype(np.float64)
    np.testing.assert_allclose(fitted.mean, flat.mean(axis=0), rtol=1e-6)
    floor = np.maximum(1e-3 * np.median(flat.std(axis=0)), np.abs(flat.mean(axis=0)) / 1024)
    np.testing.assert_allclose(fitted.std, np.maximum(flat.std(axis=0), floor), rtol=1e-6)
    assert fitted.method == "standardised"
    assert (fitted.mean.dtype, fitted.std.dtype) == (np.float32, np.float32)


def test_applied_post_processing_centres_and_scales() -> None:
    patches = make_patches(10, 50, 8) * 3
    standardised = fit_post_processing([patches]).apply(patches)
    assert standardised.dtype == np.float32
    np.testing.assert_allclose(standardised.mean(axis=(0, 1)), 0, atol=1e-5)
    np.testing.assert_allclose(standardised.std(axis=(0, 1)), 1, atol=1e-5)


@given(cuts=st.lists(st.integers(0, 60), max_size=8), seed=st.integers(0, 1000))
def test_fit_does_not_depend_on_the_blocks(cuts: list[int], seed: int) -> None:
    patches = make_patches(1, 60, 5, seed)[0] + 1000  # a large mean: a naive sum of squares would lose digits
    whole = fit_post_processing([patches])
    blocks = fit_post_processing(np.split(patches, sorted(cuts)))
    np.testing.assert_allclose(blocks.mean, whole.mean, rtol=1e-6)
    np.testing.assert_allclose(blocks.std, whole.std, rtol=1e-6)


def test_dimensions_that_do_not_vary_become_zero() -> None:
    patches = make_patches()
    patches[:, :, 2] = 7.5
    standardised = fit_post_processing([patches]).apply(patches)
    assert np.isfinite(standardised).all()
    np.testing.assert_array_equal(standardised[:, :, 2], 0)


def test_a_data_set_of_one_constant_can_be_fitted() -> None:
    patches = np.full((2, 4, 6), 3, np.float32)
    np.testing.assert_array_equal(fit_post_processing([patches]).apply(patches), 0)


def test_rounding_of_float16_is_not_blown_up() -> None:
    patches = make_patches(4, 50, 6)
    patches[:, :, 0] = 1000 + np.random.default_rng(1).uniform(-0.01, 0.01, (4, 50))
    fitted = fit_post_processing([patches.astype(np.float16)])
    assert np.abs(fitted.apply(patches)[:, :, 0]).max() < 1


def test_fit_refuses_nothing_and_non_finite_values() -> None:
    with pytest.raises(EncoderError, match="no valid patch"):
        fit_post_processing([np.empty((0, 6), np.float32)])
    with pytest.raises(EncoderError, match="not finite"):
        fit_post_processing([np.array([[1.0, np.nan]], np.float32)])


FLOATS = st.floats(-1e6, 1e6, width=32)


@given(mean=hnp.arrays(np.float32, 4, elements=FLOATS), std=hnp.arrays(np.float32, 4, elements=FLOATS))
def test_json_gives_back_the_same_float32(mean: np.ndarray, std: np.ndarray) -> None:
    std = np.abs(std) + np.float32(1e-3)
    original = PostProcessing("standardised", mean, std)
    # Through a parsed and newly written object too, as jsonb does.
    back = PostProcessing.from_json(json.dumps(json.loads(original.to_json())))
    assert back.method == "standardised"
    np.testing.assert_array_equal(back.mean, mean)
    np.testing.assert_array_equal(back.std, std)
    assert back.mean.dtype == back.std.dtype == np.float32


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        "{}",
        '{"method": "standardised", "mean": [1, 2], "std": [1]}',
        '{"method": "standardised", "mean": ["x"], "std": [1]}',
        '{"method": "standardised", "mean": [1], "std": [0]}',
        '{"method": "standardised", "mean": [null], "std": [1]}',
    ],
)
def test_unreadable_post_processing_is_refused(text: str) -> None:
    with pytest.raises(EncoderError, match="stored post-processing"):
        PostProcessing.from_json(text)
