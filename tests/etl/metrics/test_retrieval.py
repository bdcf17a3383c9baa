"""Retrieval figures against scikit-learn, and against rankings written out by hand."""

import numpy as np
import pytest
from sklearn.metrics import average_precision_score

from etl.metrics import retrieval
from etl.metrics.retrieval import (
    average_precision,
    best_precision_at_k,
    mean_average_precision,
    precision_at_k,
    rank_of_target,
    recall_of_same_place,
    summarise,
)

N, DIMENSION, K = 60, 6, 7


@pytest.fixture(params=[512, 7])
def world(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Vectors, labels and cities; in one block, and in blocks that do not divide their number."""
    monkeypatch.setattr(retrieval, "BLOCK", request.param)
    rng = np.random.default_rng(3)
    labels = rng.choice(np.array(["harbour", "park", "coast", "estate"]), N)
    vectors = rng.normal(size=(N, DIMENSION)) + 0.5 * (labels == "park")[:, None]
    return vectors, labels, rng.integers(0, 5, N)


def ranked(vectors: np.ndarray, query: int, is_candidate: np.ndarray) -> list[int]:
    """Candidates by cosine, written out in float64."""
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return [int(i) for i in np.argsort(-(unit @ unit[query])) if is_candidate[i]]


@pytest.mark.parametrize("leaves_city_out", [False, True])
def test_precision_and_average_precision_equal_independent_answers(
    world: tuple[np.ndarray, np.ndarray, np.ndarray], leaves_city_out: bool
) -> None:
    vectors, labels, cities = world
    groups = cities if leaves_city_out else None
    precision, average = precision_at_k(vectors, labels, K, groups), average_precision(vectors, labels, groups)
    best = best_precision_at_k(labels, K, groups)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for i in range(N):
        is_candidate = cities != cities[i] if leaves_city_out else np.arange(N) != i
        is_right = labels[is_candidate] == labels[i]
        first = ranked(vectors, i, is_candidate)[:K]
        assert precision[i] == pytest.approx(np.mean(labels[first] == labels[i]))
        assert average[i] == pytest.approx(average_precision_score(is_right, (unit @ unit[i])[is_candidate]), abs=1e-6)
        assert best[i] == min(is_right.sum(), K) / K
    assert mean_average_precision(vectors, labels, groups) == pytest.approx(average.mean())


def test_ranks_of_targets_equal_a_full_sort(world: tuple[np.ndarray, np.ndarray, np.ndarray]) -> None:
    vectors, _, _ = world
    rng = np.random.default_rng(4)
    targets = rng.permutation(N)[:20]
    queries = vectors[targets] + rng.normal(0, 1, (20, DIMENSION))
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = [1 + list(np.argsort(-(unit @ q))).index(t) for q, t in zip(queries, targets, strict=True)]
    assert rank_of_target(queries, vectors, targets).tolist() == expected
    found = recall_of_same_place(queries, vectors, targets, k=3)
    assert found.recall_at_k == np.mean(np.array(expected) <= 3)
    assert found.mrr == pytest.approx(np.mean([1 / rank for rank in expected]))


def test_vectors_that_are_all_the_same_find_nothing() -> None:
    same = np.ones((20, 4))
    labels = np.array([0] * 4 + [1] * 16)
    assert rank_of_target(same[:2], same, np.array([0, 1])).tolist() == [20, 20]
    # Of 19 others 16 are wrong for label 0: the first ten are.
    assert precision_at_k(same, labels, 10)[0] == 0
    assert average_precision(same, labels)[0] == pytest.approx(np.mean([1 / 17, 2 / 18, 3 / 19]))


def test_a_label_that_is_found_nowhere_else_does_not_count() -> None:
    vectors, labels = np.eye(4), np.array(["a", "b", "b", "b"])
    assert np.isnan(precision_at_k(vectors, labels)[0])
    assert np.isnan(average_precision(vectors, labels)[0])
    assert np.isfinite(mean_average_precision(vectors, labels))
    assert np.isnan(mean_average_precision(vectors[:2], labels[:2]))
    assert np.isnan(summarise(np.empty(0, np.int64)).mrr)
    # Nothing but its own city is there to be found.
    assert np.isnan(precision_at_k(vectors, labels, groups=np.zeros(4))).all()


def test_vectors_without_length_are_like_none() -> None:
    vectors = np.array([[0.0, 0], [1, 0], [1, 0.1]])
    assert rank_of_target(vectors[:1], vectors, np.array([0])).tolist() == [3]
