"""Retrieval metrics by exact cosine search: rank of a target, precision at k and average precision.

All functions return one value per query, so that callers can average over any group and resample. Ties are broken
against the query: if all vectors are equal, wrong results come first.
"""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from etl.vectors.unit import unit_vectors

BLOCK = 512
"""Queries per block: with 50,000 candidates, their similarities take 100 MB."""


@dataclass(frozen=True)
class TargetRecall:
    """How well queries retrieve their single target, in 0..1; NaN if there are no queries.

    Attributes:
        recall_at_k: share of queries whose target is among the first k.
        mrr: mean reciprocal rank of the target.
    """

    recall_at_k: float
    mrr: float


def rank_of_target(queries: np.ndarray, candidates: np.ndarray, targets: np.ndarray) -> np.ndarray:
    """Return the rank, from 1, of each query's target among all candidates.

    Args:
        queries: (m, dimension) float.
        candidates: (n, dimension) float.
        targets: (m,) int, row number of each query's target in ``candidates``.

    Returns:
        (m,) int64.
    """
    ranks = np.empty(len(queries), np.int64)
    for rows, similarity in _similarities(queries, candidates):
        of_target = similarity[np.arange(len(rows)), targets[rows]]
        ranks[rows] = (similarity >= of_target[:, None]).sum(axis=1)
    return ranks


def summarise(ranks: np.ndarray, k: int = 10) -> TargetRecall:
    """Return recall at k and mean reciprocal rank of ranks (m,) from 1."""
    if not len(ranks):
        return TargetRecall(float("nan"), float("nan"))
    return TargetRecall(float((ranks <= k).mean()), float((1 / ranks).mean()))


def precision_at_k(
    vectors: np.ndarray, labels: np.ndarray, k: int = 10, groups: np.ndarray | None = None
) -> np.ndarray:
    """Return the share of each vector's k nearest neighbours that have its label.

    Args:
        vectors: (n, dimension) float, n >= 2.
        labels: (n,), any dtype that supports ==.
        k: number of neighbours; all candidates if there are fewer.
        groups: (n,) or None; candidates of the query's group (its city) are excluded.

    Returns:
        (n,) float64 in 0..1; NaN if no candidate has the label. It cannot reach 1 if fewer than k candidates have it.
    """
    precision = np.full(len(vectors), np.nan)
    for rows, similarity, is_right in _labelled(vectors, labels, groups):
        n_candidates = (similarity > -np.inf).sum(axis=1)
        taken = np.minimum(k, n_candidates)
        places = np.clip(taken - 1, 0, None)
        # Similarity of the k-th neighbour; among candidates tied with it, wrong ones come first.
        last = -np.take_along_axis(np.partition(-similarity, np.unique(places), axis=1), places[:, None], axis=1)
        above, level = similarity > last, similarity == last
        n_left = taken - above.sum(axis=1)
        n_right = (above & is_right).sum(axis=1) + np.maximum(n_left - (level & ~is_right).sum(axis=1), 0)
        has_right = is_right.any(axis=1)
        precision[rows[has_right]] = n_right[has_right] / taken[has_right]
    return precision


def average_precision(vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None = None) -> np.ndarray:
    """Return the average precision of each vector's ranking of all others.

    It is the mean of the precision at the ranks of all candidates with the query's label.

    Args:
        vectors: (n, dimension) float, n >= 2.
        labels: (n,), any dtype that supports ==.
        groups: (n,) or None; candidates of the query's group (its city) are excluded.

    Returns:
        (n,) float64 in 0..1, 1 if all candidates with the label come first; NaN if there is none.
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


def _labelled(
    vectors: np.ndarray, labels: np.ndarray, groups: np.ndarray | None
) -> Iterator[tuple[np.ndarray, np.ndarray, np.ndarray]]:
    """Yield rows, similarities to all vectors (-inf: not a candidate) and a mask of equal labels, block by block."""
    for rows, similarity in _similarities(vectors, vectors):
        if groups is None:
            similarity[np.arange(len(rows)), rows] = -np.inf
        else:
            similarity[groups[rows, None] == groups[None, :]] = -np.inf
        yield rows, similarity, (labels[rows, None] == labels[None, :]) & (similarity > -np.inf)


def _similarities(queries: np.ndarray, candidates: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    """Yield row numbers and their cosines (rows, n) to all candidates, block by block."""
    unit, others = unit_vectors(queries), unit_vectors(candidates)
    for start in range(0, len(unit), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(unit)))
        yield rows, unit[rows] @ others.T
