"""Patch vectors of real chips of any size, computed in windows of one tile."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import product
from typing import Any

import numpy as np

from etl.cities.grid import PATCH_PX, PATCHES_PER_SIDE, TILE_PX
from etl.encoders.encoder import N_BANDS, Encoder
from etl.encoders.validity import MIN_PATCH_VALID_SHARE, patch_valid_share
from etl.evaluation.real.samples.chips import RealChip

WINDOWS_PER_CALL = 8


@dataclass(frozen=True)
class ChipPatches:
    """Patch vectors of one chip: ``vectors`` (rows, columns, dimension) float16, ``is_valid`` (rows, columns) bool."""

    vectors: np.ndarray
    is_valid: np.ndarray


def windows_of(chip: RealChip) -> list[tuple[int, int]]:
    """Return the upper left corners (row, column; px) of the windows that cover a chip.

    The last window of a row or column ends with the chip, so that no window of a chip of a tile or more has nodata
    around it.
    """
    starts = [sorted({*range(0, size - TILE_PX, TILE_PX), max(size - TILE_PX, 0)}) for size in chip.pixels.shape[1:]]
    return list(product(*starts))


def tiles_of(chip: RealChip) -> np.ndarray:
    """Return the windows of a chip as tiles (n, 12, 224, 224) uint16; a smaller chip is filled up with nodata."""
    tiles = []
    for y, x in windows_of(chip):
        tile = np.zeros((N_BANDS, TILE_PX, TILE_PX), np.uint16)
        seen = chip.pixels[:, y : y + TILE_PX, x : x + TILE_PX]
        tile[:, : seen.shape[1], : seen.shape[2]] = seen
        tiles.append(tile)
    return np.stack(tiles)


def embed_chips(
    encoder: Encoder, chips: Sequence[RealChip], advance: Callable[[int], Any], first_wins: bool = False
) -> list[ChipPatches]:
    """Return the patch vectors of all chips; ``advance`` is called with the number of windows just embedded.

    Where windows overlap, the last one counts, or the first one if ``first_wins``. An encoder with position embeddings
    then sees the patch at another position.
    """
    tiles = [tiles_of(chip) for chip in chips]
    vectors = [np.empty((len(some), PATCHES_PER_SIDE**2, encoder.dimension), np.float16) for some in tiles]
    for month in sorted({chip.month for chip in chips}):
        places = [(i, j) for i, chip in enumerate(chips) if chip.month == month for j in range(len(tiles[i]))]
        for start in range(0, len(places), WINDOWS_PER_CALL):
            batch = places[start : start + WINDOWS_PER_CALL]
            found = encoder.embed(np.stack([tiles[i][j] for i, j in batch]), month)
            for (i, j), patches in zip(batch, found, strict=True):
                vectors[i][j] = patches  # rounded as in the pipeline, which stores float16
            advance(len(batch))
    return [_joined(*given, first_wins) for given in zip(chips, tiles, vectors, strict=True)]


def _joined(chip: RealChip, tiles: np.ndarray, vectors: np.ndarray, first_wins: bool) -> ChipPatches:
    rows, columns = (size // PATCH_PX for size in chip.pixels.shape[1:])
    joined = np.zeros((rows, columns, vectors.shape[-1]), np.float16)
    is_valid = np.zeros((rows, columns), bool)
    shares = patch_valid_share(tiles).reshape(-1, PATCHES_PER_SIDE, PATCHES_PER_SIDE)
    parts = list(zip(windows_of(chip), vectors, shares, strict=True))
    for (y, x), patches, share in reversed(parts) if first_wins else parts:
        place = np.s_[y // PATCH_PX :, x // PATCH_PX :]
        target, valid = joined[place][:PATCHES_PER_SIDE, :PATCHES_PER_SIDE], is_valid[place]
        height, width = target.shape[:2]
        target[:] = patches.reshape(PATCHES_PER_SIDE, PATCHES_PER_SIDE, -1)[:height, :width]
        valid[:height, :width] = share[:height, :width] >= MIN_PATCH_VALID_SHARE
    return ChipPatches(joined, is_valid)
