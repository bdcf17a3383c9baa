"""Verifies a backup: restores it into a scratch database on the same server, which is dropped afterwards."""

import os
from dataclasses import replace
from pathlib import Path

import psycopg
from psycopg.conninfo import make_conninfo
from psycopg.sql import SQL, Identifier

from db.backup.manifest import Manifest
from db.backup.programs import Progress
from db.backup.restore import IS_SUPERUSER, restore
from db.connect import open_connection, parse_url, url_for
from db.errors import DbError
from db.settings import Settings

CREATE = SQL("CREATE DATABASE {} TEMPLATE template0 ENCODING 'UTF8'")
DROP = SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)")


def verify(settings: Settings, folder: Path, progress: Progress | None = None) -> Manifest:
    """Restore a backup into a database of its own, compare all tables and thirty answers, and drop it.

    Raises:
        DbError: the role may not create databases with extensions, or the backup does not restore to what it was.
    """
    scratch = f"terrakin_verify_{os.getpid()}"
    with open_connection(settings, autocommit=True) as conn:
        if conn.execute(IS_SUPERUSER).fetchone() != (True,):
            raise DbError(
                "only a superuser may create a scratch database with extensions; let one create an empty database, and "
                "run `terrakin db restore` with its address in DATABASE_URL"
            )
        try:
            conn.execute(CREATE.format(Identifier(scratch)))
        except psycopg.errors.ReadOnlySqlTransaction as error:
            raise DbError("a standby cannot create a scratch database; verify on the primary") from error
        try:
            url = make_conninfo(**{**parse_url(url_for(settings)), "dbname": scratch})
            return restore(replace(settings, database_url=url), folder, progress=progress)
        finally:
            conn.execute(DROP.format(Identifier(scratch)))
