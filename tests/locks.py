"""Waiting until other PostgreSQL sessions are blocked."""

import time
from typing import Any

import psycopg
import pytest

WAIT_S = 600
"""Long enough for a process to start on a busy machine."""


def wait_until_blocked(conn: psycopg.Connection[Any], n_sessions: int = 1) -> None:
    """Wait until this many other sessions wait for a lock of this session.

    pg_stat_activity cannot be used, because it does not change within a transaction.
    """
    deadline = time.monotonic() + WAIT_S
    while time.monotonic() < deadline:
        waiting = conn.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted "
            "AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        if waiting.fetchone() == (n_sessions,):
            return
        time.sleep(0.1)
    pytest.fail(f"there are not {n_sessions} sessions that wait for this one")
