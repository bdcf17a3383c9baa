"""Generates cities and work files for `terrakin bench etl`: synthetic composites and patch embeddings.

Cities are circles around real centres with the real number of tiles. The work files are those that the stages
composite and embed write; their attributes mark them as synthetic.
"""

import csv
import gzip
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import zarr
from scipy.ndimage import gaussian_filter

from benchmarks.world import country_code
from etl.cities.city import City
from etl.cities.extent import circle
from etl.cities.geonames import geonames_cities
from etl.cities.grid import PATCHES_PER_TILE, TILE_M, TILE_PX, Cell, tile_id
from etl.imagery.sentinel2 import BANDS
from etl.period import Period
from etl.store.work_files import COMPOSITE, COMPRESSOR, PATCHES, city_dir, write_arrays

PERIOD = Period(date(2024, 6, 1), date(2024, 8, 31))
DIMENSION = 768
RENAMED = {"Australia": "Oceania"}
"""Names of continents in the file of real tiles that differ from ours."""
N_TEXTURES = 16
"""Number of different tiles of pixels; every tile of the world is a hard link to one of them."""
NOISE_ROWS = 8192
N_CLASSES = 12
"""Number of patch classes in the world; a tile has three or four of them."""


def synthetic_cities(real_tiles: Path, n_tiles: int) -> list[City]:
    """Return cities with about n_tiles in total, from the file of real tiles or else from the package's city table."""
    if not real_tiles.exists():
        known = [(c.lon, c.lat, c.country_code, c.continent, 140) for c in geonames_cities()[:350]]
    else:
        known = _real_places(real_tiles)
    chosen, total = [], 0
    for i, (lon, lat, country, continent, n) in enumerate(known):
        if total >= n_tiles:
            break
        total += n
        extent = circle(lon, lat, (n / np.pi) ** 0.5 * TILE_M)
        name = f"City {i + 1} (synthetic)"
        chosen.append(
            City(i + 1, name, country, f"Country {country} (synthetic)", continent, None, lon, lat, extent, True)
        )
    return chosen


def _real_places(path: Path) -> list[tuple[float, float, str, str, int]]:
    of_city: dict[tuple[str, str, str], list[tuple[float, float]]] = {}
    with gzip.open(path, "rt") as handle:
        for row in csv.DictReader(handle):
            key = row["country"], row["city"], row["continent"]
            of_city.setdefault(key, []).append((float(row["lon"]), float(row["lat"])))
    codes = {country: country_code(i) for i, country in enumerate(sorted({key[0] for key in of_city}))}
    places = []
    for (country, _, continent), tiles in of_city.items():
        lon, lat = np.median(tiles, axis=0).tolist()
        places.append((lon, lat, codes[country], RENAMED.get(continent, continent), len(tiles)))
    order = np.random.default_rng(0).permutation(len(places))
    return [places[i] for i in order]


def write_work_files(
    home: Path, cities: Sequence[City], cells: Mapping[int, Sequence[Cell]], advance: Callable[[int], Any]
) -> None:
    """Write `composite.zarr` and `patches.zarr` of every city, as the stages composite and embed do."""
    textures = home / "textures.zarr"
    _write_textures(textures)
    patches = SyntheticPatches(cities)
    for city in cities:
        own = cells[city.city_id]
        folder = city_dir(home, city.city_id, PERIOD)
        _write_composite(folder / COMPOSITE, textures, own)
        arrays = {
            "tile_id": np.array([tile_id(cell, PERIOD.start) for cell in own], np.int64),
            "embedding": patches.of(city, len(own)),
            "patch_valid_share": np.ones((len(own), PATCHES_PER_TILE), np.float32),
            "valid_share": np.ones(len(own), np.float32),
        }
        encoder = {"encoder": "synthetic_benchmark", "weights": "random", "weights_sha256": "0" * 64}
        write_arrays(folder / PATCHES, arrays, {"made_from": "synthetic", **encoder})
        advance(len(own))


def _write_textures(path: Path) -> None:
    """Write tiles of smooth and sharp structure with pixel noise, which compress about as little as real ones."""
    rng = np.random.default_rng(1)
    tiles = []
    for i in range(N_TEXTURES):
        pixels = rng.normal(size=(len(BANDS), TILE_PX, TILE_PX))
        smooth = gaussian_filter(pixels, (0, 2 + i % 5, 2 + i % 5))
        tiles.append(np.clip(1200 + 400 * smooth / smooth.std() + 40 * pixels, 1, 9000).astype(np.uint16))
    write_arrays(path, {"reflectance": np.concatenate(tiles, axis=2)}, {}, chunk=TILE_PX)


def _write_composite(path: Path, textures: Path, cells: Sequence[Cell]) -> None:
    """Write a composite whose chunks, one per tile, are links to textures, with nodata around the cells."""
    top, left = max(c.row for c in cells), min(c.col for c in cells)
    shape = top - min(c.row for c in cells) + 1, max(c.col for c in cells) - left + 1
    attributes: dict[str, Any] = {
        "made_from": "synthetic", "stac_url": "synthetic", "collection": "synthetic-benchmark", "is_synthetic": True,
        "item_ids": [], "max_cloud_cover": 0, "search_steps": [], "scenes": [], "valid_share": 1.0,
        "min_observations": 3, "median_observations": 3.0, "srid": cells[0].srid, "bands": list(BANDS),
        "top_row": top, "left_col": left,
    }  # fmt: skip
    path.parent.mkdir(parents=True, exist_ok=True)
    group = zarr.open_group(path, mode="w-", attributes=attributes)
    side = (len(BANDS), TILE_PX, TILE_PX)
    group.create_array(
        "reflectance",
        shape=(len(BANDS), shape[0] * TILE_PX, shape[1] * TILE_PX),
        chunks=side,
        dtype=np.uint16,
        compressors=COMPRESSOR,
    )
    chunks = path / "reflectance" / "c" / "0"
    for i, cell in enumerate(cells):
        (chunks / f"{top - cell.row}").mkdir(parents=True, exist_ok=True)
        source = textures / "reflectance" / "c" / "0" / "0" / f"{(cell.row + cell.col + i) % N_TEXTURES}"
        os.link(source, chunks / f"{top - cell.row}" / f"{cell.col - left}")


class SyntheticPatches:
    """Patch vectors structured like real ones: a common mean, a city component, a patch class and noise."""

    def __init__(self, cities: Sequence[City]) -> None:
        rng = np.random.default_rng(2)
        self._mean = rng.normal(scale=2, size=DIMENSION).astype(np.float32)
        self._classes = rng.normal(size=(N_CLASSES, DIMENSION)).astype(np.float32)
        self._noise = rng.normal(scale=0.7, size=(NOISE_ROWS, DIMENSION)).astype(np.float32)
        # A few dimensions encode location, so that the stage bias has something to find.
        self._location = np.zeros((3, DIMENSION), np.float32)
        self._location[:, :20] = rng.normal(scale=2, size=(3, 20))

    def of(self, city: City, n: int) -> np.ndarray:
        """Return (n, 196, 768) float16; equal calls give equal arrays."""
        rng = np.random.default_rng(city.city_id)
        lon, lat = np.radians([city.lon, city.lat])
        xyz = np.array([np.cos(lat) * np.cos(lon), np.cos(lat) * np.sin(lon), np.sin(lat)], np.float32)
        own = self._mean + xyz @ self._location + rng.normal(scale=0.3, size=DIMENSION).astype(np.float32)
        patches = np.empty((n, PATCHES_PER_TILE, DIMENSION), np.float16)
        for i in range(n):
            classes = rng.permutation(N_CLASSES)[: rng.integers(3, 5)]
            patch_class = rng.choice(classes, PATCHES_PER_TILE, p=rng.dirichlet(np.full(len(classes), 3.0)))
            begin = rng.integers(NOISE_ROWS - PATCHES_PER_TILE)
            patches[i] = own + self._classes[patch_class] + self._noise[begin : begin + PATCHES_PER_TILE]
        return patches
