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
from etl.imagery.cloud_mask import DILATION_M, clear_pixels, median_of_clear, with_dark_data, without_offset
from etl.imagery.pixels import read_bands
from etl.imagery.selection import Scene, examine, solar_day
from etl.imagery.sentinel2 import BANDS, NODATA, asset_keys

BLOCK_BYTES = 400_000_000
"""Maximum size of a block's observations; computing the median takes about twice that."""
MAX_BLOCK_TILES = 4
READ_OBSERVATIONS = 2
"""Observations of a block that are read in parallel: a small city is a single block, and GDAL releases the GIL."""
MARGIN_PX = DILATION_M // RESOLUTION_M


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
    dn = np.zeros((len(observations), len(BANDS), *geobox.shape), np.uint16)
    clear = np.zeros((len(observations), *geobox.shape), bool)

    def read(i: int) -> None:
        for _, parts in groupby(sorted(observations[i], key=lambda part: part.kind), lambda part: part.kind):
            _add(dn[i], clear[i], list(parts), geobox)

    with ThreadPoolExecutor(READ_OBSERVATIONS) as pool:
        list(pool.map(read, range(len(observations))))  # raises the first error
    median, n_clear = median_of_clear(dn, clear)
    return median, n_clear, os.getpid(), _peak_memory_bytes()


def _add(dn: np.ndarray, clear: np.ndarray, parts: Sequence[Part], geobox: GeoBox) -> None:
    """Read scenes of one kind into those pixels of an observation that are still empty."""
    items = [part.item for part in parts]
    *bands, scl_key = asset_keys(items[0])
    (scl,) = read_bands(items, [scl_key], geobox.pad(MARGIN_PX), "nearest")
    inside = slice(MARGIN_PX, -MARGIN_PX)
    seen = clear_pixels(scl, RESOLUTION_M)[inside, inside]
    seen &= ~np.kron(parts[0].hidden, np.ones((TILE_PX, TILE_PX), bool))
    if not seen.any():
        return
    new = without_offset(with_dark_data(read_bands(items, bands, geobox, "bilinear")), parts[0].offset_dn)
    is_free = (dn == NODATA).any(axis=0) & (new != NODATA).all(axis=0)
    dn[:, is_free], clear[is_free] = new[:, is_free], seen[is_free]


def _parts_of(days: Sequence[Sequence[Scene]], place: tuple[int, ...], n_tiles: int) -> list[list[Part]]:
    rows, columns = (slice(i * n_tiles, (i + 1) * n_tiles) for i in place)
    return [[Part(s.item, s.offset.offset_dn, s.hidden[rows, columns]) for s in day] for day in days]


def _peak_memory_bytes() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
