"""A city's composite, computed block by block on Dask's workers, so that memory does not depend on the city's size."""

import os
import resource
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import groupby

import numpy as np
import pystac
from dask.base import compute
from dask.delayed import delayed
from odc.geo.geobox import GeoBox, GeoboxTiles

from etl.cities.grid import RESOLUTION_M, TILE_PX
from etl.imagery.bright_ground import Patches, find_patches, ground_of
from etl.imagery.cloud_mask import DILATION_M, clear_pixels, median_of_clear, with_dark_data, without_offset
from etl.imagery.pixels import read_bands
from etl.imagery.selection import Scene, examine, solar_day
from etl.imagery.sentinel2 import BANDS, NODATA, asset_keys

BLOCK_BYTES = 400_000_000
"""Maximum size of a block's observations; computing the median takes about twice that."""
MAX_BLOCK_TILES = 4
READ_OBSERVATIONS = 2
"""Observations of a block that are read in parallel: a small city is a single block, and GDAL releases the GIL."""
MARGIN_PX = DILATION_M // RESOLUTION_M + 12
"""Clouds reach so far into a block; a round patch of 1 ha, which is not dilated, is 12 pixels wide."""
INSIDE = slice(MARGIN_PX, -MARGIN_PX)


@dataclass(frozen=True)
class Composite:
    """A city's median image.

    Attributes:
        reflectance: (12, height, width) uint16, surface reflectance x 10000 in the order of BANDS; 0 is nodata.
        n_clear: (height, width) uint8, number of clear observations (255 for 255 or more).
        geobox: position of the pixels: UTM, 10 m, north up.
        peak_memory_bytes: sum of the peak memory of this process and of each worker.
    """

    reflectance: np.ndarray
    n_clear: np.ndarray
    geobox: GeoBox
    peak_memory_bytes: int


@dataclass(frozen=True)
class Part:
    """The part of a scene in one block.

    Attributes:
        item: the STAC item.
        offset_dn: value to add to its DN.
        hidden: (rows, columns) bool: tiles of the block for which the scene is not used.
    """

    item: pystac.Item
    offset_dn: int
    hidden: np.ndarray

    @property
    def kind(self) -> tuple[tuple[str, ...], int, bytes]:
        """Parts of equal kind can be read together."""
        return asset_keys(self.item), self.offset_dn, self.hidden.tobytes()


def examine_all(items: Sequence[pystac.Item], geobox: GeoBox) -> Sequence[Scene]:
    """Examine each scene with the current Dask scheduler."""
    scenes: Sequence[Scene] = compute(*(delayed(examine)(item, geobox) for item in items))
    return scenes


def load_composite(scenes: Sequence[Scene], geobox: GeoBox, lon: float) -> Composite:
    """Compute the median over all clear observations with the current Dask scheduler.

    Args:
        scenes: usable scenes; those of one solar day are one observation.
        geobox: whole tiles, 10 m.
        lon: longitude of the city, degrees.

    Raises:
        ImageryError: a file cannot be read; the text names it.
    """
    days = [list(group) for _, group in groupby(scenes, lambda scene: solar_day(scene.item, lon))]
    n_tiles = block_tiles(len(days))
    blocks = GeoboxTiles(geobox, (n_tiles * TILE_PX, n_tiles * TILE_PX))
    places = list(np.ndindex(*blocks.shape.yx))
    tasks = [delayed(compose_block)(_parts_of(days, place, n_tiles), blocks[place]) for place in places]
    reflectance = np.zeros((len(BANDS), *geobox.shape), np.uint16)
    n_clear = np.zeros(tuple(geobox.shape), np.uint8)
    peaks: dict[int, int] = {}
    for place, (median, n, worker, peak) in zip(places, compute(*tasks), strict=True):
        rows, columns = (slice(i * n_tiles * TILE_PX, (i + 1) * n_tiles * TILE_PX) for i in place)
        reflectance[:, rows, columns], n_clear[rows, columns] = median, n
        peaks[worker] = max(peaks.get(worker, 0), peak)
    peaks[os.getpid()] = _peak_memory_bytes()
    return Composite(reflectance, n_clear, geobox, sum(peaks.values()))


def block_tiles(n_observations: int) -> int:
    """Return the number of tiles along a block's side so that its observations fit into BLOCK_BYTES; at least 1."""
    tile_bytes = n_observations * len(BANDS) * TILE_PX**2 * np.dtype(np.uint16).itemsize
    return int(min(max(np.sqrt(BLOCK_BYTES / tile_bytes), 1), MAX_BLOCK_TILES))


def compose_block(observations: Sequence[Sequence[Part]], geobox: GeoBox) -> tuple[np.ndarray, np.ndarray, int, int]:
    """Read one block and compute its median.

    Args:
        observations: the scenes of each solar day.
        geobox: whole tiles, 10 m.

    Returns:
        Median and number of clear observations from ``median_of_clear``, the worker's process id, and its peak memory
        in bytes.
    """
    grouped = [_by_kind(parts) for parts in observations]
    dn = np.zeros((len(observations), len(BANDS), *geobox.shape), np.uint16)
    clear = np.zeros((len(observations), *geobox.shape), bool)
    with ThreadPoolExecutor(READ_OBSERVATIONS) as pool:
        classes = list(pool.map(lambda groups: [_read_classes(parts, geobox) for parts in groups], grouped))
        used = [_merged(*pair) for pair in zip(grouped, classes, strict=True)]
        patches = find_patches(np.stack(used), RESOLUTION_M)

        def read(i: int) -> None:
            for parts, scl in zip(grouped[i], classes[i], strict=True):
                _add(dn[i], clear[i], parts, geobox, scl, patches)

        list(pool.map(read, range(len(observations))))  # raises the first error
    clear |= ground_of(patches.inside(INSIDE), dn) & patches.is_open[:, INSIDE, INSIDE]
    median, n_clear = median_of_clear(dn, clear)
    return median, n_clear, os.getpid(), _peak_memory_bytes()


def _by_kind(parts: Sequence[Part]) -> list[list[Part]]:
    """Return the parts of an observation in groups that can be read together."""
    return [list(group) for _, group in groupby(sorted(parts, key=lambda part: part.kind), lambda part: part.kind)]


def _read_classes(parts: Sequence[Part], geobox: GeoBox) -> np.ndarray:
    """Return the scene classes of parts of one kind, with a margin."""
    items = [part.item for part in parts]
    scl: np.ndarray = read_bands(items, asset_keys(items[0])[-1:], geobox.pad(MARGIN_PX), "nearest")[0]
    return scl


def _hidden_pixels(parts: Sequence[Part]) -> np.ndarray:
    hidden: np.ndarray = np.kron(parts[0].hidden, np.ones((TILE_PX, TILE_PX), bool))
    return hidden


def _merged(groups: Sequence[Sequence[Part]], scls: Sequence[np.ndarray]) -> np.ndarray:
    """Return the classes of an observation where its parts are used: those of the first group that has data."""
    merged = np.zeros_like(scls[0])
    for parts, scl in zip(groups, scls, strict=True):
        is_used = ~np.pad(_hidden_pixels(parts), MARGIN_PX)
        merged = np.where((merged == NODATA) & is_used, scl, merged)
    return merged


def _add(
    dn: np.ndarray, clear: np.ndarray, parts: Sequence[Part], geobox: GeoBox, scl: np.ndarray, patches: Patches
) -> None:
    """Read scenes of one kind into those pixels of an observation that are still empty."""
    is_hidden = _hidden_pixels(parts)
    seen = clear_pixels(scl, RESOLUTION_M, patches.is_recurring)[INSIDE, INSIDE] & ~is_hidden
    may_be_ground = (patches.is_recurring & (scl != NODATA))[INSIDE, INSIDE] & ~is_hidden
    if not (seen | may_be_ground).any():
        return
    items = [part.item for part in parts]
    bands = asset_keys(items[0])[:-1]
    new = without_offset(with_dark_data(read_bands(items, bands, geobox, "bilinear")), parts[0].offset_dn)
    is_free = (dn == NODATA).any(axis=0) & (new != NODATA).all(axis=0)
    dn[:, is_free], clear[is_free] = new[:, is_free], seen[is_free]


def _parts_of(days: Sequence[Sequence[Scene]], place: tuple[int, ...], n_tiles: int) -> list[list[Part]]:
    rows, columns = (slice(i * n_tiles, (i + 1) * n_tiles) for i in place)
    return [[Part(s.item, s.offset.offset_dn, s.hidden[rows, columns]) for s in day] for day in days]


def _peak_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
