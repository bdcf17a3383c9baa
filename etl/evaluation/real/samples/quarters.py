"""Quarters of tiles: the nearest that single chips allow to the size of a tile."""

from collections.abc import Sequence
from itertools import permutations, product

import numpy as np

from etl.cities.grid import PATCHES_PER_SIDE
from etl.evaluation.real.methods import Patches, vectors_by_method, with_item_texture
from etl.evaluation.real.samples.patches import ChipPatches
from etl.metrics.retrieval import rank_of_target
from etl.vectors.aggregation import METHODS
from etl.vectors.post_processing import PostProcessing

HALF = PATCHES_PER_SIDE // 2
PLACES = tuple(product((0, HALF), repeat=2))


def quarters_of(chips: Sequence[ChipPatches]) -> tuple[Patches, np.ndarray]:
    """Return the quarters of all whole tiles (4 n, 49): the first of every tile, then the second; and chips (n,)."""
    tiles, owners = [], []
    for number, chip in enumerate(chips):
        height, width = (size // PATCHES_PER_SIDE * PATCHES_PER_SIDE for size in chip.is_valid.shape)
        for y, x in product(range(0, height, PATCHES_PER_SIDE), range(0, width, PATCHES_PER_SIDE)):
            place = np.s_[y : y + PATCHES_PER_SIDE, x : x + PATCHES_PER_SIDE]
            if chip.is_valid[place].all():
                tiles.append(chip.vectors[place])
                owners.append(number)
    parts = [np.stack([tile[y : y + HALF, x : x + HALF] for tile in tiles]) for y, x in PLACES] if tiles else []
    if not parts:
        return Patches(np.empty((0, HALF**2, 0), np.float16), np.empty((0, HALF**2), bool)), np.array(owners, int)
    vectors = np.concatenate(parts).reshape(len(PLACES) * len(tiles), HALF**2, -1)
    return Patches(vectors, np.ones(vectors.shape[:2], bool)), np.array(owners, int)


def measure_quarters(processing: PostProcessing, quarters: Patches) -> dict[str, np.ndarray]:
    """Return by method the mean reciprocal rank of another quarter of each tile, among that quarter of all: (n,)."""
    if not len(quarters.vectors):
        return {name: np.empty(0) for name in METHODS}
    vectors = vectors_by_method(with_item_texture(processing, quarters), quarters)
    return {name: _reciprocal_rank(some) for name, some in vectors.items()}


def random_reciprocal_rank(n: int) -> float:
    """Return the mean reciprocal rank of one target among n candidates in random order."""
    return float((1 / np.arange(1, n + 1)).mean())


def _reciprocal_rank(vectors: np.ndarray) -> np.ndarray:
    parts = np.split(vectors, len(PLACES))
    tiles = np.arange(len(parts[0]))
    mean: np.ndarray = np.mean([1 / rank_of_target(a, b, tiles) for a, b in permutations(parts, 2)], axis=0)
    return mean
