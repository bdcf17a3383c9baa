"""The web app's way to PostgreSQL: a pool of read-only connections, made at the first question of a process."""

from threading import Lock
from typing import Any, LiteralString

from flask import current_app

from db.pool import ReaderPool
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
        self._pool: ReaderPool | None = None

    def rows(self, sql: LiteralString, parameters: Row | None = None) -> list[Row]:
        """All rows of an answer.

        Raises:
            psycopg.Error, db.errors.DbError: see webapp.problems.PROBLEMS.
        """
        with self._opened().connection() as conn:
            return conn.execute(sql, parameters).fetchall()

    def row(self, sql: LiteralString, parameters: Row | None = None) -> Row | None:
        """The first row of an answer, None where there is none."""
        return next(iter(self.rows(sql, parameters)), None)

    def close(self) -> None:
        """Close all connections; the next question opens new ones."""
        with self._lock:
            pool, self._pool = self._pool, None
        if pool:
            pool.close()

    def _opened(self) -> ReaderPool:
        with self._lock:
            if self._pool is None:
                self._pool = ReaderPool(self._settings)
            return self._pool


def database() -> Database:
    """The database of the app that handles the current request."""
    found: Database = current_app.extensions[EXTENSION]
    return found
