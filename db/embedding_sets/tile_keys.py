"""Adding the keys of tiles that have none."""

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.store import Items, read_set, write_keys

METHODS = ("mean", "dominant", "median", "min", "max", "std", "mean_std")
CHUNK = 4096
"""Tiles whose vectors are in memory at a time: 25 MB of the longest ones."""

MISSING = """
    WITH keys AS MATERIALIZED (
        SELECT e.item_id
        FROM terrakin.embedding_keys AS e
        WHERE e.set_id = %(set_id)s AND (%(tile_ids)s::bigint[] IS NULL OR e.item_id = ANY(%(tile_ids)s))
    )
    SELECT t.tile_id FROM terrakin.tiles AS t
    WHERE (%(tile_ids)s::bigint[] IS NULL OR t.tile_id = ANY(%(tile_ids)s))
        AND NOT EXISTS (SELECT FROM keys AS k WHERE k.item_id = t.tile_id)
    ORDER BY t.tile_id
"""
READ = """
    SELECT t.tile_id, t.city_id, t.valid_share, ST_X(t.location::geometry), ST_Y(t.location::geometry), v.embedding
    FROM terrakin.tiles AS t
    JOIN api.tile_vectors AS v ON v.tile_id = t.tile_id AND v.method = {method}
    WHERE t.tile_id = ANY(%s)
"""

Advance = Callable[[int], Any]


def add_tile_keys(
    conn: psycopg.Connection[Any], tile_ids: list[int] | None = None, advance: Advance | None = None
) -> int:
    """Add the keys of the tiles that have vectors and no key, to the sets of all methods.

    Args:
        conn: an autocommit connection, or one within the transaction that writes the tiles, with the privileges of
            terrakin_etl.
        tile_ids: only these tiles; None for all.
        advance: called with the number of keys added, after each chunk.

    Returns:
        Number of keys added.
    """
    n_added = 0
    for method in METHODS:
        with conn.transaction():
            into = read_set(conn, "tile", method)
            for items in _without_key(conn, into.set_id, method, tile_ids):
                write_keys(conn, into, items)
                n_added += len(items.ids)
                if advance:
                    advance(len(items.ids))
    return n_added


def _without_key(
    conn: psycopg.Connection[Any], set_id: int, method: str, tile_ids: list[int] | None
) -> Iterator[Items]:
    """Yield the tiles that have a vector and no key in the set, chunk by chunk."""
    missing = [row[0] for row in conn.execute(MISSING, {"set_id": set_id, "tile_ids": tile_ids})]
    statement = psycopg.sql.SQL(READ).format(method=psycopg.sql.Literal(method))
    for begin in range(0, len(missing), CHUNK):
        with conn.cursor(binary=True) as cursor:
            rows = cursor.execute(statement, (missing[begin : begin + CHUNK],)).fetchall()
        if rows:
            ids, city_ids, valid_share, lon, lat, vectors = zip(*rows, strict=True)
            yield Items(
                np.array(ids, np.int64),
                np.array(city_ids, np.int64),
                np.array(valid_share, np.float32),
                np.column_stack([lon, lat]),
                np.stack([v.to_numpy() for v in vectors]),
            )
