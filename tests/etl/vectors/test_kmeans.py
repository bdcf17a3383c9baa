"""k-means on the Gram matrix, against scikit-learn."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn.cluster import KMeans
from sklearn.metrics import adjusted_rand_score, calinski_harabasz_score

from etl.vectors.kmeans import choose_k, gram_matrix, k_means


def blobs(sizes: list[int], spread: float, seed: int = 0, dimension: int = 32) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng(seed)
    labels = rng.permutation(np.repeat(np.arange(len(sizes)), sizes))
    centres = 10 * np.eye(dimension)[: len(sizes)]
    return (centres[labels] + rng.normal(0, spread, (len(labels), dimension))).astype(np.float32), labels


@settings(max_examples=20, deadline=None)
@given(seed=st.integers(0, 10_000), k=st.sampled_from([2, 3, 4]))
def test_inertia_is_within_3_percent_of_scikit_learn_on_data_without_clusters(seed: int, k: int) -> None:
    rows = np.random.default_rng(seed).normal(5, 1, (120, 8)).astype(np.float32)
    found = k_means(gram_matrix(rows), k, n_starts=10, seed=seed)
    means = np.array([rows[found.labels == c].mean(axis=0) for c in range(k)])
    distances = ((rows[:, None] - means) ** 2).sum(axis=2)
    assert found.inertia == pytest.approx(distances.min(axis=1).sum(), rel=1e-4)
    own = distances[np.arange(120), found.labels]
    assert (own <= distances.min(axis=1) * (1 + 1e-4) + 1e-6).all(), "a row is nearer to the mean of another cluster"
    theirs = KMeans(k, n_init=10, random_state=seed).fit(rows).inertia_
    assert found.inertia < 1.03 * theirs


@pytest.mark.parametrize("sizes", [[100, 60, 36], [100, 50, 30, 16]])
def test_known_clusters_are_found_and_counted(sizes: list[int]) -> None:
    rows, truth = blobs(sizes, 0.5)
    gram = gram_matrix(rows)
    for seed in range(5):
        assert adjusted_rand_score(choose_k(gram, (3, 4), 10, seed).labels, truth) == 1


@pytest.mark.parametrize("seed", range(10))
def test_k_is_chosen_by_scikit_learns_calinski_harabasz_index(seed: int) -> None:
    rows, _ = blobs([60, 50, 40, 30], 3 + seed / 2, seed)
    gram = gram_matrix(rows)
    three, four = (k_means(gram, k, 10, 0) for k in (3, 4))
    wants_four = calinski_harabasz_score(rows, four.labels) > calinski_harabasz_score(rows, three.labels)
    chosen = choose_k(gram, (3, 4), 10, 0)
    np.testing.assert_array_equal(chosen.labels, (four if wants_four else three).labels)


@pytest.mark.parametrize("n_distinct", [1, 2, 3])
def test_fewer_distinct_rows_than_clusters_leave_clusters_empty(n_distinct: int) -> None:
    distinct = np.random.default_rng(1).normal(3, 1, (n_distinct, 768)).astype(np.float32)
    rows = distinct[np.arange(196) % n_distinct]
    found = choose_k(gram_matrix(rows), (3, 4), 10, 0)
    assert len(set(found.labels)) == n_distinct
    assert adjusted_rand_score(found.labels, np.arange(196) % n_distinct) == 1


@pytest.mark.parametrize("n", [1, 2, 3, 4])
def test_rows_no_more_than_clusters_are_separate_clusters(n: int) -> None:
    rows = np.random.default_rng(2).normal(0, 1, (n, 8)).astype(np.float32)
    assert len(set(choose_k(gram_matrix(rows), (3, 4), 10, 0).labels)) == min(n, 3)
