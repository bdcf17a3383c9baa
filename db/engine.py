"""SQLAlchemy's access to a database, for Alembic."""

from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy.pool import NullPool

from db.connect import open_connection
from db.settings import Settings


def create_engine(settings: Settings) -> sqlalchemy.Engine:
    """Return an engine whose connections are those of ``open_connection``, as the owner."""
    return sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: _opened(settings), poolclass=NullPool)


def _opened(settings: Settings) -> psycopg.Connection[Any]:
    """Open a connection whose search path is public, before SQLAlchemy asks it for its default schema.

    With PostgreSQL's default path, "$user", public, an owner called terrakin has the default schema terrakin. Alembic
    would then reflect our tables without a schema and find none of those in the metadata.
    """
    conn = open_connection(settings, autocommit=True)
    conn.execute("SET search_path = public")
    conn.autocommit = False
    return conn
