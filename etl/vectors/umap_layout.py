"""The UMAP layout: a plane on which similar tiles lie near each other."""

import importlib
import sys
import warnings
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from types import ModuleType
from typing import Any

import numpy as np

from etl.vectors.unit import unit_vectors

MIN_TILES = 10
"""UMAP's spectral initialisation needs this many; smaller sets use the first two principal components."""
EXACT_BELOW = 4096
"""All pairs of fewer tiles are compared; for more, pynndescent finds the neighbours."""
PLACE_NEIGHBORS = 10
"""Number of fitted tiles whose positions are averaged to place a new tile.

On 10,000 tiles, 0.71 of the ten nearest are preserved; with UMAP's own ``transform``, 0.66 (benchmarks/placing.py)."""
BLOCK = 1024
"""New tiles compared with all fitted tiles at a time: 200 MB for 50,000."""


@dataclass(frozen=True)
class Layout:
    """Positions of the tiles on the plane, and what is needed to reproduce them.

    Attributes:
        places: (n, 2) float32.
        method: ``umap``, or ``pca`` for fewer than MIN_TILES tiles.
        parameters: of the method.
    """

    places: np.ndarray
    method: str
    parameters: dict[str, Any]


@dataclass(frozen=True)
class UmapParameters:
    """Parameters of umap-learn; a seed makes results reproducible on one machine, and restricts it to one thread."""

    n_neighbors: int = 30
    min_dist: float = 0.1
    metric: str = "cosine"
    random_state: int = 20150623


def make_layout(vectors: np.ndarray, parameters: UmapParameters | None = None, show_progress: bool = False) -> Layout:
    """Return a layout of vectors by cosine distance.

    Args:
        vectors: (n, dimension) float32, n >= 1.
        parameters: of UMAP; None uses the defaults.
        show_progress: draw a bar of UMAP's epochs on stderr; the preceding neighbour search has no bar.
    """
    given = parameters or UmapParameters()
    if len(vectors) < MIN_TILES:
        return Layout(_principal_plane(vectors), "pca", {"n_components": 2})
    umap = _import_umap(len(vectors))
    neighbors = min(given.n_neighbors, len(vectors) - 1)
    options = asdict(given) | {"n_neighbors": neighbors}
    bar = {"disable": not show_progress, "desc": "layout   ", "unit": "epoch", "dynamic_ncols": True}
    known = _exact_neighbors(vectors, neighbors, given.metric) if len(vectors) < EXACT_BELOW else {}
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", message="precomputed_knn", category=UserWarning)
        fitted = umap.UMAP(**options, **known, n_jobs=1, tqdm_kwds=bar)
        places = fitted.fit_transform(vectors).astype(np.float32)
    return Layout(places, "umap", options | {"umap_learn": umap.__version__})


def _exact_neighbors(vectors: np.ndarray, n_neighbors: int, metric: str) -> dict[str, Any]:
    """Return the arguments that give UMAP the nearest neighbours of each tile, itself included.

    UMAP compares all pairs of so few tiles too, with functions that numba compiles in 7 s in every process.
    """
    from sklearn.neighbors import NearestNeighbors

    search = NearestNeighbors(n_neighbors=n_neighbors, metric=metric, algorithm="brute").fit(vectors)
    distances, indices = search.kneighbors(vectors)
    # Without the last argument, UMAP ignores the neighbours of so few tiles.
    return {"precomputed_knn": (indices, distances, None), "force_approximation_algorithm": True}


def place(vectors: np.ndarray, fitted: np.ndarray, fitted_places: np.ndarray) -> Iterator[np.ndarray]:
    """Yield positions of new tiles in an existing layout: weighted means over the most similar fitted tiles.

    The weight of a neighbour is its cosine minus that of the first tile beyond the PLACE_NEIGHBORS nearest. So the
    position depends only on the tile's vector and the fitted tiles, and moves little if one neighbour changes.

    Args:
        vectors: (m, dimension) float32, the new tiles.
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


def _import_umap(n: int) -> ModuleType:
    """Import umap for a layout of ``n`` tiles.

    umap imports pynndescent, for which numba compiles 40 functions on the first import (19 s). Where all pairs are
    compared, none of them is called, and pynndescent is imported without compilation.
    """
    import numba

    loaded = sys.modules.get("pynndescent.utils")
    configuration: Any = numba.config
    if n < EXACT_BELOW and loaded is None:
        configured = configuration.DISABLE_JIT
        configuration.DISABLE_JIT = 1
        try:
            importlib.import_module("pynndescent")
        finally:
            configuration.DISABLE_JIT = configured
    elif n >= EXACT_BELOW and loaded is not None and not hasattr(loaded.tau_rand_int, "py_func"):
        for name in [name for name in sys.modules if name.partition(".")[0] in ("umap", "pynndescent")]:
            del sys.modules[name]
    import umap

    module: ModuleType = umap
    return module


def _principal_plane(vectors: np.ndarray) -> np.ndarray:
    centred = vectors.astype(np.float64) - vectors.mean(axis=0, dtype=np.float64)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    places = np.zeros((len(vectors), 2), np.float32)
    n = min(2, len(singular))
    places[:, :n] = left[:, :n] * singular[:n]
    return places
