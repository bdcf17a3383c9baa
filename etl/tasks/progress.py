"""What an operator sees of the ledger, and may change: progress, failures, another try."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

import psycopg

RETRY = """
    UPDATE terrakin.etl_tasks AS t
    SET status = 'pending', attempts = 0, error = NULL
    FROM terrakin.cities AS c
    WHERE c.city_id = t.city_id AND (t.status = 'failed' OR %(anew)s AND t.status = 'done')
        AND (%(all)s OR lower(c.name) = ANY (%(names)s::text[]) OR c.city_id::text = ANY (%(names)s::text[]))
"""
PROGRESS = "SELECT period, stage, n_cities, n_pending, n_running, n_done, n_failed FROM api.etl_progress"
TILES = "SELECT period, n_tiles, n_tiles_too_cloudy FROM api.etl_progress WHERE stage = 'embed' AND n_tiles IS NOT NULL"
FAILURES = """
    SELECT c.name, t.period, t.stage, t.attempts, t.error
    FROM terrakin.etl_tasks AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    WHERE t.status = 'failed'
    ORDER BY t.finished_at
"""

Connection = psycopg.Connection[Any]


def progress(conn: Connection) -> list[tuple[Any, ...]]:
    """Rows of api.etl_progress: period, stage, cities in all, pending, running, done, failed."""
    return conn.execute(PROGRESS).fetchall()


def retry(conn: Connection, names: Sequence[str], anew: bool = False) -> int:
    """Let failed tasks be tried again, from the first attempt: of these cities (names or ids), or of all. How many.

    With ``anew`` those that are done too: their work files are lost with the machine that had them.
    """
    arguments = {"all": not names, "names": [name.lower() for name in names], "anew": anew}
    return conn.execute(RETRY, arguments).rowcount


def failures(conn: Connection) -> list[tuple[Any, ...]]:
    """Failed tasks, oldest first: city, period, stage, attempts, error."""
    return conn.execute(FAILURES).fetchall()


def tile_counts(conn: Connection) -> list[str]:
    """A line a period: how many tiles were embedded, and how many have too few clear pixels for it."""
    return [
        f"tiles of {period.lower}/{period.upper - timedelta(days=1)}: {n_tiles} embedded, {n_too_cloudy} left out "
        "(under half of their pixels clear)"
        for period, n_tiles, n_too_cloudy in conn.execute(TILES)
    ]
