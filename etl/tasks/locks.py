"""Advisory locks for work that only one ETL process may do at a time, on all machines; a dead holder frees its lock."""

import logging
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Literal

import psycopg

from db.advisory_locks import ENCODER_FIT, UMAP_LAYOUT

log = logging.getLogger(__name__)

Name = Literal["fit", "layout"]
KEYS: dict[Name, int] = {"fit": ENCODER_FIT, "layout": UMAP_LAYOUT}
TRY = "SELECT pg_try_advisory_lock(%s)"
FREE = "SELECT pg_advisory_unlock(%s)"
POLL_S = 0.5


@contextmanager
def one_at_a_time(conn: psycopg.Connection[Any], name: Name) -> Iterator[None]:
    """Wait until no other process is in such a block, then keep other processes out until it ends.

    Args:
        conn: in autocommit; the lock ends with its session.
        name: the work done in the block.
    """
    key, has_warned = KEYS[name], False
    while conn.execute(TRY, (key,)).fetchone() != (True,):  # polled, so that Ctrl-C works
        if not has_warned:
            log.warning("event=waiting for=%s reason=another_process_has_the_lock", name)
            has_warned = True
        time.sleep(POLL_S)
    try:
        yield
    finally:
        if not conn.closed:
            conn.execute(FREE, (key,))
