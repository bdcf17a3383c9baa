"""How well vectors find again what they should: ranks, precision and average precision, compared exactly by cosine.

All figures are of single queries, so that means, and how sure they are, can be had of any group of them. Among equal
similarities the wrong ones are counted first: vectors that are all the same find nothing.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from etl.vectors.unit import unit_vectors

BLOCK = 512
"""Queries that are compared at once: with 50,000 candidates 100 MB of similarities."""


@dataclass(frozen=True)
class Found:
    """How well queries found their one target: shares in 0..1 over all queries; NaN where there is none.

    Attributes:
        recall_at_k: of queries whose target is among the first k.
        mrr: mean of 1 / rank of the target (mean reciprocal rank).
    """

    recall_at_k: float
    mrr: float


def rank_of_target(queries: np.ndarray, candidates: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """The place, from 1, that each query's target takes among all candidates.

    Args:
        queries: (m, dimension) float.
        candidates: (n, dimension) float.
        targets: (m,) int, index of each query's target among the candidates.

    Returns:
        (m,) int64.
    """
    ranks = np.empty(len(queries), np.int64)
    for rows, similarity in _similarities(queries, candidates):
        of_target = similarity[np.arange(len(rows)), targets[rows]]
        ranks[rows] = (similarity >= of_target[:, None]).sum(axis=1)
    return ranks


def recall_of_same_place(queries: np.ndarray, candidates: np.ndarray, targets: np.ndarray, k: int = 10) -> Found:
    """How well places are found again: see ``rank_of_target`` for the arguments."""
    return summarise(rank_of_target(queries, candidates, targets), k)


def summarise(ranks: np.ndarray, k: int = 10) -> Found:
    """Recall and mean reciprocal rank of ranks (m,) from 1."""
    if not len(ranks):
        return Found(float("nan"), float("nan"))
    return Found(float((ranks <= k).mean()), float((1 / ranks).mean()))


def precision_at_k(
    vectors: np.ndarray, labels: np.ndarray, k: int = 10, groups: np.ndarray | None = None
) -> np.ndarray:
    """Share of each vector's k nearest others that bear its label.

    Args:
        vectors: (n, dimension) float, n >= 2.
        labels: (n,) of any type that can be compared.
        k: number of neighbours; fewer where there are fewer candidates.
        groups: (n,) or None; a vector's own group (its city) is left out of its candidates.

    Returns:
        (n,) float64 in 0..1; NaN where no candidate bears the label. It cannot reach 1 where fewer than k do: see
        ``best_precision_at_k``.
    """
    precision = np.full(len(vectors), np.nan)
    for rows, similarity, is_right in _labelled(vectors, labels, groups):
        n_candidates = (similarity > -np.inf).sum(axis=1)
        taken = np.minimum(k, n_candidates)
        places = np.clip(taken - 1, 0, None)
        # The similarity of the last one that is taken; what ties with it is taken wrong ones first.
        last = -np.take_along_axis(np.partition(-similarity, np.unique(places), axis=1), places[:, None], axis=1)
        above, level = similarity > last, similarity == last
        n_left = taken - above.sum(axis=1)
        n_right = (above & is_right).sum(axis=1) + np.maximum(n_left - (level & ~is_right).sum(axis=1), 0)
        has_right = is_right.any(axis=1)
        precision[rows[has_right]] = n_right[has_right] / taken[has_right]
    return precision


def best_precision_at_k(labels: np.ndarray, k: int = 10, groups: np.ndarray | None = None) -> np.ndarray:
    """What ``precision_at_k`` would be of vectors without fault: (n,) float64; NaN where no candidate is right."""
    best = np.full(len(labels), np.nan)
    for i, label in enumerate(labels):
        is_candidate = np.arange(len(labels)) != i if groups is None else groups != groups[i]
        n_right = (labels[is_candidate] == label).sum()
        if n_right:
            best[i] = min(n_right, k) / min(k, is_candidate.sum())
    return best


def average_precision(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Average precision of each vector's ranking of all others: the mean of the precision at each right one's rank.

    Args:
        vectors: (n, dimension) float, n >= 2.
        labels: (n,) of any type that can be compared.
        groups: (n,) or None; a vector's own group (its city) is left out of its candidates.

    Returns:
        (n,) float64 in 0..1, 1 where all right ones come first; NaN where there is none.
    """
    found = np.full(len(vectors), np.nan)
    for rows, similarity, is_right in _labelled(vectors, labels, groups):
        order = np.lexsort((is_right, -similarity), axis=1)
        is_right = np.take_along_axis(is_right, order, axis=1)
        so_far = np.cumsum(is_right, axis=1) / np.arange(1, is_right.shape[1] + 1)
        n_right = is_right.sum(axis=1)
        has_right = n_right > 0
        found[rows[has_right]] = (so_far * is_right).sum(axis=1)[has_right] / n_right[has_right]
    return found


def mean_average_precision(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> float:
    """Mean of ``average_precision`` over all queries that have something right to find; NaN where none has."""
    each = average_precision(vectors, labels, groups)
    return float(np.nanmean(each)) if np.isfinite(each).any() else float("nan")


def _labelled(
    vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Rows, similarity to all (-inf: no candidate) and which candidates are right, block by block."""
    for rows, similarity in _similarities(vectors, vectors):
        if groups is None:
            similarity[np.arange(len(rows)), rows] = -np.inf
        else:
            similarity[groups[rows, None] == groups[None, :]] = -np.inf
        yield rows, similarity, (labels[rows, None] == labels[None, :]) & (similarity > -np.inf)


def _similarities(queries: np.ndarray, candidates: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Row numbers and their cosines (rows, n) to all candidates, block by block."""
    unit, others = unit_vectors(queries), unit_vectors(candidates)
    for start in range(0, len(unit), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(unit)))
        yield rows, unit[rows] @ others.T
