"""The ledger as an operator sees it: progress, failures, and letting tasks be tried again."""

from collections.abc import Sequence
from typing import Any

import psycopg

from etl.store.date_range import period_of

RETRY = """
    UPDATE terrakin.etl_tasks AS t
    SET status = 'pending', attempts = 0, error = NULL
    FROM terrakin.cities AS c
    WHERE c.city_id = t.city_id AND (t.status = 'failed' OR %(redo)s AND t.status = 'done')
        AND (%(all)s OR lower(c.name) = ANY (%(names)s::text[]) OR c.city_id::text = ANY (%(names)s::text[]))
"""
PROGRESS = "SELECT period, stage, n_cities, n_pending, n_running, n_done, n_failed FROM api.etl_progress"
TILES = """
    SELECT period, n_tiles, n_tiles_too_cloudy, coalesce(n_tiles_uncovered, 0)
    FROM api.etl_progress
    WHERE stage = 'embed' AND n_tiles IS NOT NULL
"""
FAILURES = """
    SELECT c.name, t.period, t.stage, t.attempts, t.error
    FROM terrakin.etl_tasks AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    WHERE t.status = 'failed'
    ORDER BY t.finished_at
"""

Connection = psycopg.Connection[Any]


def progress(conn: Connection) -> list[tuple[Any, ...]]:
    """Return the rows of api.etl_progress: period, stage, and cities in all, pending, running, done, failed."""
    return conn.execute(PROGRESS).fetchall()


def retry(conn: Connection, names: Sequence[str], redo: bool = False) -> int:
    """Set failed tasks back to pending with no attempts counted, and return their number.

    Args:
        conn: connection in autocommit.
        names: cities (names or ids); empty for all.
        redo: reset finished tasks too, because their work files were lost with a machine.
    """
    arguments = {"all": not names, "names": [name.lower() for name in names], "redo": redo}
    return conn.execute(RETRY, arguments).rowcount


def failures(conn: Connection) -> list[tuple[Any, ...]]:
    """Return the failed tasks, oldest first: city, period, stage, attempts, error."""
    return conn.execute(FAILURES).fetchall()


def tile_counts(conn: Connection) -> list[str]:
    """Return one line per period: how many tiles were embedded, and how many were left out, and why."""
    rows = [(period_of(days), *counts) for days, *counts in conn.execute(TILES)]
    return [
        f"tiles of {period.start}/{period.end}: {n_tiles} embedded; left out: {n_too_cloudy} too cloudy, "
        f"{n_uncovered} covered too little by imagery"
        for period, n_tiles, n_too_cloudy, n_uncovered in rows
    ]
