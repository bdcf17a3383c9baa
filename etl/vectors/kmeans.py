"""k-means over the few hundred patches of one tile, on their Gram matrix, with all starts at once.

All distances that k-means needs follow from the inner products of the patches, so the 768 dimensions are read once per
tile instead of once per iteration, and one matrix product advances all starts. A tile of 196 patches takes 1.2 ms with
10 starts; scikit-learn's KMeans takes 8 to 15 ms with 4. Threads do not help: the steps are short, and the GIL
serialises them.
"""

from dataclasses import dataclass

import numpy as np

MAX_ITERATIONS = 100
"""Real tiles need 13 on average."""
SAME = 1e-9
"""A squared distance below this share of the largest squared length is a rounding error: the patches are equal."""


@dataclass(frozen=True)
class Clusters:
    """A partition of rows.

    Attributes:
        labels: (n,) int, the cluster of each row.
        inertia: sum of squared distances to the cluster means.
    """

    labels: np.ndarray
    inertia: float


def gram_matrix(rows: np.ndarray) -> np.ndarray:
    """Return the inner products of centred rows: (n, dimension) float32 -> (n, n) float32."""
    centred = rows - rows.mean(axis=0, dtype=np.float64).astype(np.float32)
    products: np.ndarray = centred @ centred.T
    # If all rows differ from their mean by rounding errors only, they are equal.
    if np.diagonal(products).max() < SAME * np.einsum("ij,ij->i", rows, rows).max():
        products[:] = 0
    return products


def k_means(gram: np.ndarray, k: int, n_starts: int, seed: int) -> Clusters:
    """Return the best of several runs of k-means (Lloyd's algorithm until convergence, k-means++ starts).

    A cluster that loses all its rows stays empty; another start will be better. Ties go to the first start.

    Args:
        gram: (n, n) float32, inner products of the rows about any origin.
        k: number of clusters, 1 <= k <= n.
        n_starts: number of independent starts.
        seed: fixes the starts; equal inputs give equal outputs.
    """
    rng = np.random.default_rng(seed)
    length = np.diagonal(gram)
    chosen = _starts(gram, k, n_starts, rng)
    labels = (length[chosen][..., None] - 2 * gram[chosen]).argmin(axis=0)
    best, inertia = np.empty_like(labels), np.full(n_starts, np.inf)
    moving, numbers = np.arange(n_starts), np.arange(k)[:, None, None]
    for i in range(MAX_ITERATIONS):
        distance = _distances(gram, labels == numbers)
        new = distance.argmin(axis=0)
        is_done = (new == labels).all(axis=1) | (i == MAX_ITERATIONS - 1)
        done = moving[is_done]
        best[done] = new[is_done]
        inertia[done] = length.sum(dtype=np.float64) + distance[:, is_done].min(axis=0).sum(axis=1, dtype=np.float64)
        labels, moving = new[~is_done], moving[~is_done]
        if not len(moving):
            break
    winner = int(inertia.argmin())
    return Clusters(best[winner], max(float(inertia[winner]), 0.0))


def choose_k(gram: np.ndarray, ks: tuple[int, ...], n_starts: int, seed: int) -> Clusters:
    """Return the partition with the highest Calinski-Harabasz index among several k; ties go to the first k.

    Caliński and Harabasz 1974, "A dendrite method for cluster analysis": variance between clusters per degree of
    freedom, divided by the variance within. If fewer than two k are below n, use the first that is, or at most n.

    Args:
        gram: (n, n) float32, inner products of the rows about their mean.
        ks: candidate numbers of clusters.
        n_starts: number of starts for each k.
        seed: fixes the starts.
    """
    n = len(gram)
    fitting = [k for k in ks if 1 < k < n]
    if len(fitting) < 2:
        return k_means(gram, min(fitting[0] if fitting else ks[0], n), n_starts, seed)
    total = float(np.trace(gram, dtype=np.float64))
    found = [(k, k_means(gram, k, n_starts, seed)) for k in fitting]
    best_k, best = found[0]
    for k, other in found[1:]:  # cross-multiplied, because the variance within may be 0
        is_better = _ratio(total, other, n, k) * best.inertia * (best_k - 1) > (
            _ratio(total, best, n, best_k) * other.inertia * (k - 1)
        )
        best_k, best = (k, other) if is_better else (best_k, best)
    return best


def _ratio(total: float, clusters: Clusters, n: int, k: int) -> float:
    return (total - clusters.inertia) * (n - k)


def _distances(gram: np.ndarray, members: np.ndarray) -> np.ndarray:
    """Return squared distances of rows to cluster means, less the rows' squared lengths: (k, starts, n) float32."""
    weights = members.astype(np.float32)
    size = weights.sum(axis=-1)
    inverse = 1 / np.maximum(size, 1)
    products = (weights.reshape(-1, len(gram)) @ gram).reshape(weights.shape)
    of_mean = np.einsum("ksn,ksn->ks", weights, products) * inverse**2
    of_mean[size == 0] = np.inf
    distance: np.ndarray = products * (-2 * inverse)[..., None] + of_mean[..., None]
    return distance


def _starts(gram: np.ndarray, k: int, n_starts: int, rng: np.random.Generator) -> np.ndarray:
    """Return row numbers (k, n_starts) by greedy k-means++ (Arthur and Vassilvitskii 2007; trials as scikit-learn)."""
    length = np.diagonal(gram)

    def squared(rows: np.ndarray) -> np.ndarray:
        found: np.ndarray = length[rows][..., None] + length - 2 * gram[rows]
        found[found < SAME * length.max()] = 0
        return found

    chosen = [rng.integers(len(gram), size=n_starts)]
    nearest = squared(chosen[0])
    n_trials, each = 2 + int(np.log(k)), np.arange(n_starts)
    for _ in range(1, k):
        cumulated = nearest.cumsum(axis=1, dtype=np.float64)
        drawn = rng.random((n_starts, n_trials)) * cumulated[:, -1:]
        tried = np.minimum((cumulated[:, None, :] <= drawn[..., None]).sum(axis=-1), len(gram) - 1)
        nearer = np.minimum(nearest[:, None], squared(tried))
        best = nearer.sum(axis=-1).argmin(axis=1)
        nearest = nearer[each, best]
        chosen.append(tried[each, best])
    return np.stack(chosen)
