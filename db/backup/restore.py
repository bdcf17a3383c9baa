"""Restores a backup into an empty database: all or nothing, with its content compared."""

import shutil
from pathlib import Path
from typing import Any

import psycopg
from psycopg import sql

from db.backup.content import read_content
from db.backup.manifest import DUMP, WORK, Manifest, read_manifest
from db.backup.programs import Progress, find_program, run_program
from db.catalogue.files import SCHEMAS
from db.connect import open_connection, set_all, url_for
from db.errors import DbError
from db.extensions import check_extensions
from db.install.apply_sql import LOAD_PGVECTOR
from db.install.migrate import migrate
from db.install.reset import DROP_SCHEMAS
from db.roles import ETL, READER
from db.settings import Settings

Connection = psycopg.Connection[Any]

PRESENT = "SELECT n.nspname FROM pg_namespace AS n WHERE n.nspname = ANY (%s)"
MISPLACED = """
    SELECT format('%%s is in schema %%s here, and in schema %%s in the backup', e.extname, n.nspname, w.schema)
    FROM unnest(%(extensions)s::text[], %(schemas)s::text[]) AS w (extension, schema)
    JOIN pg_extension AS e ON e.extname = w.extension
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE n.nspname <> w.schema
"""
EXTENSIONS = """
    SELECT format('CREATE SCHEMA IF NOT EXISTS %%1$I; CREATE EXTENSION %%2$I SCHEMA %%1$I', w.schema, w.extension)
    FROM unnest(%(extensions)s::text[], %(schemas)s::text[]) AS w (extension, schema)
    WHERE NOT EXISTS (SELECT FROM pg_extension AS e WHERE e.extname = w.extension)
    ORDER BY w.extension
"""
OTHERS = """
    SELECT 'CREATE ROLE ' || w.name || ' LOGIN'
    FROM unnest(%(roles)s::text[]) AS w (name)
    CROSS JOIN pg_roles AS me
    WHERE me.rolname = current_user AND NOT (me.rolsuper OR me.rolcreaterole) AND to_regrole(w.name) IS NULL
    UNION ALL
    SELECT format('GRANT %%I TO %%I', r.rolname, current_user)
    FROM pg_roles AS r
    CROSS JOIN pg_roles AS me
    WHERE me.rolname = current_user AND NOT (me.rolsuper OR me.rolcreaterole) AND r.rolname = ANY (%(roles)s)
        AND NOT pg_has_role(current_user, r.oid, 'MEMBER')
    UNION ALL
    SELECT format('GRANT CREATE ON DATABASE %%I TO %%I', current_database(), current_user)
    WHERE NOT has_database_privilege(current_database(), 'CREATE')
"""
IS_SUPERUSER = "SELECT r.rolsuper FROM pg_roles AS r WHERE r.rolname = current_user"
ANALYZE = "ANALYZE"


def restore(settings: Settings, folder: Path, *, with_work: bool = False, progress: Progress | None = None) -> Manifest:
    """Restore a backup into an empty database, compare it with the backup, and migrate it to this version.

    The owner need not be a superuser if an administrator has created the extensions and roles. All or nothing: after
    an error the database is as empty as before.

    Args:
        settings: the database, and the home for the work files.
        folder: the backup.
        with_work: also copy the work files back.
        progress: is told the name of each table.

    Raises:
        DbError: the folder is no backup, the database is not empty, something is missing that only an administrator can
            create (the message lists the SQL), pg_restore is older than the backup or fails, or a table differs.
    """
    manifest = read_manifest(folder)
    work = settings.home / WORK
    if with_work:
        _check_work(manifest, folder, work)
    program = find_program("pg_restore", manifest.postgresql, f"the backup {folder}")
    with open_connection(settings, autocommit=True) as conn:
        _prepare(conn, folder, manifest)
        arguments = ["--single-transaction", "--exit-on-error", "--no-owner", "--no-privileges", str(folder / DUMP)]
        run_program(program, url_for(settings), arguments, progress)
        try:
            _compare(conn, manifest)
            migrate(settings)
            if with_work:
                shutil.copytree(folder / WORK, work)
        except BaseException:
            conn.execute(DROP_SCHEMAS)
            raise
        conn.execute(ANALYZE)
    return manifest


def _check_work(manifest: Manifest, folder: Path, work: Path) -> None:
    if not manifest.with_work:
        raise DbError(f"{folder} has no work files; restore without them")
    if work.exists() and any(work.iterdir()):
        raise DbError(f"{work} has work files already; move them away, or restore without work files")


def _prepare(conn: Connection, folder: Path, manifest: Manifest) -> None:
    """Create the extensions if this role may; raise DbError before anything is written if the database is not ready."""
    present = [name for (name,) in conn.execute(PRESENT, (list(SCHEMAS),))]
    if present:
        raise DbError(
            f"database {conn.info.dbname!r} has schema {', '.join(present)} already, so {folder} was not restored; "
            "give an empty database, or run `terrakin db reset` first"
        )
    check_extensions(conn)
    wanted = manifest.extension_schemas
    names = {"extensions": list(wanted), "schemas": list(wanted.values()), "roles": [ETL, READER]}
    misplaced, extensions, others = (
        [text for (text,) in conn.execute(query, names)] for query in (MISPLACED, EXTENSIONS, OTHERS)
    )
    if misplaced:
        raise DbError(f"{'; '.join(misplaced)}: give an empty database with the extensions where the backup has them")
    is_superuser = conn.execute(IS_SUPERUSER).fetchone() == (True,)
    needed = others if is_superuser else extensions + others
    if needed:
        raise DbError(
            f"let a superuser run once in database {conn.info.dbname!r}, then restore again: {'; '.join(needed)}"
        )
    for statement in extensions:
        conn.execute(sql.SQL(statement))
    conn.execute(set_all())  # the search path contains the schemas of the extensions


def _compare(conn: Connection, manifest: Manifest) -> None:
    """Raise DbError if the restored database is not that of the backup."""
    conn.execute(LOAD_PGVECTOR)
    differences = manifest.content.differences(read_content(conn))
    if differences:
        raise DbError(f"the restored database differs from the backup: {'; '.join(differences)}; nothing was kept")
