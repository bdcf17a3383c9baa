"""Work that only one ETL process on any machine may do at a time: advisory locks, released when their holder dies."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg

log = logging.getLogger(__name__)

Name = Literal["fit", "layout"]
KEYS: dict[Name, int] = {"fit": 7733151, "layout": 7733152}
"""Arbitrary, but distinct from those of db/index.py, db/neighbours.py and db/migrate.py."""
TRY = "SELECT pg_try_advisory_lock(%s)"
FREE = "SELECT pg_advisory_unlock(%s)"
POLL_S = 0.5


@contextmanager
def one_at_a_time(conn: psycopg.Connection[Any], name: Name) -> Iterator[None]:
    """Wait until no other process holds the lock ``name``, then hold it for the block.

    Args:
        conn: connection in autocommit; the lock belongs to its session.
        name: the work that the lock protects.
    """
    key, has_warned = KEYS[name], False
    while conn.execute(TRY, (key,)).fetchone() != (True,):  # polled, so that Ctrl-C works
        if not has_warned:
            log.warning("event=waiting for=%s another process holds the lock", name)
            has_warned = True
        time.sleep(POLL_S)
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(FREE, (key,))
