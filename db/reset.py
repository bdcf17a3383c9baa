"""Deletes everything that terrakin keeps in a database."""

from db import cluster
from db.connect import HAS_VERSION_TABLE, open_connection
from db.errors import DbError
from db.settings import Settings

DROP_SCHEMAS = "DROP SCHEMA IF EXISTS tiles, api, terrakin CASCADE"

HAS_QGIS_TABLES = (
    "SELECT to_regclass('public.layer_styles') IS NOT NULL AND to_regclass('public.qgis_projects') IS NOT NULL"
)
FORGET_QGIS = """
    DELETE FROM public.layer_styles WHERE f_table_catalog = current_database() AND stylename = 'terrakin';
    DELETE FROM public.qgis_projects WHERE name = 'terrakin';
"""
"""What ``terrakin qgis setup`` wrote; the tables are QGIS's and may hold what others saved."""


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
        if conn.execute(HAS_QGIS_TABLES).fetchone() == (True,):
            conn.execute(FORGET_QGIS)
