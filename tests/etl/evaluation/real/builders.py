"""An encoder of a few band statistics, and chips for the tests of the evaluation on real pixels."""

from dataclasses import dataclass

import numpy as np

from etl.cities.grid import PATCH_PX, PATCHES_PER_SIDE
from etl.encoders.encoder import NOMINAL_MONTH, Weights
from etl.evaluation.real.samples.chips import RealChip
from etl.evaluation.real.samples.patches import ChipPatches

DIMENSION = 8


@dataclass(frozen=True)
class StatisticsEncoder:
    """Mean and standard deviation of four bands of each patch, in the shape of a real encoder."""

    name: str = "galileo_nano"
    weights: Weights = "pretrained"
    weights_sha256: str = "ab" * 32
    dimension: int = DIMENSION
    runtime: str = "numpy"

    def embed(self, chips: np.ndarray, month: int = NOMINAL_MONTH) -> np.ndarray:
        """Return (n, 196, 8) float32."""
        side = (PATCHES_PER_SIDE, PATCH_PX)
        parts = chips[:, :4].reshape(len(chips), 4, *side, *side).astype(np.float64)
        found = np.concatenate([parts.mean(axis=(3, 5)), parts.std(axis=(3, 5))], axis=1)
        return found.reshape(len(chips), DIMENSION, -1).swapaxes(1, 2).astype(np.float32)


def make_chip(seed: int, height: int = 64, width: int = 64) -> RealChip:
    """Return a chip whose patches all differ, around a level of its own."""
    rng = np.random.default_rng(seed)
    level = rng.uniform(1000, 4000, (12, 1, 1))
    by_patch = rng.normal(0, 100, (12, height // PATCH_PX, width // PATCH_PX)).repeat(PATCH_PX, 1).repeat(PATCH_PX, 2)
    pixels = level + by_patch + rng.normal(0, 30, (12, height, width))
    return RealChip(f"place {seed}", pixels.clip(1).astype(np.uint16), month=6)


def make_patches(rows: int, cols: int, is_valid: bool = True, seed: int = 0) -> ChipPatches:
    """Return random patch vectors of one chip."""
    vectors = np.random.default_rng(seed).normal(size=(rows, cols, DIMENSION)).astype(np.float16)
    return ChipPatches(vectors, np.full((rows, cols), is_valid))
