"""LEACE against its definition: no linear predictor is left, the change is minimal, new vectors are handled too."""

import numpy as np
import pytest

from etl.errors import SpatialBiasError
from etl.vectors.bias.leace import LinearRemoval, fit_leace, shortest


def r2(vectors: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of the labels' variance that least squares on the vectors explains, up to rounding errors."""
    centred = vectors - vectors.mean(axis=0)
    wanted = labels - labels.mean(axis=0)
    found, *_ = np.linalg.lstsq(centred, wanted, rcond=1e-5)
    return float(1 - ((wanted - centred @ found) ** 2).sum() / (wanted**2).sum())


def make_world(n: int, dimension: int, weight: float = 3) -> tuple[np.ndarray, np.ndarray]:
    """Return correlated vectors that contain two labels linearly, and the labels."""
    rng = np.random.default_rng(0)
    labels = rng.normal(size=(n, 2))
    mixing = rng.normal(size=(dimension, dimension))
    vectors = rng.normal(size=(n, dimension)) @ mixing + weight * labels @ rng.normal(size=(2, dimension)) + 10
    return vectors.astype(np.float32), labels


def test_no_linear_function_of_the_vectors_predicts_the_labels() -> None:
    vectors, labels = make_world(2000, 20)
    assert r2(vectors, labels) > 0.9
    removed = fit_leace(vectors, labels, "labels").apply(vectors)
    assert removed.dtype == np.float32
    assert r2(removed, labels) < 1e-6


def test_unseen_vectors_lose_the_labels_and_little_else() -> None:
    vectors, labels = make_world(4000, 20)
    removal = fit_leace(vectors[:3000], labels[:3000], "labels")
    removed = removal.apply(vectors[3000:])
    assert removal.measure.shape == (2, 20)
    assert r2(removed, labels[3000:]) < 0.05
    # Two of 20 directions are removed; variation that is not explained by the labels remains.
    assert r2(removed, vectors[3000:] - labels[3000:] @ np.linalg.lstsq(labels, vectors, rcond=None)[0][:2]) > 0.8


def test_vectors_change_less_than_by_the_orthogonal_projection() -> None:
    """Theorem 4.3: of all affine removals, LEACE changes least in the norm of the vectors' covariance."""
    vectors, labels = make_world(5000, 10, weight=0.5)
    deviation = vectors - vectors.mean(axis=0, dtype=np.float64)
    shared = deviation.T @ (labels - labels.mean(axis=0))
    axes, _ = np.linalg.qr(shared)
    orthogonal = deviation - deviation @ axes @ axes.T
    assert r2(orthogonal, labels) < 1e-6
    precision = np.linalg.inv(np.cov(deviation.T))

    def cost(change: np.ndarray) -> float:
        return float(np.einsum("nd,de,ne->n", change, precision, change).mean())

    ours = fit_leace(vectors, labels, "labels").apply(vectors) - vectors
    assert cost(ours) < 0.9 * cost(orthogonal - deviation)


def test_fewer_vectors_than_dimensions_and_collinear_labels_are_handled() -> None:
    vectors, _ = make_world(40, 60)
    groups = np.arange(40) % 4
    one_hot = (groups[:, None] == np.arange(4)).astype(float)
    many = np.hstack([one_hot, one_hot, np.ones((40, 1))])
    removal = fit_leace(vectors, many, "groups")
    removed = removal.apply(vectors)
    assert len(removal.measure) == 3  # four groups differ in three directions
    means = np.array([removed[groups == g].mean(axis=0) for g in range(4)])
    np.testing.assert_allclose(means, np.broadcast_to(means[0], means.shape), atol=1e-3)
    assert np.linalg.matrix_rank(removed - removed.mean(axis=0), tol=1e-2) > 30
    np.testing.assert_allclose(removal.apply(removed), removed, atol=1e-3)


def test_constant_labels_remove_nothing() -> None:
    vectors, _ = make_world(50, 5)
    removal = fit_leace(vectors, np.ones((50, 2)), "one place")
    np.testing.assert_array_equal(removal.apply(vectors), vectors)
    back = LinearRemoval.from_values(removal.to_values())
    np.testing.assert_array_equal(back.apply(vectors), vectors)


def test_as_many_labels_as_dimensions_or_too_few_vectors_are_an_error() -> None:
    vectors, _ = make_world(50, 5)
    with pytest.raises(SpatialBiasError, match=r"nine places.*5 dimensions"):
        fit_leace(vectors, np.random.default_rng(1).normal(size=(50, 9)), "nine places")
    with pytest.raises(SpatialBiasError, match="1 vectors are too few"):
        fit_leace(vectors[:1], np.ones((1, 1)), "place")


def test_shortest_decimals_restore_the_same_numbers() -> None:
    numbers = np.random.default_rng(2).normal(size=(50, 7)).astype(np.float32) * np.logspace(-20, 20, 7, dtype="f4")
    np.testing.assert_array_equal(np.array(shortest(numbers), dtype=np.float32), numbers)
