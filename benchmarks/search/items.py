"""What the search benchmark searches: the tiles of a world, or 49 blocks in each of them."""

from dataclasses import dataclass
from functools import cached_property

import numpy as np

from benchmarks.world import World
from db.embedding_sets.basis import KEY_DIMENSION, unit_vectors

BLOCKS_PER_TILE = 49
BLOCK_DEG = 0.0029
"""About 320 m of latitude."""
JITTER = 0.8
"""How far the blocks of a tile lie apart in the UMAP plane, in which cities are one to three units wide."""
TILE_WEIGHT, NOISE = 0.1, 0.4
CHUNK = 1_000
TYPICAL_TILES = 140


@dataclass(frozen=True)
class Items:
    """Tiles or blocks as arrays, one row per item; cities, countries and continents are numbers.

    Attributes:
        unit: tile or block.
        ids: (n,) int64, tile_id or block_id.
        tile: (n,) row of the tile in its world.
        vectors: (n, dimension) float32, of unit length.
    """

    unit: str
    ids: np.ndarray
    tile: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    city: np.ndarray
    country: np.ndarray
    continent: np.ndarray
    vectors: np.ndarray

    @cached_property
    def rows_of_city(self) -> dict[int, np.ndarray]:
        """The rows of every city, ascending: looking through all items would be part of the time of a query."""
        order = np.argsort(self.city, kind="stable")
        cities, begins = np.unique(self.city[order], return_index=True)
        return dict(zip(cities.tolist(), np.split(order, begins[1:]), strict=True))

    def same_city_share(self, rows: np.ndarray) -> float:
        """Return the share of the ten nearest of these rows that lie in the same city."""
        similarity = self.vectors[rows] @ self.vectors.T
        similarity[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(similarity, -10, axis=1)[:, -10:]
        return float((self.city[nearest] == self.city[rows][:, None]).mean())


def tiles_of(world: World) -> Items:
    """Return the tiles of a world; tile ids count from 1."""
    rows = np.arange(len(world.lon))
    return Items(
        "tile", rows + 1, rows, world.lon, world.lat, world.city, world.country, world.continent, world.vectors
    )


def blocks_of(world: World, seed: int = 0) -> Items:
    """Return 49 blocks per tile of a world, with keys of 192 numbers.

    A key is smooth in the UMAP plane, around the tile's position in it, plus a component of the tile, plus noise.
    """
    rng = np.random.default_rng(seed)
    tile = np.repeat(np.arange(len(world.lon)), BLOCKS_PER_TILE)
    number = np.tile(np.arange(BLOCKS_PER_TILE), len(world.lon))
    frequency = rng.normal(scale=1 / 1.5, size=(2, KEY_DIMENSION)).astype(np.float32)
    phase = rng.uniform(0, 2 * np.pi, KEY_DIMENSION).astype(np.float32)
    vectors = np.empty((len(tile), KEY_DIMENSION), np.float32)
    for begin in range(0, len(world.lon), CHUNK):
        rows = np.repeat(np.arange(begin, min(begin + CHUNK, len(world.lon))), BLOCKS_PER_TILE)
        umap = world.umap[rows] + JITTER * rng.standard_normal((len(rows), 2), dtype=np.float32)
        of_tile = rng.standard_normal((len(rows) // BLOCKS_PER_TILE, KEY_DIMENSION), dtype=np.float32)
        noise = rng.standard_normal((len(rows), KEY_DIMENSION), dtype=np.float32)
        smooth = np.cos(umap.astype(np.float32) @ frequency + phase) * np.float32(np.sqrt(2))
        mixed = smooth + TILE_WEIGHT * np.repeat(of_tile, BLOCKS_PER_TILE, axis=0) + NOISE * noise
        # As PostgreSQL stores them, so that the exact answer is the same.
        stored = unit_vectors(mixed).astype(np.float16)
        vectors[begin * BLOCKS_PER_TILE : begin * BLOCKS_PER_TILE + len(rows)] = unit_vectors(stored)
    lon = world.lon[tile] + (number % 7 - 3) * BLOCK_DEG / np.cos(np.radians(world.lat[tile]))
    lat = world.lat[tile] - (number // 7 - 3) * BLOCK_DEG
    city, country, continent = (values[tile] for values in (world.city, world.country, world.continent))
    return Items("block", (tile + 1) << 6 | number, tile, lon, lat, city, country, continent, vectors)


def typical_city(items: Items) -> int:
    """Return the city whose number of tiles is nearest to the mean of real cities."""
    sizes = np.bincount(items.city) / (BLOCKS_PER_TILE if items.unit == "block" else 1)
    return int(np.abs(sizes - TYPICAL_TILES).argmin())
