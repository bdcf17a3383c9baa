"""Tiles and their composites: writing one city's rows of ``terrakin.composites`` and ``terrakin.tiles``."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely
from psycopg.types.json import Jsonb

from db.embedding_sets.tile_keys import add_tile_keys
from etl.cities.grid import Cell, tile_id
from etl.errors import ConcurrentChangeError
from etl.period import Period
from etl.store.blocks import CityBlocks, write_block_keys
from etl.store.date_range import date_range
from etl.store.encoder import post_processing_version
from etl.vectors.aggregation import AGGREGATIONS

Connection = psycopg.Connection[Any]

UPSERT_COMPOSITE = """
    INSERT INTO terrakin.composites (city_id, period, stac_url, collection, is_synthetic, item_ids,
        max_cloud_cover, valid_share, min_observations, median_observations, search_steps, scenes, is_date_known,
        licences, attributions)
    VALUES (%(city_id)s, %(period)s, %(stac_url)s, %(collection)s, %(is_synthetic)s, %(item_ids)s,
        %(max_cloud_cover)s, %(valid_share)s, %(min_observations)s, %(median_observations)s, %(search_steps)s,
        %(scenes)s, %(is_date_known)s, %(licences)s, %(attributions)s)
    ON CONFLICT (city_id, period) DO UPDATE SET stac_url = excluded.stac_url, collection = excluded.collection,
        is_synthetic = excluded.is_synthetic, item_ids = excluded.item_ids,
        max_cloud_cover = excluded.max_cloud_cover, valid_share = excluded.valid_share,
        min_observations = excluded.min_observations, median_observations = excluded.median_observations,
        search_steps = excluded.search_steps, scenes = excluded.scenes,
        is_date_known = excluded.is_date_known, licences = excluded.licences, attributions = excluded.attributions,
        created_at = now()
    RETURNING composite_id
"""
JSON_COLUMNS = ("search_steps", "scenes")
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
"""They may still hold another city of the same transaction."""
COPY_TILES = "COPY staging_tiles FROM STDIN (FORMAT binary)"
TILE_TYPES = (
    "int8", "int8", "int8", "daterange", "geometry", "geography", "float4", "vector", "vector", "float4", "text",
)  # fmt: skip
COPY_AGGREGATES = "COPY staging_aggregates FROM STDIN (FORMAT binary)"
AGGREGATE_TYPES = ("int8", "text", "vector")
AGGREGATES = tuple(name for name in AGGREGATIONS if name not in ("mean", "dominant"))
"""The aggregations that are rows of terrakin.tile_aggregates; the others are columns of terrakin.tiles."""
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
    """The tiles of one city, ready to be stored; the arrays have one entry per cell.

    Attributes:
        city_id: the city.
        period: days of the composite.
        composite: columns of terrakin.composites except the ids and the period.
        cells: where the tiles are.
        valid_share: (n,) float32 in 0..1.
        dominant_share: (n,) float32 in 0..1.
        dominant_patches: (n, 196) bool, row by row from the north-west.
        vectors: (n, 768) float32 for each of etl.vectors.aggregation.AGGREGATIONS.
        blocks: the blocks of these tiles that have a vector.
    """

    city_id: int
    period: Period
    composite: Mapping[str, Any]
    cells: Sequence[Cell]
    valid_share: np.ndarray
    dominant_share: np.ndarray
    dominant_patches: np.ndarray
    vectors: Mapping[str, np.ndarray]
    blocks: CityBlocks


def write_tiles(conn: Connection, tiles: CityTiles, version: str) -> None:
    """Store one city's tiles of one period, and what searches compare, in one transaction; delete its other tiles.

    Triggers delete the keys of deleted and of replaced tiles, and of their blocks.

    Args:
        conn: in autocommit, or within a transaction that writes several cities.
        tiles: the tiles to store.
        version: ``post_processing_version`` of the post-processing that made the vectors.

    Raises:
        ConcurrentChangeError: the recorded post-processing has changed since.
    """
    key = {"city_id": tiles.city_id, "period": date_range(tiles.period)}
    with conn.transaction():
        if post_processing_version(conn) != version:
            raise ConcurrentChangeError(
                "its vectors were made with a post-processing that was replaced since; run `terrakin etl run` again"
            )
        composite = {name: Jsonb(v) if name in JSON_COLUMNS else v for name, v in tiles.composite.items()}
        (composite_id,) = conn.execute(UPSERT_COMPOSITE, composite | key).fetchone() or (None,)
        conn.execute(CREATE_STAGING)
        conn.execute(CREATE_STAGING_AGGREGATES)
        conn.execute(EMPTY_STAGING)
        _copy(conn, tiles, composite_id)
        conn.execute(DELETE_OTHERS, key)
        conn.execute(UPSERT_TILES)
        conn.execute(UPSERT_AGGREGATES)
        add_tile_keys(conn, [tile_id(cell, tiles.period.start) for cell in tiles.cells])
        write_block_keys(conn, tiles.city_id, tiles.blocks)


def _copy(conn: Connection, tiles: CityTiles, composite_id: int | None) -> None:
    """Copy the tiles and their further aggregations into the staging tables."""
    period, ids = date_range(tiles.period), [tile_id(cell, tiles.period.start) for cell in tiles.cells]
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
        for method in AGGREGATES:
            for i, number in enumerate(ids):
                copy.write_row((number, method, tiles.vectors[method][i]))
