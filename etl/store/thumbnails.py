"""Thumbnails in ``terrakin.tile_thumbnails``: which are missing, and writing them."""

from collections.abc import Sequence
from typing import Any

import psycopg

from etl.period import Period
from etl.store.date_range import date_range

LOADED_TILES = "SELECT tile_id FROM terrakin.tiles WHERE city_id = %s AND period = %s ORDER BY tile_id"
CITIES_WITHOUT = """
    SELECT DISTINCT t.city_id
    FROM terrakin.tiles AS t
    WHERE t.period = %s
        AND NOT EXISTS (SELECT FROM terrakin.tile_thumbnails AS p WHERE p.tile_id = t.tile_id)
"""
WRITE = """
    INSERT INTO terrakin.tile_thumbnails (tile_id, webp)
    SELECT p.tile_id, p.webp
    FROM unnest(%s::bigint[], %s::bytea[]) AS p(tile_id, webp)
    JOIN terrakin.tiles AS t ON t.tile_id = p.tile_id
    ON CONFLICT (tile_id) DO UPDATE SET webp = excluded.webp
"""

Connection = psycopg.Connection[Any]


def loaded_tiles(conn: Connection, city_id: int, period: Period) -> list[int]:
    """Return the ids of a city's tiles of a period, ascending."""
    return [number for (number,) in conn.execute(LOADED_TILES, (city_id, date_range(period)))]


def cities_without_thumbnails(conn: Connection, period: Period) -> list[int]:
    """Return the ids of the cities that have a tile of the period without a thumbnail."""
    return [city_id for (city_id,) in conn.execute(CITIES_WITHOUT, (date_range(period),))]


def write_thumbnails(conn: Connection, tile_ids: Sequence[int], pictures: Sequence[bytes]) -> None:
    """Store thumbnails (WebP) in one statement; those of tiles deleted in the meantime are dropped."""
    conn.execute(WRITE, (list(tile_ids), list(pictures)))
