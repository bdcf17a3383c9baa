"""SQLAlchemy's access to a database, for Alembic."""

import sqlalchemy
from sqlalchemy.pool import NullPool

from db.connect import open_connection
from db.settings import Settings


def create_engine(settings: Settings) -> sqlalchemy.Engine:
    """Return an engine whose connections are those of ``open_connection``, as the owner.

    Their search path is public. With PostgreSQL's default path, "$user", public, an owner called terrakin has the
    default schema terrakin: Alembic would reflect our tables without a schema and find none of those in the metadata.
    """
    return sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: open_connection(settings), poolclass=NullPool
    )
