"""The web app's way to PostgreSQL: a pool of read-only connections, made at the first question of a process."""

from threading import Lock
from typing import Any, LiteralString

import psycopg
from flask import current_app
from psycopg_pool import ConnectionPool

from db import cluster
from db.connect import ROLE_NAMES, reader_pool
from db.errors import ConnectError
from db.settings import Settings

EXTENSION = "terrakin_database"
RECONNECT_TIMEOUT_S = 2
"""The pool tries again with ever longer pauses, up to this. Then the next request makes it try at once; with the
default of minutes, the app would stay away for minutes after the database is back."""
Row = dict[str, Any]


class Database:
    """Answers constant SQL as rows.

    The pool is made lazily, so that every gunicorn worker has its own (connections do not survive a fork), and so
    that a database that is away at start-up is a 503 and not a dead worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._settings = settings
        self._lock = Lock()
        self._pool: ConnectionPool[psycopg.Connection[Row]] | None = None

    def rows(self, sql: LiteralString, parameters: Row | None = None) -> list[Row]:
        """All rows of an answer.

        Raises:
            psycopg.Error, psycopg_pool.PoolTimeout, db.errors.DbError: see webapp.problems.PROBLEMS.
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

    def _opened(self) -> ConnectionPool[psycopg.Connection[Row]]:
        with self._lock:
            if self._pool is None:
                pool = reader_pool(self._settings)
                pool.reconnect_timeout = RECONNECT_TIMEOUT_S
                if self._settings.database_url is None:
                    pool.conninfo = self._private_address
                pool.open()
                self._pool = pool
            return self._pool

    def _private_address(self) -> str:
        """Where the private cluster answers now: after a restart its port may be another. It is not started here."""
        address = cluster.running(self._settings.home)
        if address is None:
            raise ConnectError(f"the private cluster under {self._settings.home} does not run")
        return address.url(ROLE_NAMES["reader"])


def database() -> Database:
    """The database of the app that handles the current request."""
    found: Database = current_app.extensions[EXTENSION]
    return found
