"""Neighbours kept, against scikit-learn's trustworthiness and by hand."""

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from etl.metrics.neighbour_preservation import neighbours_kept


def test_trustworthiness_is_scikit_learns() -> None:
    rng = np.random.default_rng(0)
    vectors = rng.normal(size=(300, 16)).astype(np.float32)
    places = vectors[:, :2]
    kept = neighbours_kept(vectors, places, k=7)
    assert kept.trustworthiness == pytest.approx(
        trustworthiness(vectors, places, n_neighbors=7, metric="cosine"), abs=1e-5
    )
    cosine = (unit := vectors / np.linalg.norm(vectors, axis=1, keepdims=True)) @ unit.T
    shared = [
        len(set(np.argsort(-cosine[i])[1:8]) & set(np.argsort(np.linalg.norm(places - places[i], axis=1))[1:8]))
        for i in range(300)
    ]
    assert kept.overlap == pytest.approx(np.mean(shared) / 7)


def test_a_plane_of_its_own_is_kept_whole_and_too_few_tiles_are_refused() -> None:
    angle = np.sort(np.random.default_rng(1).uniform(0, 1, 60))
    circle = np.stack([np.cos(angle), np.sin(angle)], axis=1).astype(np.float32)
    kept = neighbours_kept(circle, circle, k=5)
    assert (kept.overlap, kept.trustworthiness) == (1, 1)
    with pytest.raises(ValueError, match="too few"):
        neighbours_kept(circle[:10], circle[:10], k=5)
