"""The UMAP layout: a plane on which tiles that look alike lie near each other."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

MIN_TILES = 10
"""Below this UMAP's spectral start has too few points; the first two principal components are taken instead."""


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


def make_layout(vectors: np.ndarray, parameters: UmapParameters | None = None) -> Layout:
    """Lay out vectors (n, dimension), n >= 1, by cosine."""
    given = parameters or UmapParameters()
    if len(vectors) < MIN_TILES:
        return Layout(_principal_plane(vectors), "pca", {"n_components": 2})
    import umap

    neighbors = min(given.n_neighbors, len(vectors) - 1)
    options = asdict(given) | {"n_neighbors": neighbors}
    places = umap.UMAP(**options, n_jobs=1).fit_transform(vectors).astype(np.float32)
    return Layout(places, "umap", options | {"umap_learn": umap.__version__})


def _principal_plane(vectors: np.ndarray) -> np.ndarray:
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(vectors), 2), np.float32)
    n = min(2, len(singular))
    places[:, :n] = left[:, :n] * singular[:n]
    return places
