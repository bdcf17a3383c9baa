"""Deletes everything that terrakin stores in a database."""

from db import cluster
from db.connect import HAS_VERSION_TABLE, open_connection
from db.errors import DbError
from db.settings import Settings

DROP_SCHEMAS = "DROP SCHEMA IF EXISTS tiles, api, internal, terrakin CASCADE"

HAS_QGIS_TABLES = (
    "SELECT to_regclass('public.layer_styles') IS NOT NULL AND to_regclass('public.qgis_projects') IS NOT NULL"
)
DELETE_QGIS = """
    DELETE FROM public.layer_styles WHERE f_table_catalog = current_database() AND stylename = 'terrakin';
    DELETE FROM public.qgis_projects WHERE name = 'terrakin';
"""
"""Rows written by ``terrakin qgis setup``; QGIS's tables may also contain other users' styles and projects."""


def reset(settings: Settings) -> None:
    """Delete the private cluster's data directory, or our schemas (not the roles) on an external server.

    Raises:
        DbError: the database was never migrated by terrakin, so its schemas are not ours.
    """
    if settings.database_url is None:
        cluster.destroy(settings.home)
        return
    with open_connection(settings) as conn:
        if conn.execute(HAS_VERSION_TABLE).fetchone() != (True,):
            raise DbError(f"database {conn.info.dbname!r} has no terrakin schema; nothing was deleted")
        conn.execute(DROP_SCHEMAS)
        if conn.execute(HAS_QGIS_TABLES).fetchone() == (True,):
            conn.execute(DELETE_QGIS)
