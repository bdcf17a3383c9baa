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

    def rows(self, sql: LiteralString, parameters: Row | None = None, *, binary: bool = False) -> list[Row]:
        """All rows of an answer.

        Args:
            sql: the question.
            parameters: by name.
            binary: send columns in PostgreSQL's binary format: a bytea as it is, not as hexadecimals of twice its size.

        Raises:
            psycopg.Error, db.errors.DbError: see webapp.problems.PROBLEMS.
        """
        with self._pool.connection() as conn:
            return conn.execute(sql, parameters, binary=binary).fetchall()

    def row(self, sql: LiteralString, parameters: Row | None = None, *, binary: bool = False) -> Row | None:
        """The first row of an answer, None where there is none: see ``rows``."""
        return next(iter(self.rows(sql, parameters, binary=binary)), None)

    def close(self) -> None:
        """Close all connections; the next question opens new ones."""
        self._pool.close()


def database() -> Database:
    """The database of the app that handles the current request."""
    found: Database = current_app.extensions[EXTENSION]
    return found
