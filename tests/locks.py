"""Waiting for other sessions of PostgreSQL to wait."""

import time
from typing import Any

import psycopg
import pytest


def wait_until_blocked(conn: psycopg.Connection[Any], n_sessions: int = 1) -> None:
    """Until so many other sessions wait for a lock that this one holds.

    Not by pg_stat_activity, which stays the same all through a transaction.
    """
    for _ in range(600):
        waiting = conn.execute(
            "SELECT count(DISTINCT pid) FROM pg_locks WHERE NOT granted "
            "AND pg_backend_pid() = ANY (pg_blocking_pids(pid))"
        )
        if waiting.fetchone() == (n_sessions,):
            return
        time.sleep(0.1)
    pytest.fail(f"no {n_sessions} sessions wait for this one")
