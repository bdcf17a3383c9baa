"""A random world of tiles, as rows in PostgreSQL and as NumPy arrays."""

from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg
from pgvector import Vector
from pyproj import Geod

from db.embedding_sets.tile_keys import add_tile_keys
from tests.builders.blocks import Blocks, add_blocks, cells_under
from tests.builders.rows import CITY, COUNTRY, DIMENSION, TILE, box, make_composite, point, tile_values

GEOD = Geod(ellps="WGS84")
CONTINENTS = ("Africa", "Asia", "Europe", "Oceania")
COUNTRIES = ("CA", "CB", "CC", "CD")
AGGREGATES = ("median", "min", "max", "std")
METHODS = ("mean", "dominant", *AGGREGATES, "mean_std")
AGGREGATE = "INSERT INTO terrakin.tile_aggregates (tile_id, method, embedding) VALUES (%s, %s, %s)"


@dataclass(frozen=True)
class World:
    """Tiles as arrays, one row per tile: ids, positions (degrees, EPSG:4326) and vectors by method."""

    tile_ids: np.ndarray
    city_ids: np.ndarray
    country_codes: np.ndarray
    continents: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    valid_share: np.ndarray
    is_synthetic: np.ndarray
    is_date_known: np.ndarray
    vectors: dict[str, np.ndarray]
    blocks: Blocks | None = None

    def distance_m(self, row: int) -> np.ndarray:
        """Return the geodesic metres from one tile to every tile, computed by PROJ (not by PostGIS)."""
        n = len(self.lon)
        return GEOD.inv(np.full(n, self.lon[row]), np.full(n, self.lat[row]), self.lon, self.lat)[2]

    def unit(self, method: str) -> np.ndarray:
        """Return all vectors of a method, scaled to unit length."""
        return self.vectors[method] / np.linalg.norm(self.vectors[method], axis=1, keepdims=True)

    def similarity(self, row: int, method: str) -> np.ndarray:
        """Return the cosine of one tile with every tile."""
        unit = self.unit(method)
        return unit @ unit[row]

    def ranked(self, query: np.ndarray, eligible: np.ndarray, method: str = "mean", k: int = 20) -> list[int]:
        """Return the ids of the k eligible tiles that are most similar to a vector, best first, ties by tile_id."""
        similarity = self.unit(method) @ query
        rows = np.flatnonzero(eligible)
        rows = rows[np.lexsort((self.tile_ids[rows], -similarity[rows]))]
        return self.tile_ids[rows][:k].tolist()


def build_world(
    conn: psycopg.Connection[Any],
    n_tiles: int,
    n_cities: int,
    seed: int,
    *,
    n_real: int = 0,
    n_undated: int = 0,
    with_blocks: bool = False,
) -> World:
    """Insert a random world and return it as arrays. Vectors are float32, so that both contain the same numbers.

    Args:
        conn: the connection to insert with.
        n_tiles: number of tiles.
        n_cities: number of cities, with ids from 1.
        seed: fixes the random numbers.
        n_real: the first so many cities are real places, the others synthetic.
        n_undated: the dates of the last so many cities are unknown.
        with_blocks: put the tiles on the lattice of UTM, where ids tell places, and insert the 49 blocks of each.
    """
    rng = np.random.default_rng(seed)
    city = rng.integers(n_cities, size=n_tiles)
    city_lon, city_lat = rng.uniform(-175, 175, n_cities), rng.uniform(-75, 75, n_cities)
    country = rng.integers(4, size=n_cities)
    centres = rng.normal(size=(5, DIMENSION))
    world = World(
        tile_ids=rng.permutation(n_tiles * 3)[:n_tiles].astype(np.int64) + 1,
        city_ids=city + 1,
        country_codes=np.array(COUNTRIES)[country][city],
        continents=np.array(CONTINENTS)[country][city],
        lon=city_lon[city] + rng.uniform(-0.25, 0.25, n_tiles),
        lat=city_lat[city] + rng.uniform(-0.25, 0.25, n_tiles),
        valid_share=rng.choice([0.5, 0.75, 1.0], n_tiles),
        is_synthetic=city >= n_real,
        is_date_known=city < n_cities - n_undated,
        vectors={
            m: (centres[rng.integers(5, size=n_tiles)] + rng.normal(size=(n_tiles, DIMENSION))).astype(np.float32)
            for m in METHODS[:-1]
        },
    )
    world.vectors["mean_std"] = np.hstack([world.unit("mean"), world.unit("std")])
    footprints = [box(lon, lat, 0.01) for lon, lat in zip(world.lon, world.lat, strict=True)]
    if with_blocks:
        tile_ids, lon, lat, footprints = cells_under(conn, world.lon, world.lat)
        world = replace(world, tile_ids=tile_ids, lon=lon, lat=lat)
    with conn.cursor() as cursor:
        cursor.executemany(COUNTRY, [(c, f"Country {c}", k) for c, k in zip(COUNTRIES, CONTINENTS, strict=True)])
        for i in range(n_cities):
            place = {"location": point(city_lon[i], city_lat[i]), "extent": box(city_lon[i], city_lat[i], 0.3)}
            code = COUNTRIES[country[i]]
            about = {"city_id": i + 1, "name": f"City {i + 1}", "country_code": code, "is_synthetic": i >= n_real}
            cursor.execute(CITY, {**about, **place})
        composites = [make_composite(conn, i + 1, is_date_known=i < n_cities - n_undated) for i in range(n_cities)]
        cursor.executemany(
            TILE, [_world_tile(world, row, composites[city[row]], footprints[row]) for row in range(n_tiles)]
        )
        cursor.executemany(
            AGGREGATE,
            [(int(world.tile_ids[r]), m, Vector(world.vectors[m][r])) for r in range(n_tiles) for m in AGGREGATES],
        )
        add_tile_keys(conn)
        if with_blocks:
            world = replace(world, blocks=add_blocks(conn, world.tile_ids, world.city_ids, world.vectors["mean"], rng))
        cursor.execute("ANALYZE terrakin.tiles, terrakin.tile_aggregates, terrakin.cities, terrakin.embedding_keys")
    return world


def _world_tile(world: World, row: int, composite_id: int, footprint: str) -> dict[str, Any]:
    return tile_values(
        int(world.tile_ids[row]), int(world.city_ids[row]), composite_id, footprint,
        point(world.lon[row], world.lat[row]),
        world.vectors["mean"][row], world.vectors["dominant"][row], float(world.valid_share[row]),
    )  # fmt: skip
