"""The UMAP layout: a plane on which tiles that look alike lie near each other."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from etl.vectors.unit import unit_vectors

MIN_TILES = 10
"""Below this UMAP's spectral start has too few points; the first two principal components are taken instead."""
PLACE_NEIGHBORS = 10
"""Fitted tiles that decide where a new one goes: as many as a list of neighbours has.

On 10,000 tiles they keep 0.71 of the ten nearest, UMAP's own ``transform`` 0.66 (benchmarks/placing.py)."""
BLOCK = 1024
"""New tiles that are compared with all fitted ones at once: 200 MB for 50,000."""


@dataclass(frozen=True)
class Layout:
    """Places of the tiles, and all that is needed to make them again.

    Attributes:
        places: (n, 2) float32.
        method: ``umap``, or ``pca`` for fewer than MIN_TILES tiles.
        parameters: what the method was given.
    """

    places: np.ndarray
    method: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class UmapParameters:
    """Parameters of umap-learn; a seed makes it run on one thread and give the same plane again on one machine."""

    n_neighbors: int = 30
    min_dist: float = 0.1
    metric: str = "cosine"
    random_state: int = 20150623


def make_layout(vectors: np.ndarray, parameters: UmapParameters | None = None, show_progress: bool = False) -> Layout:
    """Lay out vectors (n, dimension), n >= 1, by cosine.

    Args:
        vectors: float32.
        parameters: of UMAP.
        show_progress: draw a bar of UMAP's epochs on stderr; the search for neighbours before them has none.
    """
    given = parameters or UmapParameters()
    if len(vectors) < MIN_TILES:
        return Layout(_principal_plane(vectors), "pca", {"n_components": 2})
    import umap

    neighbors = min(given.n_neighbors, len(vectors) - 1)
    options = asdict(given) | {"n_neighbors": neighbors}
    bar = {"disable": not show_progress, "desc": "layout   ", "unit": "epoch", "dynamic_ncols": True}
    places = umap.UMAP(**options, n_jobs=1, tqdm_kwds=bar).fit_transform(vectors).astype(np.float32)
    return Layout(places, "umap", options | {"umap_learn": umap.__version__})


def place(vectors: np.ndarray, fitted: np.ndarray, fitted_places: np.ndarray) -> Iterator[np.ndarray]:
    """Places of new tiles in a layout that stays as it is: weighted means of the places of the fitted tiles most alike.

    A neighbour weighs by how much more alike it is (cosine) than the first that is no longer asked: so a place
    depends on the tile's vector and the fitted tiles alone, and moves little when a neighbour comes or goes.

    Args:
        vectors: (m, dimension) float32 of the new tiles.
        fitted: (n, dimension) float32, n >= 1.
        fitted_places: (n, 2) float32.

    Yields:
        (up to BLOCK, 2) float32, in the order of ``vectors``.
    """
    unit = unit_vectors(fitted)
    k = min(PLACE_NEIGHBORS, len(fitted) - 1)
    for start in range(0, len(vectors), BLOCK):
        similarity = unit_vectors(vectors[start : start + BLOCK]) @ unit.T
        best = np.argpartition(-similarity, k, axis=1)[:, : k + 1]
        value = np.take_along_axis(similarity, best, axis=1).astype(np.float64)
        weight = value - value.min(axis=1, keepdims=True)
        weight[weight.sum(axis=1) == 0] = 1
        weight /= weight.sum(axis=1, keepdims=True)
        yield np.einsum("mk,mkd->md", weight, fitted_places[best]).astype(np.float32)


def _principal_plane(vectors: np.ndarray) -> np.ndarray:
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(vectors), 2), np.float32)
    n = min(2, len(singular))
    places[:, :n] = left[:, :n] * singular[:n]
    return places
