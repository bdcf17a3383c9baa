"""Dominant clusters: terrakin's aggregation, all five methods of it, against scikit-learn's k-means alone."""

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
from tests.builders import fit_post_processing

SEEDS = range(4)
ROW = "{:<34}{:>9}{:>13}"
HEAD = ROW.format("dominant cluster by", "tiles/s", "seeds agree")


def run(folder: Path, say: Callable[[str], object]) -> None:
    """Print tiles a second on one core, and how often seeds agree: the same tiles, the one way after the other."""
    patches = patches_of(folder)
    say(f"{len(patches)} tiles of {folder}, mosaiks; one core")
    say(HEAD)
    ways = {"k-means of scikit-learn, alone": by_scikit_learn, "terrakin, all five methods": by_terrakin}
    for name, way in ways.items():
        with threadpool_limits(1):
            started = time.perf_counter()
            vectors = [way(patches, seed) for seed in SEEDS]
            seconds = time.perf_counter() - started
        rate = len(SEEDS) * len(patches) / seconds
        say(ROW.format(name, f"{rate:.0f}", f"{agreement_of_seeds(vectors):.3f}"))


def patches_of(folder: Path) -> np.ndarray:
    """Post-processed patch vectors of a folder's GeoTIFF tiles, by filters fitted to them: (n, 196, 768)."""
    tiles = []
    for path in sorted(folder.glob("*.tif")):
        with rasterio.open(path) as source:
            tiles.append(source.read())
    raw = mosaiks.fit(tiles).embed(np.stack(tiles))
    return fit_post_processing([raw]).apply(raw)


def by_scikit_learn(patches: np.ndarray, seed: int) -> np.ndarray:
    """Largest of four clusters, best of four starts: (n, 768)."""
    vectors = []
    for rows in patches:
        labels = KMeans(4, n_init=4, random_state=seed).fit(rows).labels_
        vectors.append(rows[labels == np.bincount(labels).argmax()].mean(axis=0))
    return np.array(vectors)


def by_terrakin(patches: np.ndarray, seed: int) -> np.ndarray:
    """The dominant vectors, (n, 768); mean, median, min and max are made beside them."""
    return aggregate(patches, np.ones(patches.shape[:2], bool), seed=seed).dominant


def agreement_of_seeds(vectors: list[np.ndarray]) -> float:
    """Share of tiles whose dominant vectors of one seed and the next have a cosine above 0.95."""
    return float(np.mean([_agreement(one, other) for one, other in pairwise(vectors)]))


def _agreement(first: np.ndarray, second: np.ndarray) -> float:
    cosine = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    return float((cosine > 0.95).mean())
