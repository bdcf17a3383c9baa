"""Reading a set of keys, and adding keys to it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.basis import keys_of
from db.embedding_sets.copy_format import COLUMNS, HEADER, TRAILER, key_rows, stack_vectors
from db.embedding_sets.lists import Lists, assign

Connection = psycopg.Connection[Any]

READ_SET = """
    SELECT s.set_id FROM terrakin.embedding_sets AS s
    WHERE s.unit = %s AND s.method = %s AND s.is_current
    FOR SHARE
"""
"""The lock lasts until the transaction ends. A refit waits for it; a load waits for a refit."""
IS_KNOWN = "SELECT FROM terrakin.embedding_sets AS s WHERE s.unit = %s AND s.method = %s AND s.is_current"
READ_COMPONENTS = """
    SELECT count(*), string_agg(vector_send(c.component), '' ORDER BY c.number)
    FROM terrakin.embedding_components AS c
    WHERE c.set_id = %s
"""
READ_PARENTS = """
    SELECT count(*), string_agg(halfvec_send(l.centroid), '' ORDER BY l.list_id DESC)
    FROM terrakin.embedding_lists AS l
    WHERE l.set_id = %s AND l.parent_id IS NULL
"""
READ_LISTS = """
    SELECT count(*), string_agg(halfvec_send(l.centroid), '' ORDER BY l.list_id),
        array_agg(-1 - l.parent_id ORDER BY l.list_id)
    FROM terrakin.embedding_lists AS l
    WHERE l.set_id = %s AND l.parent_id IS NOT NULL
"""
"""One value: 8,000 of them take half a second more to convert."""
READ_COUNTRY_NUMBERS = """
    SELECT c.city_id, n.country_number
    FROM terrakin.cities AS c
    JOIN terrakin.countries AS n ON n.code = c.country_code
"""
DELETE_KEYS = "DELETE FROM terrakin.embedding_keys WHERE set_id = %s AND item_id = ANY(%s)"
COPY_KEYS = f"COPY terrakin.embedding_keys ({COLUMNS}) FROM STDIN (FORMAT BINARY)"


@dataclass(frozen=True)
class Items:
    """Tiles, blocks or imported items, and their vectors.

    Attributes:
        ids: (n,) int64, tile_id, block_id or item_id.
        city_ids: (n,) int64; the place_id of imported items.
        valid_share: (n,) float32 in 0..1.
        locations: (n, 2) float64, longitude and latitude of the centres in degrees, EPSG:4326.
        vectors: (n, dimension) float.
        country_numbers: (n,) int32; None: those of the cities.
    """

    ids: np.ndarray
    city_ids: np.ndarray
    valid_share: np.ndarray
    locations: np.ndarray
    vectors: np.ndarray
    country_numbers: np.ndarray | None = None


@dataclass(frozen=True)
class EmbeddingSet:
    """A set of keys: what turns a vector into a key, and a key into a list.

    Attributes:
        set_id: its key in terrakin.embedding_sets.
        components: (key dimension, dimension) float32; None if keys are whole vectors.
        lists: list ``i`` has list_id i, parent ``i`` has list_id -1 - i.
        country_numbers: country_number by city_id; 0 stands for that of an unknown city.
    """

    set_id: int
    components: np.ndarray | None
    lists: Lists
    country_numbers: dict[int, int]


def read_set(conn: Connection, unit: str, method: str) -> EmbeddingSet:
    """Return the current set of a unit and method, and keep it from being refitted until the transaction ends."""
    # A statement that waited for a refit does not see the set that the refit has made: the next one does.
    while (row := conn.execute(READ_SET, (unit, method)).fetchone()) is None:
        if conn.execute(IS_KNOWN, (unit, method)).fetchone() is None:
            raise ValueError(f"there is no set of keys for unit {unit!r} and method {method!r}")
    (set_id,) = row
    n_parents, parents = conn.execute(READ_PARENTS, (set_id,)).fetchone() or (0, b"")
    n_lists, centroids, parent_of = conn.execute(READ_LISTS, (set_id,)).fetchone() or (0, b"", [])
    lists = Lists(
        stack_vectors(parents, n_parents, ">f2"),
        stack_vectors(centroids, n_lists, ">f2"),
        np.array(parent_of, np.int32),
    )
    return EmbeddingSet(set_id, read_components(conn, set_id), lists, read_country_numbers(conn))


def read_components(conn: Connection, set_id: int) -> np.ndarray | None:
    """Return the components (key dimension, dimension) float32 of a set; None if its keys are whole vectors."""
    n, components = conn.execute(READ_COMPONENTS, (set_id,)).fetchone() or (0, b"")
    return stack_vectors(components, n, ">f4") if n else None


def read_country_numbers(conn: Connection) -> dict[int, int]:
    """Return the country_number of every city, by city_id."""
    return dict(conn.execute(READ_COUNTRY_NUMBERS).fetchall())


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
    if (country_numbers := items.country_numbers) is None:
        city_ids, rows_of_cities = np.unique(items.city_ids, return_inverse=True)
        numbers = [into.country_numbers.get(city_id, 0) for city_id in city_ids.tolist()]
        country_numbers = np.array(numbers, np.int32)[rows_of_cities]
    return key_rows(
        into.set_id,
        items.ids[has_direction],
        items.city_ids[has_direction],
        assign(into.lists, keys),
        items.valid_share[has_direction],
        items.locations[has_direction],
        keys,
        country_numbers[has_direction],
    )
