"""Post-processing and aggregation on 35 real Sentinel-2 tiles: the table in docs/evaluation.md."""

import itertools
from pathlib import Path

import numpy as np
import pytest
import rasterio

from etl.cities.grid import PATCHES_PER_SIDE, TILE_PX
from etl.encoders import mosaiks
from etl.encoders.validity import patch_valid_share
from etl.evaluation.perturbations import GAINS, band_statistics, with_gain
from etl.evaluation.variants import BASELINE
from etl.metrics.retrieval import rank_of_target
from etl.vectors.aggregation import AGGREGATIONS, aggregate
from etl.vectors.choices import POST_PROCESSINGS
from etl.vectors.post_processing import from_moments, measure_moments

QUARTERS = list(itertools.product(range(2), repeat=2))
HALF = PATCHES_PER_SIDE // 2
MIN_VALID = 0.9
Found = dict[tuple[str, str], float]


def quarters(tiles: np.ndarray) -> np.ndarray:
    """Return (n, 14, 14, ...) as (4 * n, 49, ...): the first quarter of all tiles, then the second, and so on."""
    parts = [tiles[:, i * HALF : (i + 1) * HALF, j * HALF : (j + 1) * HALF] for i, j in QUARTERS]
    return np.concatenate([part.reshape(len(tiles), HALF**2, *tiles.shape[3:]) for part in parts])


def reciprocal_rank(vectors: np.ndarray, queries: np.ndarray) -> float:
    """Return the mean reciprocal rank of another quarter of the query's tile, among that quarter of all tiles."""
    n = len(vectors) // len(QUARTERS)
    places = [slice(i * n, (i + 1) * n) for i in range(len(QUARTERS))]
    ranks = [rank_of_target(queries[a], vectors[b], np.arange(n)) for a, b in itertools.permutations(places, 2)]
    return float((1 / np.concatenate(ranks)).mean())


@pytest.fixture(scope="module")
def found(real_data: Path) -> Found:
    """Mean reciprocal rank by post-processing and aggregation, averaged over reflectance x 0.8, 1 and 1.2."""
    paths = sorted((real_data / "s2-l2a").glob("*.tif"))
    chips = np.stack([rasterio.open(path).read() for path in paths])
    chips = chips[patch_valid_share(chips).mean(axis=1) >= MIN_VALID]
    variations = [chips, *(with_gain(chips, gain) for gain in GAINS)]
    encoder = mosaiks.fit(chips)
    shape = (len(chips), PATCHES_PER_SIDE, PATCHES_PER_SIDE, -1)
    patches = [quarters(encoder.embed(some).reshape(shape)) for some in variations]
    moments = measure_moments(patches[:1], with_covariance=True)
    measured: Found = {}
    for name in POST_PROCESSINGS:
        processing = from_moments(moments, name)
        vectors = [aggregate(processing.apply(p), np.ones(p.shape[:2], bool)) for p in patches]
        for aggregation in AGGREGATIONS:
            plain, *_ = each = [getattr(v, aggregation) for v in vectors]
            measured[name, aggregation] = float(np.mean([reciprocal_rank(plain, queries) for queries in each]))
    side = TILE_PX // 2
    statistics = [
        np.concatenate([band_statistics(k[..., i * side :, j * side :][..., :side, :side]) for i, j in QUARTERS])
        for k in variations
    ]
    mean, std = statistics[0].mean(axis=0), statistics[0].std(axis=0)
    scaled = [(s - mean) / std for s in statistics]
    measured[BASELINE, "mean"] = float(np.mean([reciprocal_rank(scaled[0], queries) for queries in scaled]))
    for key, value in sorted(measured.items(), key=lambda pair: -pair[1]):
        print(f"{value:.3f} {' '.join(key)}")
    return measured


def test_the_default_is_within_0_02_of_the_best_variant(found: Found) -> None:
    default = found["standardised", "mean"]
    assert default > max(found.values()) - 0.02
    assert default > found["standardised", "dominant"] + 0.02


def test_every_variant_beats_the_band_statistics(found: Found) -> None:
    assert min(value for key, value in found.items() if key[0] != BASELINE) > found[BASELINE, "mean"] + 0.1
