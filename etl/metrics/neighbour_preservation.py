"""Neighbour preservation: how well a 2-D layout preserves the nearest neighbours of the vectors."""

from dataclasses import dataclass

import numpy as np

from etl.vectors.unit import unit_vectors

N_QUERIES = 2000
"""Sample of tiles used as queries, each compared with all tiles; a share of 0.5 then has a standard error of 0.01."""
BLOCK = 128


@dataclass(frozen=True)
class NeighbourPreservation:
    """Averages over the query tiles and their k nearest neighbours.

    Attributes:
        overlap: share (0..1) of the k nearest by cosine that are among the k nearest in the plane.
        trustworthiness: 0..1; 1 if all neighbours in the plane are neighbours by cosine. Venna and Kaski 2001,
            "Neighborhood preservation in nonlinear projection methods".
    """

    overlap: float
    trustworthiness: float


def measure_preservation(
    vectors: np.ndarray, places: np.ndarray, k: int = 10, queries: np.ndarray | None = None, seed: int = 0
) -> NeighbourPreservation:
    """Compare the nearest neighbours by cosine with those in the plane, exactly.

    Args:
        vectors: (n, dimension) float32, n > 2 k.
        places: (n, 2) positions in the plane.
        k: number of neighbours.
        queries: row numbers of the query tiles; None draws up to N_QUERIES at random.
        seed: of the random draw.

    Raises:
        ValueError: too few rows for k.
    """
    n = len(vectors)
    if n <= 2 * k:
        raise ValueError(f"{n} tiles are too few to compare {k} neighbours of each; more than {2 * k} are needed")
    rows = np.random.default_rng(seed).permutation(n)[:N_QUERIES] if queries is None else queries
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
    return NeighbourPreservation(shared / (len(rows) * k), 1 - 2 * penalty / (len(rows) * k * (2 * n - 3 * k - 1)))
