"""Refits the sets of keys that searches read, after bulk loads, and builds HNSW indexes on request."""

import logging
import threading
from collections.abc import Container, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from db.advisory_locks import EMBEDDING_SETS, VECTOR_INDEX
from db.concepts.store import learn_again
from db.connect import connect, open_connection
from db.embedding_sets.refit import Progress, drop_superseded, refit
from db.embedding_sets.report import read_reports
from db.embedding_sets.stale_keys import add_partitions, repair_keys
from db.embedding_sets.tile_keys import add_tile_keys
from db.extensions import WITHOUT_KNOWN_FAULTS, check_extensions
from db.settings import Settings

log = logging.getLogger(__name__)

POLL_S = 0.5


@dataclass(frozen=True)
class VectorIndex:
    """An index, and the statements that create and drop it."""

    name: str
    create: LiteralString
    drop: LiteralString


INDEXES = (
    VectorIndex(
        "ix_tiles_embedding_mean_hnsw",
        "CREATE INDEX ix_tiles_embedding_mean_hnsw ON terrakin.tiles "
        "USING hnsw ((embedding_mean::halfvec(768)) halfvec_cosine_ops) WITH (m = 32, ef_construction = 256)",
        "DROP INDEX IF EXISTS terrakin.ix_tiles_embedding_mean_hnsw",
    ),
    VectorIndex(
        "ix_tiles_embedding_dominant_hnsw",
        "CREATE INDEX ix_tiles_embedding_dominant_hnsw ON terrakin.tiles "
        "USING hnsw ((embedding_dominant::halfvec(768)) halfvec_cosine_ops) WITH (m = 32, ef_construction = 256)",
        "DROP INDEX IF EXISTS terrakin.ix_tiles_embedding_dominant_hnsw",
    ),
)
"""For queries of one's own, which rank by pgvector's operators: searches do not use them. halfvec keys halve the size.
m and ef_construction are the smallest measured values (docs/performance.md) with which the graph connects cities
unlike all others."""

IS_VALID = """
    SELECT i.indisvalid
    FROM pg_index AS i
    WHERE i.indexrelid = to_regclass('terrakin.' || %s)
"""
PROGRESS = """
    SELECT tuples_done FROM pg_stat_progress_create_index WHERE pid = %(pid)s AND command = 'CREATE INDEX'
"""
"""tuples_total stays 0 for HNSW."""
N_TILES = "SELECT count(*) FROM terrakin.tiles"
SERIAL_BUILD = "SET max_parallel_maintenance_workers = 0"
"""pgvector before 0.8.2 can overflow a buffer in a parallel HNSW build. Two cores are used anyway, because both indexes
are built at the same time."""
LOCK_INDEX = "SELECT pg_advisory_xact_lock(%s, %s)"
LOCK = "SELECT pg_advisory_lock(%s)"
"""A second run waits for the first, and then has nothing to do."""
VACUUM = "VACUUM (ANALYZE) terrakin.embedding_keys"
ANALYZE = "ANALYZE terrakin.tiles, terrakin.tile_aggregates, terrakin.cities, terrakin.embedding_lists"
KEYS = "embedding_keys"


def build_indexes(
    settings: Settings,
    progress: Progress | None = None,
    *,
    with_repair: bool = False,
    with_refit: bool = False,
    with_hnsw: bool = False,
) -> list[str]:
    """Bring what searches read up to date: missing keys of tiles, lists out of balance, the planner's statistics.

    Args:
        settings: the database; it is connected to as its owner.
        progress: called with the name of the step (a set of keys or an index), the number of items done and the number
            of all items.
        with_repair: also look for keys that do not fit their tiles, and repair them.
        with_refit: refit all sets, not only those that gain by it.
        with_hnsw: also build the HNSW indexes that are missing or invalid.

    Returns:
        "embedding_keys" if keys were added, names of the sets that were refitted, and of the indexes that were built.
    """
    with connect(settings, autocommit=True) as conn:
        conn.execute(LOCK, (EMBEDDING_SETS,))
        unlisted = repair_keys(conn) if with_repair else []
        built = _update_keys(settings, conn, progress, unlisted, with_refit=with_refit)
        if with_hnsw:
            built += _build_vector_indexes(settings, progress)
        conn.execute(ANALYZE)
    return built


def _update_keys(
    settings: Settings,
    conn: psycopg.Connection[Any],
    progress: Progress | None,
    unlisted: Container[int],
    *,
    with_refit: bool,
) -> list[str]:
    """Add missing keys, refit the sets that gain by it, or have keys in no list, and learn concepts again."""
    drop_superseded(conn)
    add_partitions(conn)
    built = [KEYS] if add_tile_keys(conn) else []
    for present in read_reports(conn):
        reason = "told to" if with_refit else present.reason_to_refit()
        if present.set_id in unlisted:
            reason = "keys lie in no list"
        if reason and refit(settings, present, progress):
            log.info("event=refitted set=%s reason=%s", present.name, reason)
            built.append(present.name)
    if built:
        conn.execute(VACUUM)
    for name in learn_again(conn):
        log.info("event=learned_again concept=%s", name)
    return built


def drop_indexes(settings: Settings) -> None:
    """Drop the HNSW indexes before all vectors change: updating them row by row takes longer than building them."""
    with connect(settings, autocommit=True) as conn, conn.transaction():
        _lock_all(conn)
        for index in INDEXES:
            conn.execute(index.drop)


def _build_vector_indexes(settings: Settings, progress: Progress | None) -> list[str]:
    """Build those that are missing or invalid, each on its own connection; return the names of those built."""
    with ExitStack() as stack:
        conns = [stack.enter_context(connect(settings, autocommit=True)) for _ in INDEXES]
        pool = stack.enter_context(ThreadPoolExecutor(len(INDEXES)))
        building = [pool.submit(_build, settings, *pair, progress) for pair in zip(conns, INDEXES, strict=True)]
        try:
            is_built = [future.result() for future in building]
        except KeyboardInterrupt:  # the pool waits for its threads
            for conn in conns:
                conn.cancel_safe()
            raise
    return [index.name for index, built in zip(INDEXES, is_built, strict=True) if built]


def _build(settings: Settings, conn: psycopg.Connection[Any], index: VectorIndex, progress: Progress | None) -> bool:
    """Build an index unless it exists; return whether it was built."""
    if check_extensions(conn) < WITHOUT_KNOWN_FAULTS:
        conn.execute(SERIAL_BUILD)
    # One transaction: an interrupted build leaves nothing behind.
    with conn.transaction():
        conn.execute(LOCK_INDEX, (VECTOR_INDEX, INDEXES.index(index)))
        if _is_valid(conn, index):
            return False
        conn.execute(index.drop)
        with _watched(conn, settings, index.name, progress):
            conn.execute(index.create)
    return True


def _lock_all(conn: psycopg.Connection[Any]) -> None:
    """Keep other processes from building an index until the transaction ends."""
    for i in range(len(INDEXES)):
        conn.execute(LOCK_INDEX, (VECTOR_INDEX, i))


def _is_valid(conn: psycopg.Connection[Any], index: VectorIndex) -> bool:
    return conn.execute(IS_VALID, (index.name,)).fetchone() == (True,)


@contextmanager
def _watched(conn: psycopg.Connection[Any], settings: Settings, name: str, progress: Progress | None) -> Iterator[None]:
    """Report the progress of a connection's statement from a second connection."""
    if progress is None:
        yield
        return
    (n_tiles,) = conn.execute(N_TILES).fetchone() or (0,)
    ended = threading.Event()
    watcher = threading.Thread(
        target=_watch, args=(settings, conn.info.backend_pid, name, n_tiles, progress, ended), daemon=True
    )
    watcher.start()
    try:
        yield
    finally:
        ended.set()
        watcher.join()


def _watch(
    settings: Settings, backend_pid: int, name: str, n_tiles: int, progress: Progress, ended: threading.Event
) -> None:
    with open_connection(settings, autocommit=True) as conn:
        while not ended.wait(POLL_S):
            row = conn.execute(PROGRESS, {"pid": backend_pid}).fetchone()
            if row:
                progress(name, min(row[0], n_tiles), n_tiles)
    progress(name, n_tiles, n_tiles)
