"""Retrieval metrics against scikit-learn, and against full sorts."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from etl.metrics import retrieval
from etl.metrics.retrieval import average_precision, precision_at_k, rank_of_target, summarise

N, DIMENSION, K = 60, 6, 7


@pytest.fixture(params=[512, 7])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return vectors, labels and cities; processed in one block, and in blocks with a remainder."""
    monkeypatch.setattr(retrieval, "BLOCK", request.param)
    rng = np.random.default_rng(3)
    labels = rng.choice(np.array(["harbour", "park", "coast", "estate"]), N)
    vectors = rng.normal(size=(N, DIMENSION)) + 0.5 * (labels == "park")[:, None]
    return vectors, labels, rng.integers(0, 5, N)


def ranked(vectors: np.ndarray, query: int, is_candidate: np.ndarray) -> list[int]:
    """Return the candidates by descending cosine, computed in float64."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return [int(i) for i in np.argsort(-(unit @ unit[query])) if is_candidate[i]]


@pytest.mark.parametrize("excludes_city", [False, True])
def test_precision_and_average_precision_equal_scikit_learn_and_a_full_sort(
    world: tuple[np.ndarray, np.ndarray, np.ndarray], excludes_city: bool
) -> None:
    vectors, labels, cities = world
    groups = cities if excludes_city else None
    precision, average = precision_at_k(vectors, labels, K, groups), average_precision(vectors, labels, groups)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for i in range(N):
        is_candidate = cities != cities[i] if excludes_city else np.arange(N) != i
        is_right = labels[is_candidate] == labels[i]
        first = ranked(vectors, i, is_candidate)[:K]
        assert precision[i] == pytest.approx(np.mean(labels[first] == labels[i]))
        assert average[i] == pytest.approx(average_precision_score(is_right, (unit @ unit[i])[is_candidate]), abs=1e-6)


def test_ranks_of_targets_equal_a_full_sort(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    vectors, _, _ = world
    rng = np.random.default_rng(4)
    targets = rng.permutation(N)[:20]
    queries = vectors[targets] + rng.normal(0, 1, (20, DIMENSION))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = [1 + list(np.argsort(-(unit @ q))).index(t) for q, t in zip(queries, targets, strict=True)]
    assert rank_of_target(queries, vectors, targets).tolist() == expected


def test_recall_and_mean_reciprocal_rank_by_hand() -> None:
    found = summarise(np.array([1, 2, 4, 10]), k=3)
    assert (found.recall_at_k, found.mrr) == (0.5, pytest.approx((1 + 1 / 2 + 1 / 4 + 1 / 10) / 4))
    assert np.isnan(summarise(np.empty(0, np.int64)).mrr)
    assert np.isnan(summarise(np.empty(0, np.int64)).recall_at_k)


def test_ties_count_against_the_query() -> None:
    same = np.ones((20, 4))
    labels = np.array([0] * 4 + [1] * 16)
    assert rank_of_target(same[:2], same, np.array([0, 1])).tolist() == [20, 20]
    # For label 0, 16 of the 19 candidates are wrong; they come first.
    assert precision_at_k(same, labels, 10)[0] == 0
    assert average_precision(same, labels)[0] == pytest.approx(np.mean([1 / 17, 2 / 18, 3 / 19]))


def test_a_query_without_a_relevant_candidate_gets_nan() -> None:
    vectors, labels = np.eye(4), np.array(["a", "b", "b", "b"])
    assert np.isnan(precision_at_k(vectors, labels)[0])
    assert np.isnan(average_precision(vectors, labels)[0])
    assert np.isfinite(average_precision(vectors, labels)[1:]).all()
    # All candidates are in the query's city, which is excluded.
    assert np.isnan(precision_at_k(vectors, labels, groups=np.zeros(4))).all()


def test_a_zero_vector_is_similar_to_no_other() -> None:
    vectors = np.array([[0.0, 0], [1, 0], [1, 0.1]])
    assert rank_of_target(vectors[:1], vectors, np.array([0])).tolist() == [3]
