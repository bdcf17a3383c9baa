"""Post-processing against NumPy over all patches, and its JSON."""

import json
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from etl.errors import EmbeddingError, PostProcessingError
from etl.vectors.bias.leace import fit_leace
from etl.vectors.choices import POST_PROCESSINGS
from etl.vectors.post_processing import DIMENSIONS_PER_COMPONENT, PostProcessing
from tests.builders import fit_post_processing


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
def test_the_fit_does_not_depend_on_how_patches_are_split(cuts: list[int], seed: int) -> None:
    patches = make_patches(1, 60, 5, seed)[0] + 1000  # a large mean: a naive sum of squares would lose digits
    whole = fit_post_processing([patches])
    blocks = fit_post_processing(np.split(patches, sorted(cuts)))
    np.testing.assert_allclose(blocks.mean, whole.mean, rtol=1e-6)
    np.testing.assert_allclose(blocks.std, whole.std, rtol=1e-6)


def test_constant_dimensions_become_0() -> None:
    patches = make_patches()
    patches[:, :, 2] = 7.5
    standardised = fit_post_processing([patches]).apply(patches)
    assert np.isfinite(standardised).all()
    np.testing.assert_array_equal(standardised[:, :, 2], 0)


def test_constant_data_can_be_fitted() -> None:
    patches = np.full((2, 4, 6), 3, np.float32)
    np.testing.assert_array_equal(fit_post_processing([patches]).apply(patches), 0)


def test_rounding_errors_of_float16_are_not_amplified() -> None:
    patches = make_patches(4, 50, 6)
    patches[:, :, 0] = 1000 + np.random.default_rng(1).uniform(-0.01, 0.01, (4, 50))
    fitted = fit_post_processing([patches.astype(np.float16)])
    assert np.abs(fitted.apply(patches)[:, :, 0]).max() < 1


def test_no_patches_and_non_finite_values_are_errors() -> None:
    with pytest.raises(PostProcessingError, match="no valid patch"):
        fit_post_processing([np.empty((0, 6), np.float32)])
    with pytest.raises(EmbeddingError, match="not finite"):
        fit_post_processing([np.array([[1.0, np.nan]], np.float32)])


FLOATS = st.floats(-1e6, 1e6, width=32)


@given(mean=hnp.arrays(np.float32, 4, elements=FLOATS), std=hnp.arrays(np.float32, 4, elements=FLOATS))
def test_json_restores_the_same_float32(mean: np.ndarray, std: np.ndarray) -> None:
    std = np.abs(std) + np.float32(1e-3)
    original = PostProcessing("standardised", mean, std)
    # Parse and serialise once more, as jsonb does.
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
        '{"method": "whitened", "mean": [1], "std": [1]}',
        '{"method": "all_but_the_top", "mean": [1], "std": [1], "components": [[1, 0]]}',
        '{"method": "standardised", "mean": [1], "std": [1], "removal": {"method": "leace"}}',
        '{"method": "standardised", "mean": [1], "std": [1], "removal": 7}',
    ],
)
def test_unreadable_post_processing_is_refused(text: str) -> None:
    with pytest.raises(PostProcessingError, match="stored"):
        PostProcessing.from_json(text)


def test_raw_keeps_patches_and_centred_subtracts_the_mean() -> None:
    patches = make_patches(10, 50, 8)
    np.testing.assert_array_equal(fit_post_processing([patches], "raw").apply(patches), patches)
    centred = fit_post_processing([patches], "centred").apply(patches)
    np.testing.assert_allclose(centred, patches - patches.mean(axis=(0, 1)), atol=1e-5)


def test_all_but_the_top_removes_the_first_principal_components() -> None:
    dimension = 2 * DIMENSIONS_PER_COMPONENT
    rng = np.random.default_rng(3)
    patches = rng.normal(5, 1, (4000, dimension)).astype(np.float32)
    patches[:, :3] *= np.array([30, 20, 4], np.float32)
    fitted = fit_post_processing(np.array_split(patches, 7), "all_but_the_top")
    deviation = patches - patches.mean(axis=0)
    _, _, axes = np.linalg.svd(deviation.astype(np.float64), full_matrices=False)
    assert fitted.components is not None
    assert fitted.components.shape == (2, dimension)
    np.testing.assert_allclose(np.abs(np.sum(fitted.components * axes[:2], axis=1)), 1, atol=1e-5)
    done = fitted.apply(patches)
    np.testing.assert_allclose(done, deviation - deviation @ axes[:2].T @ axes[:2], atol=1e-3)
    assert np.abs(done @ axes[:2].T).max() < 1e-2
    assert done[:, 2].std() > 3  # the third is not among the first two


def test_each_post_processing_is_restored_from_json_with_components_removal_and_exclusion() -> None:
    patches = make_patches(10, 50, 8)
    labels = np.random.default_rng(4).normal(size=(500, 2))
    for method in POST_PROCESSINGS:
        fitted = fit_post_processing([patches], method)
        removal = fit_leace(fitted.apply(patches).reshape(-1, 8), labels, "noise")
        whole = replace(fitted, removal=removal, excluded_dimensions=(2, 5))
        back = PostProcessing.from_json(json.dumps(json.loads(whole.to_json())))
        assert back.method == method
        assert back.to_json() == whole.to_json()
        np.testing.assert_array_equal(back.apply(patches), whole.apply(patches))
        assert not whole.apply(patches)[..., [2, 5]].any()


def test_post_processing_commutes_with_the_mean() -> None:
    patches = make_patches(30, 40, 8)
    for method in POST_PROCESSINGS:
        fitted = fit_post_processing([patches], method)
        means = fitted.apply(patches).mean(axis=1)
        whole = replace(fitted, removal=fit_leace(means, np.arange(30.0)[:, None], "order"), excluded_dimensions=(1,))
        np.testing.assert_allclose(
            whole.apply(patches).mean(axis=1), whole.apply(patches.mean(axis=1, dtype=np.float64)), atol=1e-4
        )


def test_optional_parts_are_missing_from_the_json_of_a_plain_post_processing() -> None:
    plain = PostProcessing.from_json('{"method": "standardised", "mean": [1, 2], "std": [1, 4]}')
    np.testing.assert_array_equal(plain.apply(np.array([[2.0, 6.0]])), [[1, 1]])
    assert json.loads(plain.to_json()) == {"method": "standardised", "mean": [1, 2], "std": [1, 4]}


def test_an_unknown_post_processing_is_an_error_that_lists_the_known_ones() -> None:
    with pytest.raises(PostProcessingError, match=r"'whitened'.* raw, centred"):
        fit_post_processing([make_patches()], "whitened")
