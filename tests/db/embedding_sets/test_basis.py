"""Principal components: orthonormal, the best of their number, and the same for equal samples."""

import numpy as np
import pytest

from db.embedding_sets import basis
from db.embedding_sets.basis import fit_basis, keys_of

RNG = np.random.default_rng(0)


def vectors(n: int, dimension: int = 40, rank: int = 30) -> np.ndarray:
    """Return vectors of different lengths whose directions lie near a few dimensions."""
    strength = 0.8 ** np.arange(rank)
    return ((RNG.normal(size=(n, rank)) * strength) @ RNG.normal(size=(rank, dimension))).astype(np.float32)


@pytest.fixture(autouse=True)
def short_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(basis, "KEY_DIMENSION", 12)
    monkeypatch.setattr(basis, "CHUNK", 64)


def test_components_are_orthonormal() -> None:
    components = fit_basis(vectors(300)).components
    assert (components.shape, components.dtype) == ((12, 40), np.float32)
    np.testing.assert_allclose(components @ components.T, np.eye(12), atol=1e-5)


def test_components_span_what_singular_vectors_of_unit_vectors_span() -> None:
    sample = vectors(300)
    unit = sample / np.linalg.norm(sample, axis=1, keepdims=True)
    _, strength, expected = np.linalg.svd(unit, full_matrices=False)
    fitted = fit_basis(sample)
    np.testing.assert_allclose(np.abs(fitted.components @ expected[:12].T), np.eye(12), atol=1e-3)
    assert fitted.kept_share == pytest.approx((strength[:12] ** 2).sum() / (strength**2).sum(), abs=1e-5)


def test_the_length_of_a_vector_has_no_influence() -> None:
    sample = vectors(200)
    scaled = sample * RNG.uniform(0.1, 10, (200, 1)).astype(np.float32)
    np.testing.assert_allclose(fit_basis(scaled).components, fit_basis(sample).components, atol=1e-4)


def test_equal_samples_give_equal_components() -> None:
    sample = vectors(200)
    np.testing.assert_array_equal(fit_basis(sample).components, fit_basis(sample.copy()).components)


def test_vectors_shorter_than_a_key_keep_everything() -> None:
    fitted = fit_basis(vectors(50, dimension=5, rank=5))
    assert fitted.components.shape == (5, 5)
    assert fitted.kept_share == pytest.approx(1)


@pytest.mark.parametrize("n", [0, 3])
def test_a_sample_without_direction_is_refused(n: int) -> None:
    with pytest.raises(ValueError, match=f"none of the {n} vectors"):
        fit_basis(np.zeros((n, 40), np.float32))


def test_keys_are_the_projection_scaled_to_unit_length() -> None:
    sample = vectors(150)
    components = fit_basis(sample).components
    projected = sample.astype(np.float64) @ components.T.astype(np.float64)
    expected = projected / np.linalg.norm(projected, axis=1, keepdims=True)
    keys = keys_of(components, sample)
    assert keys.dtype == np.float32
    np.testing.assert_allclose(keys, expected, atol=1e-5)


def test_without_components_keys_are_unit_vectors() -> None:
    sample = vectors(10)
    np.testing.assert_allclose(keys_of(None, sample), sample / np.linalg.norm(sample, axis=1, keepdims=True), atol=1e-6)


def test_a_vector_of_length_zero_has_a_key_of_zeros() -> None:
    components = fit_basis(vectors(100)).components
    np.testing.assert_array_equal(keys_of(components, np.zeros((1, 40))), np.zeros((1, 12)))
    np.testing.assert_array_equal(keys_of(None, np.zeros((1, 40))), np.zeros((1, 40)))


def test_inner_products_of_keys_are_cosines_of_vectors() -> None:
    sample = vectors(200)
    fitted = fit_basis(sample)
    unit, keys = keys_of(None, sample), keys_of(fitted.components, sample)
    assert fitted.kept_share > 0.97
    assert np.abs(keys @ keys.T - unit @ unit.T).mean() < 0.02
