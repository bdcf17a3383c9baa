"""The dominant cluster on real tiles: as steady as scikit-learn's k-means with four clusters."""

from pathlib import Path

import numpy as np
import pytest
import rasterio
from sklearn.cluster import KMeans

from etl.aggregate import aggregate
from etl.encoders import mosaiks
from tests.builders import fit_post_processing


@pytest.fixture(scope="module")
def patches(real_data: Path) -> np.ndarray:
    tiles = []
    for path in sorted((real_data / "s2-l2a").glob("*.tif")):
        with rasterio.open(path) as source:
            tiles.append(source.read())
    raw = mosaiks.fit(tiles).embed(np.stack(tiles))
    return fit_post_processing([raw]).apply(raw)


def by_scikit_learn(patches: np.ndarray, seed: int) -> np.ndarray:
    """Largest of four clusters, best of four starts, by scikit-learn: (n, 768)."""
    vectors = []
    for rows in patches:
        labels = KMeans(4, n_init=4, random_state=seed).fit(rows).labels_
        vectors.append(rows[labels == np.bincount(labels).argmax()].mean(axis=0))
    return np.array(vectors)


def agreement(first: np.ndarray, second: np.ndarray) -> float:
    """Share of tiles whose two dominant vectors have a cosine above 0.95."""
    cosine = (first * second).sum(axis=1) / np.linalg.norm(first, axis=1) / np.linalg.norm(second, axis=1)
    return float((cosine > 0.95).mean())


def test_seeds_agree_as_often_as_those_of_scikit_learn(patches: np.ndarray) -> None:
    valid = np.ones(patches.shape[:2], bool)
    peer = [by_scikit_learn(patches, seed) for seed in range(4)]
    ours = [aggregate(patches, valid, seed=seed).dominant for seed in range(4)]
    peer_agreement, our_agreement = (np.mean([agreement(v[i], v[i + 1]) for i in range(3)]) for v in (peer, ours))
    assert our_agreement >= peer_agreement
