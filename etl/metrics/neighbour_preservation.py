"""How well a plane keeps neighbours: what layouts are compared by."""

from dataclasses import dataclass

import numpy as np

from etl.vectors.unit import unit_vectors

N_QUERIES = 2000
"""Tiles that are asked: a share of 0.5 is then known to 0.01 or so. All tiles are looked at for their neighbours."""
BLOCK = 128


@dataclass(frozen=True)
class Kept:
    """Over the asked tiles and their k nearest.

    Attributes:
        overlap: share (0..1) of the k nearest by cosine that are among the k nearest in the plane.
        trustworthiness: 0..1; 1 where no tile lies near another in the plane that it is not like. Venna and Kaski
            2001, "Neighborhood preservation in nonlinear projection methods".
    """

    overlap: float
    trustworthiness: float


def neighbours_kept(
    vectors: np.ndarray, places: np.ndarray, k: int = 10, asked: np.ndarray | None = None, seed: int = 0
) -> Kept:
    """Compare neighbours by cosine with neighbours in the plane, exactly.

    Args:
        vectors: (n, dimension) float32, n > 2 k.
        places: (n, 2).
        k: neighbours.
        asked: rows to ask; None takes up to N_QUERIES at random.
        seed: of that choice.

    Raises:
        ValueError: too few rows for k.
    """
    n = len(vectors)
    if n <= 2 * k:
        raise ValueError(f"{n} tiles are too few to compare {k} neighbours of each; give more than {2 * k}")
    rows = np.random.default_rng(seed).permutation(n)[:N_QUERIES] if asked is None else asked
    unit = unit_vectors(vectors)
    shared, penalty = 0, 0
    for start in range(0, len(rows), BLOCK):
        block = rows[start : start + BLOCK]
        own = np.arange(len(block)), block
        similarity = unit[block] @ unit.T
        similarity[own] = -np.inf
        distance = np.linalg.norm(places[block][:, None] - places[None], axis=2)
        distance[own] = np.inf
        near = np.argpartition(distance, k, axis=1)[:, :k]
        of_near = np.take_along_axis(similarity, near, axis=1)
        rank = 1 + np.stack([(similarity > of_near[:, i, None]).sum(axis=1) for i in range(k)], axis=1)
        shared += int((rank <= k).sum())
        penalty += int(np.maximum(rank - k, 0).sum())
    return Kept(shared / (len(rows) * k), 1 - 2 * penalty / (len(rows) * k * (2 * n - 3 * k - 1)))
