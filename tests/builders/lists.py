"""Inverted lists for sets too small to be fitted, so that a search must choose among them."""

from typing import Any

import psycopg

SPLIT = "UPDATE terrakin.embedding_keys SET list_id = mod(item_id, %s)"
DROP = "DELETE FROM terrakin.embedding_lists"
# Each list is alone in its group: a search reads those of the nearest groups first, then all others.
MAKE = """
    INSERT INTO terrakin.embedding_lists (set_id, list_id, parent_id, centroid)
    SELECT c.set_id, CASE WHEN p.is_parent THEN -1 - c.list_id ELSE c.list_id END,
        CASE WHEN NOT p.is_parent THEN -1 - c.list_id END, c.centroid
    FROM (
        SELECT e.set_id, e.list_id, avg(l2_normalize(e.key)) AS centroid
        FROM terrakin.embedding_keys AS e
        GROUP BY e.set_id, e.list_id
    ) AS c
    CROSS JOIN (VALUES (true), (false)) AS p(is_parent)
"""
LIMIT = "UPDATE terrakin.embedding_sets SET max_compared = %s"


def split_into_lists(conn: psycopg.Connection[Any], n_lists: int, max_compared: int) -> None:
    """Divide the keys of every set into lists, regardless of what they contain; compare at most so many in a search."""
    conn.execute(DROP)
    conn.execute(SPLIT, (n_lists,))
    conn.execute(MAKE)
    conn.execute(LIMIT, (max_compared,))
