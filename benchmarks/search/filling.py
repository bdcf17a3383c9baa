"""Writes a benchmark's world into PostgreSQL, and measures build time, insert time and size of the sets of keys."""

import time
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from benchmarks.search.items import Items, typical_city
from benchmarks.world import DIMENSION, World, country_code
from db.connect import connect
from db.constants import CONTINENTS
from db.embedding_sets.store import Items as NewItems
from db.embedding_sets.store import read_set, write_keys
from db.index import build_indexes
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
        ST_Multi(ST_MakeEnvelope(s.lon - h.width, s.lat - h.height, s.lon + h.width, s.lat + h.height, 4326)),
        ST_SetSRID(ST_MakePoint(s.lon, s.lat), 4326)::geography, 1, s.embedding, s.embedding, 0.5, s.umap_x, s.umap_y
    FROM stage AS s
    JOIN terrakin.composites AS c ON c.city_id = s.city_id
    CROSS JOIN LATERAL (SELECT 0.01 / cos(radians(s.lat)) AS width, 0.01 AS height) AS h
    ORDER BY s.tile_id
"""
CHUNK = 50_000
REPORT = """
    SELECT s.set_id, count(l.list_id) FROM terrakin.embedding_sets AS s
    JOIN terrakin.embedding_lists AS l ON l.set_id = s.set_id AND l.parent_id IS NOT NULL
    WHERE s.unit = %s AND s.method = 'mean' AND s.is_current GROUP BY s.set_id
"""
SIZES = """
    SELECT pg_relation_size(t.oid) / 1048576.0, coalesce(sum(pg_relation_size(i.indexrelid)), 0) / 1048576.0,
        coalesce(sum(pg_relation_size(i.indexrelid)) FILTER (
            WHERE pg_get_indexdef(i.indexrelid) ~ '\\((list_id, country_number, )?city_id\\)'
        ), 0) / 1048576.0
    FROM pg_class AS t
    LEFT JOIN pg_index AS i ON i.indrelid = t.oid
    WHERE t.oid = ('terrakin.embedding_keys_' || %s)::regclass
    GROUP BY t.oid
"""
COMPONENT = "INSERT INTO terrakin.embedding_components (set_id, number, component) VALUES (%s, %s, %s)"
"""Blocks are made as keys. Any orthonormal components keep a refit from shortening them further."""
DELETE_CITY = """
    DELETE FROM terrakin.embedding_keys AS e WHERE e.city_id = %s AND e.set_id = %s
"""


@dataclass(frozen=True)
class Filled:
    """A set of keys: time of the refit, time to insert a city of about 140 tiles, and sizes."""

    set_id: int
    n_lists: int
    build_s: float
    insert_s: float
    delete_s: float
    n_inserted: int
    heap_mib: float
    indexes_mib: float
    lists_mib: float

    def __str__(self) -> str:
        """Return one line for the output."""
        return (
            f"terrakin: {self.n_lists} lists, fitted and written in {self.build_s:.0f} s; "
            f"heap {self.heap_mib:.0f} MiB; "
            f"b-trees of lists and cities {self.lists_mib:.0f} MiB ({self.lists_mib / self.heap_mib:.0%}); all "
            f"indexes {self.indexes_mib:.0f} MiB ({self.indexes_mib / self.heap_mib:.0%}); a city of "
            f"{self.n_inserted} items is inserted in {self.insert_s * 1000:.0f} ms, "
            f"deleted in {self.delete_s * 1000:.0f} ms"
        )


def fill_postgres(world: World, settings: Settings) -> float:
    """Fill an empty migrated database with the tiles of a world, and return the seconds that their keys took."""
    with connect(settings, autocommit=True) as conn:
        fill_tables(conn, world)
    started = time.perf_counter()
    build_indexes(settings)
    return time.perf_counter() - started


def fill_blocks(items: Items, settings: Settings) -> float:
    """Add blocks to the tiles of a filled database, and return the seconds that lists and sorting took."""
    with connect(settings) as conn:
        into = read_set(conn, "block", "mean")
        components = np.eye(items.vectors.shape[1], DIMENSION)
        conn.cursor().executemany(COMPONENT, [(into.set_id, i + 1, Vector(c)) for i, c in enumerate(components)])
        for begin in range(0, len(items.ids), CHUNK):
            write_keys(conn, into, _new(items, np.arange(begin, min(begin + CHUNK, len(items.ids)))))
    started = time.perf_counter()
    build_indexes(settings)
    return time.perf_counter() - started


def measure_set(items: Items, settings: Settings, build_s: float) -> Filled:
    """Delete and insert a city of typical size, and measure times and sizes."""
    with connect(settings, autocommit=True) as conn:
        set_id, n_lists = conn.execute(REPORT, (items.unit,)).fetchone() or (0, 0)
        city = typical_city(items)
        rows = np.flatnonzero(items.city == city)
        started = time.perf_counter()
        conn.execute(DELETE_CITY, (city, set_id))
        delete_s, started = time.perf_counter() - started, time.perf_counter()
        with conn.transaction():
            new = _new(items, rows)
            padded = np.pad(new.vectors, ((0, 0), (0, DIMENSION - new.vectors.shape[1])))
            write_keys(conn, read_set(conn, items.unit, "mean"), replace(new, vectors=padded))
        insert_s = time.perf_counter() - started
        heap, indexes, lists = map(float, conn.execute(SIZES, (set_id,)).fetchone() or (0, 0, 0))
    return Filled(set_id, n_lists, build_s, insert_s, delete_s, len(rows), heap, indexes, lists)


def _new(items: Items, rows: np.ndarray) -> NewItems:
    locations = np.column_stack([items.lon[rows], items.lat[rows]])
    share = np.ones(len(rows), np.float32)
    return NewItems(items.ids[rows].astype(np.int64), items.city[rows], share, locations, items.vectors[rows])


def fill_tables(conn: psycopg.Connection[Any], world: World, first_tile_id: int = 1) -> None:
    """Insert cities and tiles, without keys; tile ids are consecutive."""
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
