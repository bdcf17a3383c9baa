"""Keys that do not fit their tiles, as a partial restore or changes without triggers leave them."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

Connection = psycopg.Connection[Any]

TILE_OF_KEY = SQL("CASE s.unit WHEN 'block' THEN e.item_id >> 6 ELSE e.item_id END")
COUNT_MISSING = """
    WITH missing AS MATERIALIZED (
        SELECT t.tile_id, s.method
        FROM terrakin.tiles AS t
        CROSS JOIN terrakin.embedding_sets AS s
        WHERE s.is_current AND s.unit = 'tile' AND NOT EXISTS (
            SELECT FROM terrakin.embedding_keys AS e WHERE e.set_id = s.set_id AND e.item_id = t.tile_id
        )
    )
    SELECT count(DISTINCT m.tile_id)
    FROM missing AS m
    JOIN api.tile_vectors AS v ON v.tile_id = m.tile_id AND v.method = m.method
    WHERE vector_norm(v.embedding) > 0
"""
"""A vector of length 0 has no direction to compare, and no key."""
COUNT_STALE = SQL("""
    SELECT count(*) FILTER (WHERE t.tile_id IS NULL),
        count(*) FILTER (WHERE e.city_id <> t.city_id OR e.country_number <> n.country_number),
        count(*) FILTER (WHERE l.list_id IS NULL)
    FROM terrakin.embedding_keys AS e
    JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id AND s.is_current
    LEFT JOIN terrakin.tiles AS t ON t.tile_id = {tile_id}
    LEFT JOIN terrakin.cities AS c ON c.city_id = t.city_id
    LEFT JOIN terrakin.countries AS n ON n.code = c.country_code
    LEFT JOIN terrakin.embedding_lists AS l
        ON l.set_id = e.set_id AND l.list_id = e.list_id AND l.parent_id IS NOT NULL
""").format(tile_id=TILE_OF_KEY)
WITHOUT_PARTITION = """
    SELECT s.set_id, format('%s %s', s.unit, s.method)
    FROM terrakin.embedding_sets AS s
    WHERE s.is_current AND NOT EXISTS (
        SELECT
        FROM pg_inherits AS i
        WHERE i.inhparent = 'terrakin.embedding_keys'::regclass
            AND i.inhrelid = to_regclass('terrakin.embedding_keys_' || s.set_id)
    )
    ORDER BY s.set_id
"""
ADD_PARTITION = SQL("CREATE TABLE {} PARTITION OF terrakin.embedding_keys FOR VALUES IN ({})")
DELETE_ORPHANS = SQL("""
    DELETE FROM terrakin.embedding_keys AS e
    USING terrakin.embedding_sets AS s
    WHERE s.set_id = e.set_id AND s.is_current
        AND NOT EXISTS (SELECT FROM terrakin.tiles AS t WHERE t.tile_id = {tile_id})
""").format(tile_id=TILE_OF_KEY)
PLACE = SQL("""
    UPDATE terrakin.embedding_keys AS e
    SET city_id = c.city_id, country_number = n.country_number
    FROM terrakin.embedding_sets AS s, terrakin.tiles AS t, terrakin.cities AS c, terrakin.countries AS n
    WHERE s.set_id = e.set_id AND s.is_current AND t.tile_id = {tile_id} AND c.city_id = t.city_id
        AND n.code = c.country_code AND (e.city_id <> c.city_id OR e.country_number <> n.country_number)
""").format(tile_id=TILE_OF_KEY)
UNLISTED_SETS = """
    SELECT DISTINCT e.set_id
    FROM terrakin.embedding_keys AS e
    WHERE NOT EXISTS (
        SELECT
        FROM terrakin.embedding_lists AS l
        WHERE l.set_id = e.set_id AND l.list_id = e.list_id AND l.parent_id IS NOT NULL
    )
"""


@dataclass(frozen=True)
class StaleKeys:
    """How many keys of the current sets do not fit.

    Attributes:
        n_missing: tiles that lack a key of an aggregation for which they have a vector.
        n_orphans: keys whose tile does not exist.
        n_misplaced: keys with another city or country_number than their tile.
        n_unlisted: keys in a list that does not exist.
    """

    n_missing: int
    n_orphans: int
    n_misplaced: int
    n_unlisted: int


def count_stale_keys(conn: Connection) -> StaleKeys:
    """Return how many keys do not fit their tiles or lists; vectors are not compared. 2.7 million keys take 10 s."""
    (n_missing,) = conn.execute(COUNT_MISSING).fetchone() or (0,)
    return StaleKeys(n_missing, *(conn.execute(COUNT_STALE).fetchone() or (0, 0, 0)))


def sets_without_partition(conn: Connection) -> dict[int, str]:
    """Return set_id and name of the current sets whose keys have no partition: they can have no keys."""
    return dict(conn.execute(WITHOUT_PARTITION).fetchall())


def add_partitions(conn: Connection) -> None:
    """Add the partitions that current sets lack, as the owner."""
    for set_id in sets_without_partition(conn):
        conn.execute(ADD_PARTITION.format(Identifier("terrakin", f"embedding_keys_{set_id}"), Literal(set_id)))


def repair_keys(conn: Connection) -> list[int]:
    """Delete keys without a tile, and correct city and country of the others.

    Args:
        conn: an autocommit connection of the owner.

    Returns:
        set_id of the sets with keys in lists that do not exist, which a refit repairs.
    """
    with conn.transaction():
        conn.execute(DELETE_ORPHANS)
        conn.execute(PLACE)
    return [set_id for (set_id,) in conn.execute(UNLISTED_SETS)]
