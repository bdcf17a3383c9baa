"""Both encoders on 35 real Sentinel-2 tiles from all over the world."""

import importlib.util
import itertools
from pathlib import Path

import numpy as np
import pytest
import rasterio

from etl.encoders import mosaiks
from etl.encoders.mosaiks import MosaiksEncoder
from etl.encoders.terramind import TerraMindEncoder


@pytest.fixture(scope="module")
def chips(real_data: Path) -> np.ndarray:
    tiles = []
    for path in sorted((real_data / "s2-l2a").glob("*.tif")):
        with rasterio.open(path) as source:
            tiles.append(source.read())
    assert len(tiles) >= 35
    return np.stack(tiles)


@pytest.fixture(scope="module")
def encoder(chips: np.ndarray) -> MosaiksEncoder:
    return mosaiks.fit(chips)


def quarters_found(patches: np.ndarray, other: np.ndarray) -> float:
    """Return how often a quarter of a tile in ``patches`` retrieves first a quarter of the same tile in ``other``.

    Both are (n, 196, dimension), standardised per dimension by ``patches``, averaged per quarter, compared by cosine.
    """
    mean, std = patches.mean(axis=(0, 1)), patches.std(axis=(0, 1))

    def quarters(values: np.ndarray) -> list[np.ndarray]:
        cells = ((values - mean) / std).reshape(len(values), 2, 7, 2, 7, -1).mean(axis=(2, 4))
        unit = cells / np.linalg.norm(cells, axis=-1, keepdims=True)
        return [unit[:, i, j] for i, j in itertools.product(range(2), repeat=2)]

    pairs = itertools.product(enumerate(quarters(patches)), enumerate(quarters(other)))
    return float(
        np.mean([((a @ b.T).argmax(axis=1) == np.arange(len(a))).mean() for (i, a), (j, b) in pairs if i != j])
    )


def band_statistics(chips: np.ndarray) -> np.ndarray:
    """Return the baseline: mean and standard deviation of each band in each patch, (n, 196, 24)."""
    cells = chips.astype(np.float64).reshape(len(chips), 12, 14, 16, 14, 16)
    numbers = np.concatenate([cells.mean(axis=(3, 5)), cells.std(axis=(3, 5))], axis=1)
    return numbers.transpose(0, 2, 3, 1).reshape(len(chips), 196, 24)


def test_mosaiks_retrieves_places_better_than_24_band_statistics(encoder: MosaiksEncoder, chips: np.ndarray) -> None:
    patches, baseline = encoder.embed(chips), band_statistics(chips)
    assert np.isfinite(patches).all()
    found, found_by_baseline = quarters_found(patches, patches), quarters_found(baseline, baseline)
    print(f"quarter of a tile retrieved first: mosaiks {found:.3f}, 24 band statistics {found_by_baseline:.3f}")
    assert found > found_by_baseline + 0.05


def test_mosaiks_is_more_robust_to_brightness_than_24_band_statistics(
    encoder: MosaiksEncoder, chips: np.ndarray
) -> None:
    gain = np.random.default_rng(1).uniform(0.8, 1.2, (len(chips), 1, 1, 1))
    changed = np.clip(chips * gain, 0, 65535).astype(np.uint16)
    found = quarters_found(encoder.embed(chips), encoder.embed(changed))
    found_by_baseline = quarters_found(band_statistics(chips), band_statistics(changed))
    print(f"the same with +-20 % gain: mosaiks {found:.3f}, 24 band statistics {found_by_baseline:.3f}")
    assert found > found_by_baseline + 0.05


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("terratorch") is None, reason='terratorch is not installed: pip install ".[terramind]"'
)
def test_terramind_embeds_real_tiles(terramind: TerraMindEncoder, chips: np.ndarray) -> None:
    vectors = terramind.embed(chips[::9])
    assert vectors.shape == (4, 196, 768)
    assert np.isfinite(vectors).all()
    assert vectors.std(axis=0).mean() > 0.01
