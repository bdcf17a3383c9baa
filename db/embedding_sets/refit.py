"""Refitting: components and lists that fit the present items, in a new set of keys that takes the place of the old one.

A refit is one transaction. Searches read the present set until it ends, and nothing is left of one that is interrupted.
Loads, and deletions of tiles, wait for it: they lock the row of the set that they change.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from pgvector import HalfVector, Vector
from psycopg.sql import SQL, Identifier, Literal

from db.citus import is_distributed
from db.connect import connect
from db.embedding_sets.basis import KEY_DIMENSION, fit_basis, keys_of
from db.embedding_sets.copy_format import COLUMNS, HEADER, TRAILER
from db.embedding_sets.lists import Lists, fit_lists
from db.embedding_sets.report import SetReport, wanted_lists
from db.embedding_sets.source import Source
from db.embedding_sets.store import EmbeddingSet, Items, read_components, read_country_numbers, rows_of
from db.settings import Settings

Connection = psycopg.Connection[Any]
Progress = Callable[[str, int, int], Any]

SAMPLE_BYTES = 600_000_000
"""Size of the sample of vectors, float32: 195,000 vectors of 768 numbers."""
WHOLE_UP_TO = 384
"""Imported vectors of at most so many numbers are not shortened: any set of that kind is searched exactly."""
SAMPLE_PER_LIST = 25
"""More items per list do not make better lists."""

LOCK = "SELECT FROM terrakin.embedding_sets AS s WHERE s.set_id = %s AND s.is_current FOR UPDATE"
SORT_MEMORY = "SET LOCAL work_mem = '256MB'; SET LOCAL maintenance_work_mem = '256MB'"
RETIRE = "UPDATE terrakin.embedding_sets SET is_current = false WHERE set_id = %s"
CREATE = """
    INSERT INTO terrakin.embedding_sets (unit, method, max_compared, kept_share, post_processing_version, fitted_at)
    SELECT s.unit, s.method, s.max_compared, %s, internal.current_post_processing_version(), now()
    FROM terrakin.embedding_sets AS s
    WHERE s.set_id = %s
    RETURNING set_id
"""
WRITE_COMPONENT = "INSERT INTO terrakin.embedding_components (set_id, number, component) VALUES (%s, %s, %s)"
WRITE_LIST = "INSERT INTO terrakin.embedding_lists (set_id, list_id, parent_id, centroid) VALUES (%s, %s, %s, %s)"
CREATE_STAGING = "CREATE TEMPORARY TABLE staging_keys (LIKE terrakin.embedding_keys INCLUDING STORAGE) ON COMMIT DROP"
COPY_STAGING = f"COPY staging_keys ({COLUMNS}) FROM STDIN (FORMAT BINARY)"
CREATE_PARTITION = (
    SQL("CREATE TABLE {partition} (LIKE terrakin.embedding_keys INCLUDING STORAGE INCLUDING COMMENTS)"),
    SQL("INSERT INTO {partition} SELECT * FROM staging_keys ORDER BY list_id, country_number, city_id, item_id"),
    SQL("ALTER TABLE terrakin.embedding_keys ATTACH PARTITION {partition} FOR VALUES IN ({set_id})"),
)
"""Attaching builds the indexes. It keeps neither searches nor loads from the other partitions."""

SUPERSEDED = """
    SELECT s.set_id, i.inhdetachpending
    FROM terrakin.embedding_sets AS s
    LEFT JOIN pg_inherits AS i ON i.inhrelid = to_regclass('terrakin.embedding_keys_' || s.set_id)
        AND i.inhparent = 'terrakin.embedding_keys'::regclass
    WHERE NOT s.is_current
"""
DETACH = SQL("ALTER TABLE terrakin.embedding_keys DETACH PARTITION {} CONCURRENTLY")
DETACH_DISTRIBUTED = SQL("ALTER TABLE terrakin.embedding_keys DETACH PARTITION {}")
"""Citus detaches no partition concurrently: searches wait for it."""
FINALIZE = SQL("ALTER TABLE terrakin.embedding_keys DETACH PARTITION {} FINALIZE")
"""Ends a detachment that was interrupted."""
DROP = SQL("DROP TABLE IF EXISTS {}")
DELETE = "DELETE FROM terrakin.embedding_sets WHERE set_id = %s AND NOT is_current"


@dataclass(frozen=True)
class Fit:
    """What a refit finds out before it writes a set.

    Attributes:
        components: (key dimension, dimension) float32; None if keys are whole vectors.
        is_applied: whether the vectors of the source are keys already, made with these components.
        kept_share: share (0..1) of the squared length of the vectors that their keys keep.
        lists: the lists.
    """

    components: np.ndarray | None
    is_applied: bool
    kept_share: float
    lists: Lists


def refit(settings: Settings, present: SetReport, progress: Progress | None = None) -> bool:
    """Replace a set by a new one with components and lists fitted to its items.

    Args:
        settings: the database; it is connected to as its owner.
        present: the set. One of at most FULL_KEYS_UP_TO items gets one list.
        progress: called with the name of the set, the number of items done and the number of all items.

    Returns:
        Whether it was done; not if the set has no items, or another process has replaced it.
    """
    with connect(settings) as conn, connect(settings) as reading:
        # The statements that read all items must begin after those that change them have ended.
        if conn.execute(LOCK, (present.set_id,)).fetchone() is None:
            return False
        source = Source(reading, present.set_id, present.unit, present.method)
        n_items, dimension = source.size()
        if n_items == 0:
            return False
        conn.execute(SORT_MEMORY)
        fit = _fit(conn, source, n_items, dimension, present.kept_share)
        conn.execute(RETIRE, (present.set_id,))
        (set_id,) = conn.execute(CREATE, (fit.kept_share, present.set_id)).fetchone() or (0,)
        _write_fit(conn, set_id, fit)
        components = None if fit.is_applied else fit.components
        into = EmbeddingSet(set_id, components, fit.lists, read_country_numbers(conn))
        _write_keys(conn, into, _watched(source.read(dimension), present.name, n_items, progress))
    return True


def drop_superseded(conn: Connection) -> None:
    """Drop the sets that earlier refits replaced; searches that began before may still have read them until now.

    Args:
        conn: an autocommit connection of the owner.
    """
    detach = DETACH_DISTRIBUTED if is_distributed(conn) else DETACH
    for set_id, is_detaching in conn.execute(SUPERSEDED).fetchall():
        partition = _partition(set_id)
        if is_detaching is not None:
            conn.execute((FINALIZE if is_detaching else detach).format(partition))
        with conn.transaction():
            conn.execute(DROP.format(partition))
            conn.execute(DELETE, (set_id,))


def _fit(conn: Connection, source: Source, n_items: int, dimension: int, kept_share: float) -> Fit:
    # The vectors of blocks are not stored: those that were shortened once keep their components.
    components = read_components(conn, source.set_id) if source.unit == "block" else None
    is_applied = components is not None
    if not is_applied:
        kept_share = 1
    n_lists = wanted_lists(source.unit, n_items)
    if n_lists == 1:
        only = np.full((1, dimension), dimension**-0.5, np.float32)
        return Fit(components, is_applied, kept_share, Lists(only, only, np.zeros(1, np.int32)))
    share = min(1, SAMPLE_BYTES / (4 * dimension * n_items), SAMPLE_PER_LIST * n_lists / n_items)
    sample = np.concatenate([items.vectors for items in source.read(dimension, share)])
    if not is_applied and dimension > (KEY_DIMENSION if source.unit == "tile" else WHOLE_UP_TO):
        basis = fit_basis(sample)
        components, kept_share = basis.components, basis.kept_share
    keys = keys_of(None if is_applied else components, sample)
    return Fit(components, is_applied, kept_share, fit_lists(keys[keys.any(axis=1)], n_lists))


def _write_fit(conn: Connection, set_id: int, fit: Fit) -> None:
    with conn.cursor() as cursor:
        if fit.components is not None:
            numbered = enumerate(fit.components, start=1)
            cursor.executemany(WRITE_COMPONENT, [(set_id, number, Vector(c)) for number, c in numbered])
        parents = [(set_id, -1 - i, None, HalfVector(c)) for i, c in enumerate(fit.lists.parents)]
        numbered_lists = enumerate(zip(fit.lists.parent_of.tolist(), fit.lists.centroids, strict=True))
        lists = [(set_id, i, -1 - parent, HalfVector(c)) for i, (parent, c) in numbered_lists]
        cursor.executemany(WRITE_LIST, parents + lists)


def _write_keys(conn: Connection, into: EmbeddingSet, chunks: Iterator[Items]) -> None:
    """Write the keys into a new partition, in the order of lists, countries and cities."""
    conn.execute(CREATE_STAGING)
    with conn.cursor().copy(COPY_STAGING) as copy:
        copy.write(HEADER)
        for items in chunks:
            copy.write(rows_of(into, items))
        copy.write(TRAILER)
    for statement in CREATE_PARTITION:
        conn.execute(statement.format(partition=_partition(into.set_id), set_id=Literal(into.set_id)))


def _watched(chunks: Iterator[Items], name: str, n_items: int, progress: Progress | None) -> Iterator[Items]:
    """Yield the chunks, and report those that were processed."""
    done = 0
    for items in chunks:
        yield items
        done += len(items.ids)
        if progress:
            progress(name, done, n_items)


def _partition(set_id: int) -> Identifier:
    return Identifier("terrakin", f"embedding_keys_{set_id}")
