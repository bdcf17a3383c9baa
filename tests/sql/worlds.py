"""Small random worlds of tiles for the tests of ``sql/``: as rows in PostgreSQL and as NumPy arrays."""

from dataclasses import dataclass

import numpy as np
import psycopg
from pgvector import Vector
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
CONTINENTS = ("Africa", "Asia", "Europe", "Oceania")
COUNTRIES = ("CA", "CB", "CC", "CD")
METHODS = ("mean", "dominant", "median", "min", "max")


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
    vectors: dict[str, np.ndarray]

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


INSERT_COUNTRY = "INSERT INTO terrakin.countries (code, name, continent) VALUES (%s, %s, %s)"

INSERT_CITY = """
    INSERT INTO terrakin.cities (city_id, name, country_code, location, extent, is_synthetic)
    SELECT %(city_id)s, %(name)s, %(country)s, p::geography, ST_Multi(ST_Expand(p, 0.3)), true
    FROM ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS p
"""

INSERT_COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, item_ids, max_cloud_cover, valid_share)
    VALUES (%s, '[2024-06-01,2024-09-01)', 'test', 'test', true, '{}', 60, 1)
    RETURNING composite_id
"""

INSERT_TILE = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share)
    SELECT %(tile_id)s, %(city_id)s, %(composite_id)s, '[2024-06-01,2024-09-01)', ST_Expand(p, 0.01), p::geography,
        %(valid_share)s, %(mean)s, %(dominant)s, 0.5
    FROM ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS p
"""

INSERT_AGGREGATE = "INSERT INTO terrakin.tile_aggregates (tile_id, method, embedding) VALUES (%s, %s, %s)"


def build_world(conn: psycopg.Connection, n_tiles: int, n_cities: int, seed: int) -> World:
    """Insert a random world and return it as arrays. Vectors are float32, so that both contain the same numbers."""
    rng = np.random.default_rng(seed)
    city = rng.integers(n_cities, size=n_tiles)
    city_lon, city_lat = rng.uniform(-175, 175, n_cities), rng.uniform(-75, 75, n_cities)
    country = rng.integers(4, size=n_cities)
    kinds = rng.normal(size=(5, 768))
    world = World(
        tile_ids=rng.permutation(n_tiles * 3)[:n_tiles].astype(np.int64) + 1,
        city_ids=city + 1,
        country_codes=np.array(COUNTRIES)[country][city],
        continents=np.array(CONTINENTS)[country][city],
        lon=city_lon[city] + rng.uniform(-0.25, 0.25, n_tiles),
        lat=city_lat[city] + rng.uniform(-0.25, 0.25, n_tiles),
        valid_share=rng.choice([0.5, 0.75, 1.0], n_tiles),
        vectors={
            m: (kinds[rng.integers(5, size=n_tiles)] + rng.normal(size=(n_tiles, 768))).astype(np.float32)
            for m in METHODS
        },
    )
    cities = range(n_cities)
    with conn.cursor() as cursor:
        cursor.executemany(
            INSERT_COUNTRY, [(code, f"Country {code}", c) for code, c in zip(COUNTRIES, CONTINENTS, strict=True)]
        )
        for i in cities:
            cursor.execute(
                INSERT_CITY,
                {
                    "city_id": i + 1,
                    "name": f"City {i + 1}",
                    "country": COUNTRIES[country[i]],
                    "lon": city_lon[i],
                    "lat": city_lat[i],
                },
            )
        composite_ids = [cursor.execute(INSERT_COMPOSITE, (i + 1,)).fetchone()[0] for i in cities]
        cursor.executemany(
            INSERT_TILE,
            [
                {
                    "tile_id": int(world.tile_ids[r]),
                    "city_id": int(world.city_ids[r]),
                    "composite_id": composite_ids[city[r]],
                    "lon": world.lon[r],
                    "lat": world.lat[r],
                    "valid_share": float(world.valid_share[r]),
                    "mean": Vector(world.vectors["mean"][r]),
                    "dominant": Vector(world.vectors["dominant"][r]),
                }
                for r in range(n_tiles)
            ],
        )
        cursor.executemany(
            INSERT_AGGREGATE,
            [(int(world.tile_ids[r]), m, Vector(world.vectors[m][r])) for r in range(n_tiles) for m in METHODS[2:]],
        )
        cursor.execute("ANALYZE terrakin.tiles, terrakin.tile_aggregates, terrakin.cities")
    return world
