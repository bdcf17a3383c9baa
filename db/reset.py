"""Deletes everything that terrakin keeps in a database."""

from db import cluster
from db.connect import open_connection
from db.settings import Settings

DROP_SCHEMAS = "DROP SCHEMA IF EXISTS tiles, api, terrakin CASCADE"


def reset(settings: Settings) -> None:
    """Delete the private cluster's data directory, or on an external server our three schemas (not the roles)."""
    if settings.database_url is None:
        cluster.destroy(settings.home)
        return
    with open_connection(settings) as conn:
        conn.execute(DROP_SCHEMAS)
