"""Neighbour preservation, against scikit-learn's trustworthiness and by brute force."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from etl.metrics.neighbour_preservation import measure_preservation


def test_trustworthiness_equals_scikit_learn_and_overlap_equals_brute_force() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    places = vectors[:, :2]
    kept = measure_preservation(vectors, places, k=7)
    assert kept.trustworthiness == pytest.approx(
        trustworthiness(vectors, places, n_neighbors=7, metric="cosine"), abs=1e-5
    )
    cosine = (unit := vectors / np.linalg.norm(vectors, axis=1, keepdims=True)) @ unit.T
    shared = [
        len(set(np.argsort(-cosine[i])[1:8]) & set(np.argsort(np.linalg.norm(places - places[i], axis=1))[1:8]))
        for i in range(300)
    ]
    assert kept.overlap == pytest.approx(np.mean(shared) / 7)


def test_a_perfect_layout_scores_1() -> None:
    angle = np.sort(np.random.default_rng(1).uniform(0, 1, 60))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    kept = measure_preservation(circle, circle, k=5)
    assert (kept.overlap, kept.trustworthiness) == (1, 1)


def test_too_few_tiles_are_refused() -> None:
    with pytest.raises(ValueError, match=r"10 tiles.*more than 10"):
        measure_preservation(np.eye(10), np.zeros((10, 2)), k=5)
