"""Runs the files of ``sql/`` in a migration's transaction: every file whose text, or the revision under it, changed.

A file may begin with lines ``-- requires: functions/tile_embedding.sql``; it then runs after that file, and again
whenever that file runs.
"""

import hashlib
import logging
import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path
from typing import Any, cast

import psycopg
from psycopg import sql

from db.errors import DbError

log = logging.getLogger(__name__)

ROOT = Path(__file__).parent.parent / "sql"
"""Beside package db in the repository and in site-packages alike."""
ROLES, GRANTS = "roles.sql", "grants.sql"
FOLDERS = {
    "types": ("TYPE", "internal"),
    "internal": ("FUNCTION", "internal"),
    "functions": ("FUNCTION", "api"),
    "views": ("VIEW", "api"),
    "tiles": ("FUNCTION", "tiles"),
    "triggers": ("FUNCTION", "terrakin"),
}
"""What the files of a folder make, and in which schema."""
REQUIRES = re.compile(r"^-- requires: (\S+)$", re.MULTILINE)

LOAD_PGVECTOR = "SELECT '[1]'::vector"
"""A role that is no superuser may SET hnsw.* in a function only in a session that has used pgvector."""
CREATE_LEDGER = """
    CREATE TABLE IF NOT EXISTS terrakin.sql_files (
        name text CONSTRAINT pk_sql_files PRIMARY KEY,
        sha256 text NOT NULL,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE terrakin.sql_files IS 'Applied files of sql/; one is applied again when its text changes.';
    COMMENT ON COLUMN terrakin.sql_files.name IS 'Path of the file below sql/.';
    COMMENT ON COLUMN terrakin.sql_files.sha256 IS 'SHA-256 (hex) of its text and of the schema revision under it.';
    COMMENT ON COLUMN terrakin.sql_files.applied_at IS 'When it was applied last.';
"""
FIXED_PATH = "SET LOCAL search_path = public, pg_temp"
"""Names in views are looked up when the view is made, by whoever migrates: not through that session's own schemas."""
APPLIED = "SELECT name, sha256 FROM terrakin.sql_files"
REMEMBER = """
    INSERT INTO terrakin.sql_files (name, sha256)
    VALUES (%s, %s)
    ON CONFLICT (name) DO UPDATE SET sha256 = excluded.sha256, applied_at = now()
"""
FORGET = "DELETE FROM terrakin.sql_files WHERE name = %s"


@dataclass(frozen=True)
class SqlFile:
    """One file of ``sql/``: its path below it, its text, and the files that must run before it."""

    name: str
    text: str
    requires: tuple[str, ...]


def read_files() -> list[SqlFile]:
    """All files in the order in which they run: roles, then by requirement and name, then grants.

    Raises:
        DbError: a required file does not exist, or requirements go in a circle.
    """
    objects: dict[str, SqlFile] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.sql")):
            name, text = f"{folder}/{path.name}", path.read_text()
            objects[name] = SqlFile(name, text, tuple(REQUIRES.findall(text)))
    for file in objects.values():
        for required in file.requires:
            if required not in objects:
                raise DbError(f"sql/{file.name} requires {required}, which does not exist")
    try:
        order = list(TopologicalSorter({f.name: f.requires for f in objects.values()}).static_order())
    except CycleError as error:
        raise DbError(f"files of sql/ require each other in a circle: {' -> '.join(error.args[1])}") from error
    first, last = (SqlFile(name, (ROOT / name).read_text(), ()) for name in (ROLES, GRANTS))
    return [first, *(objects[name] for name in order), last]


def apply_sql(conn: psycopg.Connection[Any], revision: str) -> list[str]:
    """Run what changed, in the caller's transaction; grants run whenever anything did. Names of the files run.

    The object of a file that is gone is dropped; where something else stands on it, the migration fails.
    """
    conn.execute(LOAD_PGVECTOR)
    conn.execute(FIXED_PATH)
    conn.execute(CREATE_LEDGER)
    applied = dict(conn.execute(APPLIED).fetchall())
    run: list[str] = []
    current = read_files()
    for file in current:
        sha256 = hashlib.sha256(f"{revision}\n{file.text}".encode()).hexdigest()
        is_changed = applied.get(file.name) != sha256
        is_shaken = bool(run) if file.name == GRANTS else bool(set(run) & set(file.requires))
        if is_changed or is_shaken:
            _execute(conn, file)
            conn.execute(REMEMBER, (file.name, sha256))
            run.append(file.name)
    for name in sorted(set(applied) - {file.name for file in current}):
        _drop(conn, name)
        conn.execute(FORGET, (name,))
    return run


def _drop(conn: psycopg.Connection[Any], name: str) -> None:
    """Drop the object that a file made, which is named after it."""
    kind, schema = FOLDERS[name.split("/")[0]]
    statement = sql.SQL("DROP {} IF EXISTS {}").format(sql.SQL(kind), sql.Identifier(schema, Path(name).stem))
    try:
        conn.execute(statement)
    except psycopg.Error as error:
        raise DbError(f"sql/{name} is gone, but its object cannot be dropped: {_one_line(error)}") from error
    log.warning("event=sql_object_dropped name=%s", name)


def _execute(conn: psycopg.Connection[Any], file: SqlFile) -> None:
    try:
        conn.execute(cast("Any", file.text))
    except psycopg.Error as error:
        raise DbError(f"sql/{file.name} failed: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())
