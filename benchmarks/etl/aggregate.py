"""`terrakin bench aggregate`: terrakin's five aggregations compared with scikit-learn's k-means alone."""

import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import numpy as np
import rasterio
from sklearn.cluster import KMeans
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.encoders import mosaiks
from etl.vectors.aggregation import aggregate
from etl.vectors.post_processing import DEFAULT_METHOD, from_moments, measure_moments, needs_covariance

SEEDS = range(4)
ROW = "{:<34}{:>9}{:>13}"
HEAD = ROW.format("dominant cluster by", "tiles/s", "seeds agree")


def run(folder: Path, echo: Callable[[str], object]) -> None:
    """Print tiles per second on one core, and how often seeds agree, for both methods on the same tiles."""
    patches = patches_of(folder)
    echo(f"{len(patches)} tiles of {folder}, encoder mosaiks, one core")
    echo(HEAD)
    methods = {"scikit-learn k-means alone": by_scikit_learn, "terrakin, all five aggregations": by_terrakin}
    for name, method in methods.items():
        with threadpool_limits(1):
            started = time.perf_counter()
            vectors = [method(patches, seed) for seed in SEEDS]
            seconds = time.perf_counter() - started
        rate = len(SEEDS) * len(patches) / seconds
        echo(ROW.format(name, f"{rate:.0f}", f"{agreement_of_seeds(vectors):.3f}"))


def patches_of(folder: Path) -> np.ndarray:
    """Return post-processed patch vectors of a folder's GeoTIFF tiles, (n, 196, 768); filters are fitted to them."""
    tiles = []
    for path in sorted(folder.glob("*.tif")):
        with rasterio.open(path) as source:
            tiles.append(source.read())
    raw = mosaiks.fit(tiles).embed(np.stack(tiles))
    moments = measure_moments([raw], needs_covariance(DEFAULT_METHOD))
    return from_moments(moments, DEFAULT_METHOD).apply(raw)


def by_scikit_learn(patches: np.ndarray, seed: int) -> np.ndarray:
    """Return the mean of the largest of four clusters, best of four starts, (n, 768)."""
    vectors = []
    for rows in patches:
        labels = KMeans(4, n_init=4, random_state=seed).fit(rows).labels_
        vectors.append(rows[labels == np.bincount(labels).argmax()].mean(axis=0))
    return np.array(vectors)


def by_terrakin(patches: np.ndarray, seed: int) -> np.ndarray:
    """Return the dominant vectors, (n, 768); mean, median, min and max are computed along with them."""
    return aggregate(patches, np.ones(patches.shape[:2], bool), seed=seed).dominant


def agreement_of_seeds(vectors: list[np.ndarray]) -> float:
    """Return the share of tiles whose dominant vectors by consecutive seeds have a cosine above 0.95."""
    return float(np.mean([_agreement(one, other) for one, other in pairwise(vectors)]))


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    cosine = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    return float((cosine > 0.95).mean())
