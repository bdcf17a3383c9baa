"""Keys that do not fit their tiles, as a partial restore or changes without triggers leave them."""

from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.sql import SQL, Identifier, Literal

from db.embedding_sets.store import DELETE_KEYS

Connection = psycopg.Connection[Any]

KEYS = SQL("""
    WITH keys AS MATERIALIZED (
        SELECT e.set_id, e.item_id, e.city_id, e.country_number, e.list_id FROM terrakin.embedding_keys AS e
    ),
    placed AS (
        SELECT k.set_id, k.item_id, t.tile_id, c.city_id, n.country_number, l.list_id,
            k.city_id <> c.city_id OR k.country_number <> n.country_number AS is_misplaced
        FROM keys AS k
        JOIN terrakin.embedding_sets AS s ON s.set_id = k.set_id AND s.is_current AND s.unit IN ('tile', 'block')
        LEFT JOIN terrakin.tiles AS t ON t.tile_id = CASE s.unit WHEN 'block' THEN k.item_id >> 6 ELSE k.item_id END
        LEFT JOIN terrakin.cities AS c ON c.city_id = t.city_id
        LEFT JOIN terrakin.countries AS n ON n.code = c.country_code
        LEFT JOIN terrakin.embedding_lists AS l
            ON l.set_id = k.set_id AND l.list_id = k.list_id AND l.parent_id IS NOT NULL
    )
""")
"""Read first, and as a whole: Citus does not join distributed keys with tables of the coordinator row by row."""
COUNT_MISSING = """
    WITH keys AS MATERIALIZED (
        SELECT e.set_id, e.item_id FROM terrakin.embedding_keys AS e
    ),
    missing AS MATERIALIZED (
        SELECT t.tile_id, s.method
        FROM terrakin.tiles AS t
        CROSS JOIN terrakin.embedding_sets AS s
        WHERE s.is_current AND s.unit = 'tile' AND NOT EXISTS (
            SELECT FROM keys AS k WHERE k.set_id = s.set_id AND k.item_id = t.tile_id
        )
    )
    SELECT count(DISTINCT m.tile_id)
    FROM missing AS m
    JOIN api.tile_vectors AS v ON v.tile_id = m.tile_id AND v.method = m.method
    WHERE vector_norm(v.embedding) > 0
"""
"""A vector of length 0 has no direction to compare, and no key."""
COUNT_STALE = KEYS + SQL("""
    SELECT count(*) FILTER (WHERE p.tile_id IS NULL), count(*) FILTER (WHERE p.is_misplaced),
        count(*) FILTER (WHERE p.list_id IS NULL)
    FROM placed AS p
""")
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
ORPHANS = KEYS + SQL("""
    SELECT p.set_id, array_agg(p.item_id)
    FROM placed AS p
    WHERE p.tile_id IS NULL
    GROUP BY p.set_id
""")
MISPLACED = KEYS + SQL("""
    SELECT p.city_id, p.country_number, p.set_id, array_agg(p.item_id)
    FROM placed AS p
    WHERE p.is_misplaced
    GROUP BY p.city_id, p.country_number, p.set_id
""")
PLACE = """
    UPDATE terrakin.embedding_keys AS e SET city_id = %s, country_number = %s
    WHERE e.set_id = %s AND e.item_id = ANY (%s)
"""
UNLISTED_SETS = """
    WITH lists AS MATERIALIZED (
        SELECT DISTINCT e.set_id, e.list_id FROM terrakin.embedding_keys AS e
    )
    SELECT DISTINCT u.set_id
    FROM lists AS u
    WHERE NOT EXISTS (
        SELECT
        FROM terrakin.embedding_lists AS l
        WHERE l.set_id = u.set_id AND l.list_id = u.list_id AND l.parent_id IS NOT NULL
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
        for orphans in conn.execute(ORPHANS).fetchall():
            conn.execute(DELETE_KEYS, orphans)
        for misplaced in conn.execute(MISPLACED).fetchall():
            conn.execute(PLACE, misplaced)
    return [set_id for (set_id,) in conn.execute(UNLISTED_SETS)]
