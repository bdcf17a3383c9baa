"""The web app's way to PostgreSQL: a pool of read-only connections, made at the first question of a process."""

from contextlib import closing
from threading import Lock
from typing import Any, LiteralString, cast

import psycopg
from flask import current_app
from sqlalchemy.pool import QueuePool

from db.pool import reader_pool
from db.settings import Settings

EXTENSION = "terrakin_database"
Row = dict[str, Any]


class Database:
    """Answers constant SQL as rows.

    The pool is made lazily, so that every gunicorn worker has its own (connections do not survive a fork), and so
    that a database that is away at start-up is a 503 and not a dead worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._pool: QueuePool | None = None

    def rows(self, sql: LiteralString, parameters: Row | None = None) -> list[Row]:
        """All rows of an answer.

        Raises:
            psycopg.Error, sqlalchemy.exc.TimeoutError, db.errors.DbError: see webapp.problems.PROBLEMS.
        """
        with closing(self._opened().connect()) as held:
            conn = cast(psycopg.Connection[Row], held.driver_connection)
            return conn.execute(sql, parameters).fetchall()

    def row(self, sql: LiteralString, parameters: Row | None = None) -> Row | None:
        """The first row of an answer, None where there is none."""
        return next(iter(self.rows(sql, parameters)), None)

    def close(self) -> None:
        """Close all connections; the next question opens new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.dispose()

    def _opened(self) -> QueuePool:
        with self._lock:
            if self._pool is None:
                self._pool = reader_pool(self._settings)
            return self._pool


def database() -> Database:
    """The database of the app that handles the current request."""
    found: Database = current_app.extensions[EXTENSION]
    return found
