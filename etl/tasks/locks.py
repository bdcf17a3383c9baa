"""What only one ETL process may do at a time, on all machines: advisory locks, freed when their holder dies."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg

log = logging.getLogger(__name__)

Name = Literal["fit", "layout"]
KEYS: dict[Name, int] = {"fit": 7733151, "layout": 7733152}
"""Numbers without meaning; db/index.py, db/neighbours.py and db/migrate.py have others."""
TRY = "SELECT pg_try_advisory_lock(%s)"
FREE = "SELECT pg_advisory_unlock(%s)"
POLL_S = 0.5


@contextmanager
def one_at_a_time(conn: psycopg.Connection[Any], name: Name) -> Iterator[None]:
    """Wait until no other process is in such a block, then keep the others out until it ends.

    Args:
        conn: in autocommit; the lock goes with its session.
        name: what is done in it.
    """
    key, is_said = KEYS[name], False
    while conn.execute(TRY, (key,)).fetchone() != (True,):  # polled, so that Ctrl-C is heard
        if not is_said:
            log.warning("event=waiting for=%s another process is at it", name)
            is_said = True
        time.sleep(POLL_S)
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(FREE, (key,))
