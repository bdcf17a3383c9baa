"""The web app's access to PostgreSQL: a pool of read-only connections."""

from collections.abc import Iterator
from contextlib import AbstractContextManager
from typing import Any, LiteralString

import psycopg
from flask import current_app

from db.failures import ABSENT
from db.pool import ReaderPool
from db.settings import Settings
from webapp.serve import THREADS

EXTENSION = "terrakin_database"
BATCH = 500
"""Rows that a stream sends together."""
Row = dict[str, Any]


class Database:
    """Runs constant SQL and returns rows.

    It connects on the first query: each gunicorn worker gets its own connections, because they do not survive a fork,
    and a database that is down at start-up becomes a 503 instead of a dead worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._pool = ReaderPool(settings, max_size=THREADS)  # no thread waits for another's connection

    def rows(self, sql: LiteralString, parameters: Row | None = None, *, binary: bool = False) -> list[Row]:
        """Return all rows of a query.

        Args:
            sql: the query, with ``%(name)s`` placeholders.
            parameters: values by name.
            binary: transfer columns in PostgreSQL's binary format, so that bytea is not sent as hexadecimal.

        Raises:
            psycopg.Error, db.errors.DbError: see webapp.http.problems.PROBLEMS.
        """
        try:
            return self._fetch(sql, parameters, binary=binary)
        except ABSENT:  # the database may have been migrated meanwhile: a new connection finds out
            self._pool.close()
            return self._fetch(sql, parameters, binary=binary)

    def _fetch(self, sql: LiteralString, parameters: Row | None, *, binary: bool) -> list[Row]:
        with self._pool.connection() as conn:
            return conn.execute(sql, parameters, binary=binary).fetchall()

    def row(self, sql: LiteralString, parameters: Row | None = None, *, binary: bool = False) -> Row | None:
        """Return the first row of a query, or None: see ``rows``."""
        return next(iter(self.rows(sql, parameters, binary=binary)), None)

    def connection(self) -> AbstractContextManager[psycopg.Connection[Row]]:
        """Lend a connection for several statements; its rows are dicts."""
        return self._pool.connection()

    def stream(self, sql: LiteralString, parameters: Row) -> Iterator[list[Row]]:
        """Yield the rows of a query as they are found, in batches. Raises as ``rows`` does, when it is first asked."""
        with self._pool.connection() as conn, conn.transaction(), conn.cursor("stream") as cursor:
            cursor.execute(sql, parameters)
            while rows := cursor.fetchmany(BATCH):
                yield rows

    def close(self) -> None:
        """Close all connections; the next query opens new ones."""
        self._pool.close()


def database() -> Database:
    """Return the database of the app that handles the current request."""
    found: Database = current_app.extensions[EXTENSION]
    return found
