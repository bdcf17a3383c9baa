"""The HNSW indexes and the neighbours: made after bulk loads. An index filled row by row takes longer and finds less."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any, LiteralString

import psycopg

from db.connect import connect, open_connection
from db.extensions import WITHOUT_KNOWN_FAULTS, check_extensions
from db.neighbours import NAME, Progress, build_neighbours
from db.settings import Settings

POLL_S = 0.5


@dataclass(frozen=True)
class VectorIndex:
    """An index, and the statements that make it and remove it."""

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
"""halfvec keys halve the index and its cache misses; the search ranks again on the full vectors. m and ef_construction
are the smallest measured (docs/performance.md) that find the way between cities that look like no other."""

IS_VALID = """
    SELECT i.indisvalid
    FROM pg_index AS i
    WHERE i.indexrelid = to_regclass('terrakin.' || %s)
"""
PROGRESS = """
    SELECT tuples_done FROM pg_stat_progress_create_index WHERE pid = %(pid)s AND command = 'CREATE INDEX'
    UNION ALL
    SELECT heap_tuples_scanned FROM pg_stat_progress_cluster WHERE pid = %(pid)s
"""
"""tuples_total stays 0 for HNSW."""
ALONE = "LOCK TABLE terrakin.tiles IN ACCESS EXCLUSIVE MODE"
"""CLUSTER's lock, taken first: grown out of CREATE INDEX's it would wait for a load that has read tiles, and the load,
which goes on to write them, for CREATE INDEX's: a deadlock."""
SHUFFLE = (
    "CREATE INDEX ix_tiles_shuffle ON terrakin.tiles (md5(tile_id::text))",
    "CLUSTER terrakin.tiles USING ix_tiles_shuffle",
    "DROP INDEX terrakin.ix_tiles_shuffle",
)
"""Loads come city by city, and a graph that grows so has cities which no path leads to: some questions then find none
of the right tiles. Grown in random order it finds them (docs/performance.md)."""
N_TILES = "SELECT count(*) FROM terrakin.tiles"
SERIAL_BUILD = "SET max_parallel_maintenance_workers = 0"
"""pgvector before 0.8.2 can overflow a buffer in a parallel HNSW build. Both indexes are built at once, so such a one
uses two cores as well."""
ONE_BUILDER_OF = "SELECT pg_advisory_xact_lock(7733143, %s)"
VACUUM = "VACUUM terrakin.tiles"
"""Shuffled rows are new ones: index-only scans, which count what a filter leaves, need to know that all may see them.
Before the vector indexes are there, because pgvector before 0.8.3 can damage one that is vacuumed."""
ANALYZE = "ANALYZE terrakin.tiles, terrakin.tile_aggregates, terrakin.cities"


def build_indexes(settings: Settings, progress: Progress | None = None) -> list[str]:
    """Build the vector indexes that are missing or invalid and the neighbours that are out of date; refresh statistics.

    Args:
        settings: which database; the owner's rights are needed.
        progress: called twice a second with what is made (an index's name, shuffle or tile_neighbours), tiles done and in all.

    Returns:
        Names of the indexes that were built, with tile_neighbours where neighbours were computed.
    """
    with connect(settings, autocommit=True) as conn:
        if _shuffle(conn, settings, progress):
            conn.execute(VACUUM)
        built = _build_vector_indexes(settings, progress)
        conn.execute(ANALYZE)
        if build_neighbours(conn, progress):
            built.append(NAME)
    return built


def drop_indexes(settings: Settings) -> None:
    """Drop the vector indexes before all vectors change; questions are answered exactly until they are built again."""
    with connect(settings, autocommit=True) as conn, conn.transaction():
        _keep_others_from_building(conn)
        for index in INDEXES:
            conn.execute(index.drop)


def _build_vector_indexes(settings: Settings, progress: Progress | None) -> list[str]:
    """Build those that are missing or invalid, all at once, each on its own connection. Names of what was built."""
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
    """Build an index, unless it is there. Whether it did."""
    if check_extensions(conn) < WITHOUT_KNOWN_FAULTS:
        conn.execute(SERIAL_BUILD)
    # One transaction: killed half-way, nothing of the index is left.
    with conn.transaction():
        conn.execute(ONE_BUILDER_OF, (INDEXES.index(index),))
        if _is_valid(conn, index):
            return False
        conn.execute(index.drop)
        with _watched(conn, settings, index.name, progress):
            conn.execute(index.create)
    return True


def _keep_others_from_building(conn: psycopg.Connection[Any]) -> None:
    for i in range(len(INDEXES)):
        conn.execute(ONE_BUILDER_OF, (i,))


def _shuffle(conn: psycopg.Connection[Any], settings: Settings, progress: Progress | None) -> bool:
    """Put the tiles into random order, unless a vector index stands on them. Whether it did."""
    with conn.transaction():
        _keep_others_from_building(conn)
        if any(_is_valid(conn, index) for index in INDEXES):
            return False
        conn.execute(ALONE)
        for index in INDEXES:
            conn.execute(index.drop)
        with _watched(conn, settings, "shuffle", progress):
            for statement in SHUFFLE:
                conn.execute(statement)
    return True


def _is_valid(conn: psycopg.Connection[Any], index: VectorIndex) -> bool:
    return conn.execute(IS_VALID, (index.name,)).fetchone() == (True,)


@contextmanager
def _watched(conn: psycopg.Connection[Any], settings: Settings, name: str, progress: Progress | None) -> Iterator[None]:
    """Report from a second connection how far the first one is."""
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
