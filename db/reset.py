"""Deletes everything that terrakin keeps in a database."""

from db import cluster
from db.connect import HAS_VERSION_TABLE, open_connection
from db.errors import DbError
from db.settings import Settings

DROP_SCHEMAS = "DROP SCHEMA IF EXISTS tiles, api, terrakin CASCADE"


def reset(settings: Settings) -> None:
    """Delete the private cluster's data directory, or on an external server our three schemas (not the roles).

    Raises:
        DbError: the database was never migrated by terrakin, so what is in these schemas is not ours.
    """
    if settings.database_url is None:
        cluster.destroy(settings.home)
        return
    with open_connection(settings) as conn:
        if conn.execute(HAS_VERSION_TABLE).fetchone() != (True,):
            raise DbError(f"database {conn.info.dbname!r} has no schema of terrakin; nothing was deleted")
        conn.execute(DROP_SCHEMAS)
