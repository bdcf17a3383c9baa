"""Writes a benchmark's world into PostgreSQL, and measures build time and size of the indexes."""

import time
from dataclasses import dataclass
from typing import Any

import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from benchmarks.world import World, country_code
from db.constants import CONTINENTS
from db.index import INDEXES, SHUFFLE, VACUUM
from db.neighbours import build_neighbours
from db.settings import Settings

STAGE = """
    CREATE TEMP TABLE stage (
        tile_id bigint, city_id bigint, lon float8, lat float8, umap_x real, umap_y real, embedding vector(768)
    )
"""
COPY = "COPY stage FROM STDIN (FORMAT BINARY)"
UNSTAGE = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, umap_x, umap_y)
    SELECT s.tile_id, s.city_id, c.composite_id, c.period,
        ST_MakeEnvelope(s.lon - h.width, s.lat - h.height, s.lon + h.width, s.lat + h.height, 4326),
        ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326)::geography, 1, s.embedding, s.embedding, 0.5, s.umap_x, s.umap_y
    FROM stage AS s
    JOIN terrakin.composites AS c ON c.city_id = s.city_id
    CROSS JOIN LATERAL (SELECT 0.01 / cos(radians(s.lat)) AS width, 0.01 AS height) AS h
    ORDER BY s.tile_id
"""
SIZES = """
    SELECT pg_relation_size('terrakin.ix_tiles_embedding_mean_hnsw') / 1048576.0,
        pg_total_relation_size('terrakin.tile_neighbours') / 1048576.0
"""


@dataclass(frozen=True)
class Filled:
    """Build time and size of the vector index of embedding_mean, and of the neighbours."""

    hnsw_s: float
    neighbours_s: float
    hnsw_mib: float
    neighbours_mib: float


def fill_postgres(world: World, settings: Settings, neighbours_of: list[int] | None) -> Filled:
    """Fill an empty migrated database and compute the neighbours of all tiles, or only of the given tile ids."""
    assert settings.database_url
    with psycopg.connect(settings.database_url, autocommit=True) as conn:
        fill_tables(conn, world)
        started = time.perf_counter()
        for statement in (*SHUFFLE, VACUUM, INDEXES[0].create):
            conn.execute(statement)
        hnsw_s, started = time.perf_counter() - started, time.perf_counter()
        build_neighbours(conn, tile_ids=neighbours_of)
        neighbours_s = time.perf_counter() - started
        hnsw_mib, neighbours_mib = conn.execute(SIZES).fetchone() or (0, 0)
    return Filled(hnsw_s, neighbours_s, float(hnsw_mib), float(neighbours_mib))


def fill_tables(conn: psycopg.Connection[Any], world: World, first_tile_id: int = 1) -> None:
    """Insert cities and tiles, without vector indexes and neighbours; tile ids are consecutive."""
    register_vector(conn)
    with conn.transaction():
        _fill_cities(conn, world)
        conn.execute(STAGE)
        with conn.cursor().copy(COPY) as copy:
            copy.set_types(["int8", "int8", "float8", "float8", "float4", "float4", "vector"])
            for r in range(len(world.lon)):
                numbers = world.lon[r], world.lat[r], world.umap[r, 0], world.umap[r, 1]
                copy.write_row((first_tile_id + r, int(world.city[r]), *map(float, numbers), Vector(world.vectors[r])))
        conn.execute(UNSTAGE)
    conn.execute("DROP TABLE stage")
    conn.execute("VACUUM (ANALYZE) terrakin.tiles, terrakin.cities")


def _fill_cities(conn: psycopg.Connection[Any], world: World) -> None:
    first = {int(c): i for i, c in reversed(list(enumerate(world.city)))}
    countries = {int(world.country[i]): int(world.continent[i]) for i in first.values()}
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO terrakin.countries VALUES (%s, %s, %s)",
            [(country_code(c), f"Country {c} (synthetic)", CONTINENTS[k]) for c, k in countries.items()],
        )
        cursor.executemany(
            "INSERT INTO terrakin.cities (city_id, name, country_code, location, extent, is_synthetic) "
            "SELECT %s, %s, %s, p::geography, ST_Multi(ST_Expand(p, 0.1)), true "
            "FROM ST_SetSRID(ST_MakePoint(%s, %s), 4326) AS p",
            [
                (c, f"City {c} (synthetic)", country_code(world.country[i]), float(world.lon[i]), float(world.lat[i]))
                for c, i in first.items()
            ],
        )
        cursor.executemany(
            "INSERT INTO terrakin.composites (city_id, period, stac_url, collection, is_synthetic, item_ids, "
            "max_cloud_cover, valid_share) VALUES (%s, '[2024-06-01,2024-09-01)', '', 'benchmark', true, '{}', 60, 1)",
            [(c,) for c in first],
        )
