"""The HNSW indexes: built after bulk loads, because filling an existing one row by row is slower and makes it worse."""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import psycopg

from db.connect import PGVECTOR_WITHOUT_KNOWN_FAULTS, check_extensions, connect, open_connection
from db.settings import Settings

Progress = Callable[[str, int, int], None]
POLL_S = 0.5


@dataclass(frozen=True)
class VectorIndex:
    """An index and the statement that makes it."""

    name: str
    create: str


INDEXES = (
    VectorIndex(
        "ix_tiles_embedding_mean_hnsw",
        "CREATE INDEX ix_tiles_embedding_mean_hnsw ON terrakin.tiles "
        "USING hnsw ((embedding_mean::halfvec(768)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)",
    ),
    VectorIndex(
        "ix_tiles_embedding_dominant_hnsw",
        "CREATE INDEX ix_tiles_embedding_dominant_hnsw ON terrakin.tiles "
        "USING hnsw ((embedding_dominant::halfvec(768)) halfvec_cosine_ops) WITH (m = 16, ef_construction = 128)",
    ),
)
"""halfvec keys halve the index and its cache misses; the search ranks again on the full vectors."""

IS_THERE = """
    SELECT i.indisvalid
    FROM pg_index AS i
    WHERE i.indexrelid = to_regclass('terrakin.' || %s)
"""
PROGRESS = "SELECT tuples_done, tuples_total FROM pg_stat_progress_create_index WHERE pid = %s"
SERIAL_BUILD = "SET max_parallel_maintenance_workers = 0"
"""pgvector before 0.8.2 can overflow a buffer in a parallel HNSW build."""
ANALYZE = "ANALYZE terrakin.tiles, terrakin.tile_aggregates, terrakin.cities"


def build_indexes(settings: Settings, progress: Progress | None = None) -> list[str]:
    """Build the vector indexes that are missing and refresh the planner's statistics.

    Args:
        settings: which database; the owner's rights are needed.
        progress: called with the index's name, rows done and rows in all, twice a second.

    Returns:
        Names of the indexes that were built.
    """
    built = []
    with connect(settings, autocommit=True) as conn:
        if check_extensions(conn) < PGVECTOR_WITHOUT_KNOWN_FAULTS:
            conn.execute(SERIAL_BUILD)
        for index in INDEXES:
            if conn.execute(IS_THERE, (index.name,)).fetchone() == (True,):
                continue
            _build(conn, settings, index, progress)
            built.append(index.name)
        conn.execute(ANALYZE)
    return built


def _build(conn: psycopg.Connection[Any], settings: Settings, index: VectorIndex, progress: Progress | None) -> None:
    """One index in one transaction: killed half-way, nothing of it is left."""
    ended = threading.Event()
    watcher = threading.Thread(target=_watch, args=(settings, conn.info.backend_pid, index.name, progress, ended))
    if progress:
        watcher.start()
    try:
        conn.execute(index.create)
    finally:
        ended.set()
        if progress:
            watcher.join()


def _watch(settings: Settings, backend_pid: int, name: str, progress: Progress, ended: threading.Event) -> None:
    with open_connection(settings, autocommit=True) as conn:
        while not ended.wait(POLL_S):
            row = conn.execute(PROGRESS, (backend_pid,)).fetchone()
            if row:
                progress(name, row[0], row[1])
