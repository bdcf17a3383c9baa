"""Reading a set of keys, and adding keys to it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.basis import keys_of
from db.embedding_sets.copy_format import COLUMNS, HEADER, TRAILER, key_rows
from db.embedding_sets.lists import Lists, assign

Connection = psycopg.Connection[Any]

READ_SET = """
    SELECT s.set_id FROM terrakin.embedding_sets AS s
    WHERE s.unit = %s AND s.method = %s AND s.is_current
    FOR SHARE
"""
"""The lock lasts until the transaction ends. A refit waits for it; a load waits for a refit."""
IS_KNOWN = "SELECT FROM terrakin.embedding_sets AS s WHERE s.unit = %s AND s.method = %s AND s.is_current"
READ_COMPONENTS = "SELECT c.component FROM terrakin.embedding_components AS c WHERE c.set_id = %s ORDER BY c.number"
READ_PARENTS = """
    SELECT l.centroid FROM terrakin.embedding_lists AS l
    WHERE l.set_id = %s AND l.parent_id IS NULL
    ORDER BY l.list_id DESC
"""
READ_LISTS = """
    SELECT -1 - l.parent_id, l.centroid FROM terrakin.embedding_lists AS l
    WHERE l.set_id = %s AND l.parent_id IS NOT NULL
    ORDER BY l.list_id
"""
DELETE_KEYS = "DELETE FROM terrakin.embedding_keys WHERE set_id = %s AND item_id = ANY(%s)"
COPY_KEYS = f"COPY terrakin.embedding_keys ({COLUMNS}) FROM STDIN (FORMAT BINARY)"


@dataclass(frozen=True)
class Items:
    """Tiles or blocks, and their vectors.

    Attributes:
        ids: (n,) int64, tile_id or block_id.
        city_ids: (n,) int64.
        valid_share: (n,) float32 in 0..1.
        locations: (n, 2) float64, longitude and latitude of the centres in degrees, EPSG:4326.
        vectors: (n, dimension) float.
    """

    ids: np.ndarray
    city_ids: np.ndarray
    valid_share: np.ndarray
    locations: np.ndarray
    vectors: np.ndarray


@dataclass(frozen=True)
class EmbeddingSet:
    """A set of keys: what turns a vector into a key, and a key into a list.

    Attributes:
        set_id: its key in terrakin.embedding_sets.
        components: (key dimension, dimension) float32; None if keys are whole vectors.
        lists: list ``i`` has list_id i, parent ``i`` has list_id -1 - i.
    """

    set_id: int
    components: np.ndarray | None
    lists: Lists


def read_set(conn: Connection, unit: str, method: str) -> EmbeddingSet:
    """Return the current set of a unit and method, and keep it from being refitted until the transaction ends."""
    # A statement that waited for a refit does not see the set that the refit has made: the next one does.
    while (row := conn.execute(READ_SET, (unit, method)).fetchone()) is None:
        if conn.execute(IS_KNOWN, (unit, method)).fetchone() is None:
            raise ValueError(f"there is no set of keys for unit {unit!r} and method {method!r}")
    (set_id,) = row
    parents = [row[0].to_numpy() for row in conn.execute(READ_PARENTS, (set_id,))]
    parent_of, centroids = zip(*conn.execute(READ_LISTS, (set_id,)).fetchall(), strict=True)
    lists = Lists(
        np.stack(parents).astype(np.float32),
        np.stack([c.to_numpy() for c in centroids]).astype(np.float32),
        np.array(parent_of, np.int32),
    )
    return EmbeddingSet(set_id, read_components(conn, set_id), lists)


def read_components(conn: Connection, set_id: int) -> np.ndarray | None:
    """Return the components (key dimension, dimension) float32 of a set; None if its keys are whole vectors."""
    components = [row[0].to_numpy() for row in conn.execute(READ_COMPONENTS, (set_id,))]
    return np.stack(components).astype(np.float32) if components else None


def write_keys(conn: Connection, into: EmbeddingSet, items: Items) -> None:
    """Add the keys of items to a set, in the caller's transaction; replace those that exist."""
    conn.execute(DELETE_KEYS, (into.set_id, items.ids.tolist()))
    with conn.cursor().copy(COPY_KEYS) as copy:
        copy.write(HEADER + rows_of(into, items) + TRAILER)


def rows_of(into: EmbeddingSet, items: Items) -> bytes:
    """Return the keys of items as rows for COPY, without header.

    A vector of length 0, or one at right angles to all components, has no direction to compare, and gets no row.
    """
    keys = keys_of(into.components, items.vectors)
    has_direction = keys.any(axis=1)
    keys = keys[has_direction]
    return key_rows(
        into.set_id,
        items.ids[has_direction],
        items.city_ids[has_direction],
        assign(into.lists, keys),
        items.valid_share[has_direction],
        items.locations[has_direction],
        keys,
    )
