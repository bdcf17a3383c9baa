"""The web app's way to PostgreSQL: a pool of read-only connections."""

from typing import Any, LiteralString

from flask import current_app

from db.pool import ReaderPool
from db.settings import Settings

EXTENSION = "terrakin_database"
Row = dict[str, Any]


class Database:
    """Answers constant SQL as rows.

    Nothing is opened before the first question, so that every gunicorn worker has its own connections (they do not
    survive a fork), and so that a database that is away at start-up is a 503 and not a dead worker.
    """

    def __init__(self, settings: Settings) -> None:
        self._pool = ReaderPool(settings)

    def rows(self, sql: LiteralString, parameters: Row | None = None) -> list[Row]:
        """All rows of an answer.

        Raises:
            psycopg.Error, db.errors.DbError: see webapp.problems.PROBLEMS.
        """
        with self._pool.connection() as conn:
            return conn.execute(sql, parameters).fetchall()

    def row(self, sql: LiteralString, parameters: Row | None = None) -> Row | None:
        """The first row of an answer, None where there is none."""
        return next(iter(self.rows(sql, parameters)), None)

    def close(self) -> None:
        """Close all connections; the next question opens new ones."""
        self._pool.close()


def database() -> Database:
    """The database of the app that handles the current request."""
    found: Database = current_app.extensions[EXTENSION]
    return found
