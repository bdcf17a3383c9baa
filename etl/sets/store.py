"""Imported sets in the database."""

import json
import struct
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import numpy as np
import psycopg
import shapely
from psycopg.types.json import Jsonb

from db.embedding_sets.copy_format import HEADER, TRAILER
from etl.errors import SetError
from etl.sets.places import Places
from etl.sets.sources.chunks import Chunk

Connection = psycopg.Connection[Any]

MAX_COMPARED = 20_000
"""Eligible keys that a search compares, as in a set of blocks (docs/performance.md)."""
EPOCH = datetime(2000, 1, 1, tzinfo=UTC)
"""PostgreSQL counts microseconds from here."""
COLUMNS = (
    "imported_set_id, item_id, source_id, observed_at, geometry, location, place_id, country_code, country_number, "
    "properties, embedding"
)
N_COLUMNS = 11

READ = """
    SELECT s.imported_set_id, s.name, s.layout, s.decoding, s.dimension, s.post_processing, s.size_m, s.source,
        s.is_complete, coalesce((
            SELECT sum(f.n_items) FROM terrakin.imported_files AS f WHERE f.imported_set_id = s.imported_set_id
        ), 0)::bigint
    FROM terrakin.imported_sets AS s
    WHERE %(name)s::text IS NULL OR s.name = %(name)s
    ORDER BY s.name
"""
CREATE = """
    INSERT INTO terrakin.imported_sets (name, layout, decoding, dimension, post_processing, size_m, source)
    VALUES (%s, %s, %s, %s, %s, %s, %s)
    RETURNING imported_set_id
"""
REOPEN = "UPDATE terrakin.imported_sets SET is_complete = false WHERE imported_set_id = %s"
HAS_FILE = "SELECT EXISTS (SELECT FROM terrakin.imported_files WHERE imported_set_id = %s AND sha256 = %s)"
WRITE_FILE = """
    INSERT INTO terrakin.imported_files (imported_set_id, sha256, name, n_items, n_without_vector)
    VALUES (%s, %s, %s, %s, %s)
"""
COPY_ITEMS = f"COPY terrakin.imported_items ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
FIT = """
    WITH moments AS (
        SELECT avg(u.embedding) AS mean, avg(u.embedding * u.embedding) AS square
        FROM (
            SELECT l2_normalize(i.embedding) AS embedding
            FROM terrakin.imported_items AS i
            WHERE i.imported_set_id = %(imported_set_id)s
        ) AS u
    )
    UPDATE terrakin.imported_sets AS s
    SET mean = CASE s.post_processing WHEN 'none' THEN array_fill(0, ARRAY[s.dimension])::vector ELSE m.mean END,
        weights = CASE s.post_processing WHEN 'standardised' THEN (
            SELECT array_agg(CASE WHEN v.variance > 1e-12 THEN 1 / sqrt(v.variance) ELSE 1 END ORDER BY v.i)
            FROM (
                SELECT n.square - n.mean ^ 2 AS variance, n.i
                FROM unnest(m.mean::real[]::double precision[], m.square::real[]::double precision[])
                    WITH ORDINALITY AS n(mean, square, i)
            ) AS v
        )::real[]::vector ELSE array_fill(1, ARRAY[s.dimension])::vector END
    FROM moments AS m
    WHERE s.imported_set_id = %(imported_set_id)s AND m.mean IS NOT NULL
"""
ADD_KEY_SET = """
    INSERT INTO terrakin.embedding_sets (unit, method, max_compared)
    SELECT %(name)s, 'imported', %(max_compared)s
    WHERE NOT EXISTS (SELECT FROM terrakin.embedding_sets AS s WHERE s.unit = %(name)s AND s.is_current)
"""
COMPLETE = "UPDATE terrakin.imported_sets SET is_complete = true WHERE imported_set_id = %s"
CONCEPTS = "SELECT c.name FROM terrakin.concepts AS c WHERE c.unit = %s ORDER BY c.name"
RETIRE = "UPDATE terrakin.embedding_sets SET is_current = false WHERE unit = %s"
DELETE = "DELETE FROM terrakin.imported_sets WHERE imported_set_id = %s"


@dataclass(frozen=True)
class ImportedSet:
    """A row of terrakin.imported_sets, and its number of items, which are numbered from 1."""

    imported_set_id: int
    name: str
    layout: str
    decoding: str
    dimension: int
    post_processing: str
    size_m: float | None
    source: dict[str, Any]
    is_complete: bool
    n_items: int


def read_sets(conn: Connection, name: str | None = None) -> list[ImportedSet]:
    """Return all imported sets by name, or the one of this name."""
    return [ImportedSet(*row) for row in conn.execute(READ, {"name": name})]


def read_set(conn: Connection, name: str) -> ImportedSet:
    """Return a set.

    Raises:
        SetError: there is none of this name. The text lists those that there are.
    """
    found = read_sets(conn, name)
    if not found:
        names = ", ".join(s.name for s in read_sets(conn)) or "none"
        raise SetError(f"there is no imported set {name!r}; sets: {names}")
    return found[0]


def create_set(conn: Connection, new: ImportedSet) -> int:
    """Write the row of a new set and return its imported_set_id.

    Raises:
        SetError: the name is not allowed.
    """
    values = (new.name, new.layout, new.decoding, new.dimension, new.post_processing, new.size_m, Jsonb(new.source))
    try:
        (imported_set_id,) = conn.execute(CREATE, values).fetchone() or (0,)
    except psycopg.errors.CheckViolation as error:
        raise SetError(
            f"{new.name!r} is no name for a set of {new.dimension} numbers: "
            "give small letters, digits, - and _, not tile or block"
        ) from error
    return int(imported_set_id)


def has_file(conn: Connection, imported_set_id: int, sha256: str) -> bool:
    """Return whether a file was imported into a set."""
    return conn.execute(HAS_FILE, (imported_set_id, sha256)).fetchone() == (True,)


def write_items(conn: Connection, imported_set_id: int, first_item: int, chunk: Chunk, places: Places) -> None:
    """Write the rows of a chunk, numbered from first_item, in the caller's transaction."""
    with conn.cursor().copy(COPY_ITEMS) as copy:
        copy.write(HEADER)
        copy.write(b"".join(_rows(imported_set_id, first_item, chunk, places)))
        copy.write(TRAILER)


def fit(conn: Connection, found: ImportedSet) -> None:
    """Record mean and weights of a set, and add the set of keys that searches read, without keys."""
    conn.execute(FIT, {"imported_set_id": found.imported_set_id})
    conn.execute(ADD_KEY_SET, {"name": found.name, "max_compared": MAX_COMPARED})


def retire(conn: Connection, found: ImportedSet) -> None:
    """Delete a set with its items; its keys go when superseded sets of keys are dropped.

    Raises:
        SetError: concepts were learned from it.
    """
    concepts = [name for (name,) in conn.execute(CONCEPTS, (found.name,))]
    if concepts:
        raise SetError(
            f"set {found.name!r} is used by concepts: {', '.join(concepts)}; "
            "drop them first: terrakin concepts drop NAME"
        )
    conn.execute(RETIRE, (found.name,))
    conn.execute(DELETE, (found.imported_set_id,))


def _rows(imported_set_id: int, first_item: int, chunk: Chunk, places: Places) -> Iterator[bytes]:
    """Yield the rows of a chunk in PostgreSQL's binary format: a length and a value per column."""
    geometries = shapely.to_wkb(shapely.set_srid(chunk.geometries, 4326), include_srid=True)
    locations = shapely.to_wkb(shapely.set_srid(shapely.centroid(chunk.geometries), 4326), include_srid=True)
    vectors = chunk.vectors.astype(">f4")
    head = struct.pack(">hh", vectors.shape[1], 0)
    for i, source_id in enumerate(chunk.source_ids):
        code = places.country_codes[i]
        yield struct.pack(">h", N_COLUMNS) + b"".join(
            (
                _value(struct.pack(">i", imported_set_id)),
                _value(struct.pack(">q", first_item + i)),
                _value(None if source_id is None else source_id.encode()),
                _value(_timestamp(chunk.dates[i])),
                _value(geometries[i]),
                _value(locations[i]),
                _value(struct.pack(">q", places.place_ids[i])),
                _value(None if code is None else code.encode()),
                _value(struct.pack(">i", places.country_numbers[i])),
                _value(b"\x01" + json.dumps(chunk.properties[i], default=str).encode()),
                _value(head + vectors[i].tobytes()),
            )
        )


def _value(data: bytes | None) -> bytes:
    return struct.pack(">i", -1) if data is None else struct.pack(">i", len(data)) + data


def _timestamp(date: np.datetime64) -> bytes | None:
    if np.isnat(date):
        return None
    return struct.pack(">q", int((date - np.datetime64(EPOCH.replace(tzinfo=None), "us")).astype(np.int64)))
