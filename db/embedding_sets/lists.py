"""Inverted lists: keys grouped around k-means centroids, in two levels.

Two levels make both steps cheap. The lists of each parent are fitted to the keys of that parent alone, and a key is
compared with the lists of its nearest parents only.
"""

import warnings
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from db.embedding_sets.basis import unit_vectors

PROBED_PARENTS = 3
"""Parents in whose lists the best list of a key is looked for."""
MAX_ITERATIONS = 10
"""Lists need to be compact, not optimal."""
CHUNK = 65_536
"""Keys whose inner products are in memory at a time."""


@dataclass(frozen=True)
class Lists:
    """Centroids in two levels, all of unit length.

    Attributes:
        parents: (p, d) float32.
        centroids: (l, d) float32, of the lists.
        parent_of: (l,) int32, the parent of each list.
    """

    parents: np.ndarray
    centroids: np.ndarray
    parent_of: np.ndarray


def fit_lists(keys: np.ndarray, n_lists: int, seed: int = 0) -> Lists:
    """Return lists around the keys of a sample, in about sqrt(n_lists) parents.

    Args:
        keys: (n, d) float32, of unit length, n > 0.
        n_lists: number of lists, at most; fewer if the keys are not different enough.
        seed: fixes the start of k-means; equal inputs give equal outputs.
    """
    parents, labels = _k_means(keys, round(np.sqrt(n_lists)), seed)
    n_children = _shares(np.bincount(labels, minlength=len(parents)), n_lists)
    by_parent = np.split(np.argsort(labels, kind="stable"), np.cumsum(np.bincount(labels, minlength=len(parents)))[:-1])
    # Threads that share a small problem wait for each other longer than they compute.
    with threadpool_limits(1):
        children = [_k_means(keys[rows], n, seed)[0] for rows, n in zip(by_parent, n_children, strict=True)]
    parent_of = np.repeat(np.arange(len(parents), dtype=np.int32), [len(c) for c in children])
    return Lists(parents, np.concatenate(children), parent_of)


def assign(lists: Lists, keys: np.ndarray) -> np.ndarray:
    """Return the list (n,) int32 of each key (n, d): the nearest of those of its three nearest parents."""
    lists_of = [np.flatnonzero(lists.parent_of == parent) for parent in range(len(lists.parents))]
    assigned = np.zeros(len(keys), np.int32)
    if len(lists.centroids) == 1:
        return assigned
    for begin in range(0, len(keys), CHUNK):
        chunk = np.asarray(keys[begin : begin + CHUNK], np.float32)
        best = np.full(len(chunk), -np.inf, np.float32)
        for parent, rows in _rows_by_parent(lists, chunk):
            similarity = chunk[rows] @ lists.centroids[lists_of[parent]].T
            nearest = similarity.argmax(axis=1)
            highest = np.take_along_axis(similarity, nearest[:, None], axis=1)[:, 0]
            is_better = highest > best[rows]
            best[rows[is_better]] = highest[is_better]
            assigned[begin + rows[is_better]] = lists_of[parent][nearest[is_better]]
    return assigned


def _rows_by_parent(lists: Lists, keys: np.ndarray) -> Iterator[tuple[int, np.ndarray]]:
    """Yield each parent that has keys, and the rows of the keys to which it is one of the nearest."""
    n = min(PROBED_PARENTS, len(lists.parents))
    nearest = np.argpartition(-(keys @ lists.parents.T), n - 1, axis=1)[:, :n]
    order = np.argsort(nearest, axis=None, kind="stable")
    parents, begins = np.unique(nearest.ravel()[order], return_index=True)
    yield from zip(parents.tolist(), np.split(order // n, begins[1:]), strict=True)


def _k_means(keys: np.ndarray, k: int, seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Return at most k different centroids of unit length, and the centroid (n,) of each key."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    # Lists are many and keys are plenty, so that a random start will do; k-means++ is slower.
    k_means = KMeans(min(k, len(keys)), init="random", n_init=1, max_iter=MAX_ITERATIONS, random_state=seed)
    with warnings.catch_warnings():
        # Of equal keys, k-means makes fewer clusters than it was asked for.
        warnings.simplefilter("ignore", ConvergenceWarning)
        labels = k_means.fit_predict(keys)
    used, labels = np.unique(labels, return_inverse=True)
    return unit_vectors(k_means.cluster_centers_[used]), labels


def _shares(sizes: np.ndarray, n: int) -> np.ndarray:
    """Return n divided in proportion to sizes, at least 1 each; rounded, so that the sum may differ by a few."""
    shares: np.ndarray = np.maximum(np.round(n * sizes / sizes.sum()).astype(int), 1)
    return shares
