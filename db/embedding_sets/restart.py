"""Emptying a set of keys, so that vectors of another post-processing can be written to it whole."""

from typing import Any

import psycopg

FORGET = """
    UPDATE terrakin.embedding_sets AS s
    SET kept_share = 1, post_processing_version = NULL, fitted_at = NULL
    WHERE s.unit = %s AND s.method = %s AND s.is_current
    RETURNING set_id
"""
EMPTY = (
    "DELETE FROM terrakin.embedding_keys WHERE set_id = %(set_id)s",
    "DELETE FROM terrakin.embedding_components WHERE set_id = %(set_id)s",
    "DELETE FROM terrakin.embedding_lists WHERE set_id = %(set_id)s",
)
ONE_LIST = """
    INSERT INTO terrakin.embedding_lists (set_id, list_id, parent_id, centroid)
    SELECT %(set_id)s, l.list_id, l.parent_id, array_fill(1, ARRAY[%(dimension)s])::vector::halfvec
    FROM (VALUES (-1, NULL), (0, -1)) AS l(list_id, parent_id)
"""


def restart_set(conn: psycopg.Connection[Any], unit: str, method: str, dimension: int) -> None:
    """Delete the keys, components and lists of the current set, in the caller's transaction.

    The set is then as before the first load. Searches see the old keys until the transaction ends. The keys of blocks
    need this: they cannot be made again from the tables, and components that were fitted to vectors of another
    post-processing would cut off parts of the new ones.

    Args:
        conn: a connection with the privileges of terrakin_etl, not in a refit.
        unit: tile or block.
        method: aggregation of the patches.
        dimension: numbers per vector of what will be loaded.
    """
    for (set_id,) in conn.execute(FORGET, (unit, method)).fetchall():
        for statement in (*EMPTY, ONE_LIST):
            conn.execute(statement, {"set_id": set_id, "dimension": dimension})
