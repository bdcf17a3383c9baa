"""Writes results into schema ``terrakin`` and reads back what later stages need."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import numpy as np
import psycopg
import shapely
from psycopg.types.json import Jsonb

from etl.cities.city import City
from etl.cities.grid import Cell, tile_id
from etl.errors import EncoderError, EtlError
from etl.period import Period
from etl.store.date_range import date_range
from etl.store.encoder import post_processing_version

Connection = psycopg.Connection[Any]

UPSERT_COUNTRY = """
    INSERT INTO terrakin.countries (code, name, continent)
    VALUES (%(country_code)s, %(country)s, %(continent)s)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, continent = excluded.continent
"""
UPSERT_CITY = """
    INSERT INTO terrakin.cities (city_id, name, country_code, population, location, extent, is_synthetic)
    VALUES (%(city_id)s, %(name)s, %(country_code)s, %(population)s,
        ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography, %(extent)s, %(is_synthetic)s)
    ON CONFLICT (city_id) DO UPDATE SET name = excluded.name, country_code = excluded.country_code,
        population = excluded.population, location = excluded.location, extent = excluded.extent,
        is_synthetic = excluded.is_synthetic
"""
READ_CITIES = """
    SELECT c.city_id, c.name, c.country_code, n.name, n.continent, c.population,
        ST_X(c.location::geometry), ST_Y(c.location::geometry), c.extent, c.is_synthetic
    FROM terrakin.cities AS c
    JOIN terrakin.countries AS n ON n.code = c.country_code
    ORDER BY c.city_id
"""
LOADED = """
    SELECT period, array_agg(city_id ORDER BY city_id)
    FROM terrakin.composites
    GROUP BY period
    ORDER BY period
"""
UPSERT_COMPOSITE = """
    INSERT INTO terrakin.composites (city_id, period, stac_url, collection, is_synthetic, item_ids,
        max_cloud_cover, valid_share, min_observations, median_observations, search_steps, scenes)
    VALUES (%(city_id)s, %(period)s, %(stac_url)s, %(collection)s, %(is_synthetic)s, %(item_ids)s,
        %(max_cloud_cover)s, %(valid_share)s, %(min_observations)s, %(median_observations)s, %(search_steps)s, %(scenes)s)
    ON CONFLICT (city_id, period) DO UPDATE SET stac_url = excluded.stac_url, collection = excluded.collection,
        is_synthetic = excluded.is_synthetic, item_ids = excluded.item_ids,
        max_cloud_cover = excluded.max_cloud_cover, valid_share = excluded.valid_share,
        min_observations = excluded.min_observations, median_observations = excluded.median_observations, search_steps = excluded.search_steps,
        scenes = excluded.scenes, created_at = now()
    RETURNING composite_id
"""
JSON_COLUMNS = ("search_steps", "scenes")
CLASHING_PERIOD = """
    SELECT c.name, m.period
    FROM terrakin.composites AS m
    JOIN terrakin.cities AS c ON c.city_id = m.city_id
    WHERE m.city_id = ANY (%(city_ids)s)
        AND m.period <> %(period)s
        AND date_trunc('month', lower(m.period)) = date_trunc('month', lower(%(period)s))
    ORDER BY c.city_id
    LIMIT 1
"""
CREATE_STAGING = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staging_tiles ON COMMIT DROP AS
    SELECT tile_id, city_id, composite_id, period, footprint, location, valid_share, embedding_mean,
        embedding_dominant, dominant_share, dominant_patches::text AS dominant_patches
    FROM terrakin.tiles
    WITH NO DATA
"""
CREATE_STAGING_AGGREGATES = """
    CREATE TEMPORARY TABLE IF NOT EXISTS staging_aggregates ON COMMIT DROP AS
    SELECT tile_id, method, embedding
    FROM terrakin.tile_aggregates
    WITH NO DATA
"""
EMPTY_STAGING = "TRUNCATE staging_tiles, staging_aggregates"
"""They may stand from another city of the same transaction."""
COPY_TILES = "COPY staging_tiles FROM STDIN (FORMAT binary)"
TILE_TYPES = (
    "int8", "int8", "int8", "daterange", "geometry", "geography", "float4", "vector", "vector", "float4", "text",
)  # fmt: skip
COPY_AGGREGATES = "COPY staging_aggregates FROM STDIN (FORMAT binary)"
AGGREGATE_TYPES = ("int8", "text", "vector")
UPSERT_TILES = """
    INSERT INTO terrakin.tiles AS t (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, dominant_patches)
    SELECT tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, dominant_patches::bit(196)
    FROM staging_tiles
    ON CONFLICT (tile_id) DO UPDATE SET city_id = excluded.city_id, composite_id = excluded.composite_id,
        period = excluded.period, footprint = excluded.footprint, location = excluded.location,
        valid_share = excluded.valid_share, embedding_mean = excluded.embedding_mean,
        embedding_dominant = excluded.embedding_dominant, dominant_share = excluded.dominant_share,
        dominant_patches = excluded.dominant_patches,
        umap_x = CASE WHEN t.embedding_mean = excluded.embedding_mean THEN t.umap_x END,
        umap_y = CASE WHEN t.embedding_mean = excluded.embedding_mean THEN t.umap_y END,
        is_umap_placed = t.is_umap_placed AND t.embedding_mean = excluded.embedding_mean
"""
UPSERT_AGGREGATES = """
    INSERT INTO terrakin.tile_aggregates (tile_id, method, embedding)
    SELECT tile_id, method, embedding FROM staging_aggregates
    ON CONFLICT (tile_id, method) DO UPDATE SET embedding = excluded.embedding
"""
DELETE_OTHERS = """
    DELETE FROM terrakin.tiles AS t
    WHERE t.city_id = %(city_id)s AND t.period = %(period)s
        AND NOT EXISTS (SELECT FROM staging_tiles AS s WHERE s.tile_id = t.tile_id)
"""


@dataclass(frozen=True)
class CityTiles:
    """One city's tiles, ready to be stored; arrays run along ``cells``.

    Attributes:
        city_id: the city.
        period: days of the composite.
        composite: columns of terrakin.composites, but for the ids and the period.
        cells: where the tiles are.
        valid_share: (n,) float32 in 0..1.
        dominant_share: (n,) float32 in 0..1.
        dominant_patches: (n, 196) bool, row by row from the north-west.
        vectors: (n, 768) float32 by method: mean, dominant, median, min, max.
    """

    city_id: int
    period: Period
    composite: Mapping[str, Any]
    cells: Sequence[Cell]
    valid_share: np.ndarray
    dominant_share: np.ndarray
    dominant_patches: np.ndarray
    vectors: Mapping[str, np.ndarray]


def write_cities(conn: Connection, cities: Iterable[City]) -> None:
    """Insert or update cities and their countries, in one transaction."""
    rows = [vars(city) | {"extent": shapely.set_srid(city.extent, 4326)} for city in cities]
    with conn.transaction(), conn.cursor() as cursor:
        cursor.executemany(UPSERT_COUNTRY, rows)
        cursor.executemany(UPSERT_CITY, rows)


def read_stored_cities(conn: Connection) -> list[City]:
    """All cities of the database, by city_id."""
    return [City(*row) for row in conn.execute(READ_CITIES)]


def loaded_cities(conn: Connection) -> list[tuple[Period, list[int]]]:
    """Ids of the cities with composites of each period, oldest period first."""
    return [(Period(p.lower, p.upper - timedelta(days=1)), ids) for p, ids in conn.execute(LOADED)]


def check_period(conn: Connection, city_ids: Sequence[int], period: Period) -> None:
    """Refuse a period whose tiles would take the place of another's: a tile_id holds no more than the first month.

    Raises:
        EtlError: one of the cities has tiles of another period that begins in the same month.
    """
    clash = conn.execute(CLASHING_PERIOD, {"city_ids": list(city_ids), "period": date_range(period)}).fetchone()
    if clash:
        name, loaded = clash
        last_day = loaded.upper - timedelta(days=1)
        raise EtlError(
            f"period {period.start}/{period.end} begins in the same month as {loaded.lower}/{last_day}, which is "
            f"loaded for {name}: its tiles would be overwritten; take that period, or one that begins in another month"
        )


def write_tiles(conn: Connection, tiles: CityTiles, version: str) -> None:
    """Store one city's tiles of one period in one transaction; its tiles that are no more are deleted.

    Args:
        conn: in autocommit, or within a transaction that writes several cities.
        tiles: what is stored.
        version: ``post_processing_version`` of what made the vectors.

    Raises:
        EncoderError: the database records another post-processing by now.
    """
    period = date_range(tiles.period)
    key = {"city_id": tiles.city_id, "period": period}
    with conn.transaction():
        if post_processing_version(conn) != version:
            raise EncoderError("its vectors lack the post-processing recorded by now; run `terrakin etl run` again")
        composite = {name: Jsonb(v) if name in JSON_COLUMNS else v for name, v in tiles.composite.items()}
        (composite_id,) = conn.execute(UPSERT_COMPOSITE, composite | key).fetchone() or (None,)
        conn.execute(CREATE_STAGING)
        conn.execute(CREATE_STAGING_AGGREGATES)
        conn.execute(EMPTY_STAGING)
        ids = [tile_id(cell, tiles.period.start) for cell in tiles.cells]
        with conn.cursor() as cursor, cursor.copy(COPY_TILES) as copy:
            copy.set_types(TILE_TYPES)
            for i, cell in enumerate(tiles.cells):
                footprint, centre = (shapely.set_srid(g, 4326) for g in (cell.footprint(), cell.centre()))
                copy.write_row(
                    (
                        ids[i], tiles.city_id, composite_id, period, footprint, centre, float(tiles.valid_share[i]),
                        tiles.vectors["mean"][i], tiles.vectors["dominant"][i], float(tiles.dominant_share[i]),
                        "".join(tiles.dominant_patches[i].astype("uint8").astype(str)),
                    )
                )  # fmt: skip
        with conn.cursor() as cursor, cursor.copy(COPY_AGGREGATES) as copy:
            copy.set_types(AGGREGATE_TYPES)
            for method in ("median", "min", "max"):
                for i, number in enumerate(ids):
                    copy.write_row((number, method, tiles.vectors[method][i]))
        conn.execute(DELETE_OTHERS, key)
        conn.execute(UPSERT_TILES)
        conn.execute(UPSERT_AGGREGATES)
