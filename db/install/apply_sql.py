"""Brings the objects of ``sql/`` in a database up to date with their files, in a migration's transaction.

A ledger records the hash of each applied file, and of its object as PostgreSQL described it afterwards. So not only
changed files are found, but also objects that are missing in this database or were changed by hand.
"""

import logging
from collections.abc import Mapping, Set
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg import sql

from db.catalogue.files import GRANTS, SqlFile, read_files
from db.catalogue.objects import Found, describe, drop, find, set_aside
from db.citus import is_distributed
from db.errors import DbError, one_line
from db.extensions import SEARCH_PATH

log = logging.getLogger(__name__)

LOAD_PGVECTOR = "SELECT '[1]'::vector"
"""A role that is not a superuser may SET hnsw.* in a function only in a session that has used pgvector."""
WRITTEN_PATH = "SET search_path = public,"
"""How the functions in the files begin their search path; the schemas of PostGIS and pgvector are added to it."""
PARALLEL_SAFE, PARALLEL_RESTRICTED = "PARALLEL SAFE", "PARALLEL RESTRICTED"
"""A parallel worker cannot read tables that Citus distributes."""
FIX_PATH = "SELECT set_config('search_path', %s || ', pg_temp', true)"
"""The names in a view are resolved when it is created: they must not depend on the schemas of whoever migrates."""
CREATE_LEDGER = """
    CREATE TABLE IF NOT EXISTS terrakin.sql_files (
        name text CONSTRAINT pk_sql_files PRIMARY KEY,
        sha256 text NOT NULL,
        revision text NOT NULL,
        object_sha256 text,
        applied_at timestamptz NOT NULL DEFAULT now()
    );
    COMMENT ON TABLE terrakin.sql_files IS 'Files of sql/ that were applied to this database.';
    COMMENT ON COLUMN terrakin.sql_files.name IS 'Path of the file below sql/.';
    COMMENT ON COLUMN terrakin.sql_files.sha256 IS 'SHA-256 (hex) of the file.';
    COMMENT ON COLUMN terrakin.sql_files.revision IS 'Schema revision that it was applied to.';
    COMMENT ON COLUMN terrakin.sql_files.object_sha256 IS
    'SHA-256 (hex) of the object as PostgreSQL described it afterwards; differs if the object was changed by hand.';
    COMMENT ON COLUMN terrakin.sql_files.applied_at IS 'When it was applied last.';
"""
LEDGER = "SELECT name, sha256, revision, object_sha256 FROM terrakin.sql_files"
RECORD = """
    INSERT INTO terrakin.sql_files (name, sha256, revision, object_sha256)
    VALUES (%s, %s, %s, %s)
    ON CONFLICT (name) DO UPDATE
    SET sha256 = excluded.sha256, revision = excluded.revision, object_sha256 = excluded.object_sha256,
        applied_at = now()
"""
FORGET = "DELETE FROM terrakin.sql_files WHERE name = %s"

NEW_FILE = "new file"
CHANGED_FILE = "changed file"
NEW_REVISION = "new schema revision"
MISSING = "missing in this database"
DIFFERS = "differs from its file"
REMOVED_FILE = "file removed, object dropped"


@dataclass(frozen=True)
class Change:
    """A file of ``sql/`` that was applied, or whose object was dropped, and why."""

    name: str
    reason: str


@dataclass(frozen=True)
class Entry:
    """One row of the ledger."""

    sha256: str
    revision: str
    object_sha256: str | None


def apply_sql(conn: psycopg.Connection[Any], revision: str) -> list[Change]:
    """Apply the files whose text or object changed, in the caller's transaction; grants whenever anything was applied.

    An object whose arguments or columns change is dropped and created again, and so are objects of ours that depend on
    it. Stale overloads, and objects whose files were removed, are dropped.

    Args:
        conn: in a transaction, as the owner.
        revision: the schema revision of the database.

    Returns:
        What was applied or dropped, in order.

    Raises:
        DbError: a file fails, or an object that is not ours depends on one that must be dropped.
    """
    path = _fix_path(conn)
    conn.execute(CREATE_LEDGER)
    ledger = _read_ledger(conn)
    files, revision = _files_for(conn, path), _revision_with(path, revision)
    changes = _apply_files(conn, files, ledger, revision)
    for name in sorted(ledger.keys() - {file.name for file in files}):
        _drop(conn, name, find(conn, name), frozenset())
        conn.execute(FORGET, (name,))
        changes[name] = REMOVED_FILE
    _record(conn, [file for file in files if file.name in changes], revision)
    for name, reason in changes.items():
        log.info("event=sql_applied name=%s reason=%r", name, reason)
    return [Change(name, reason) for name, reason in changes.items()]


def find_differences(conn: psycopg.Connection[Any], revision: str) -> list[Change]:
    """Return the files that ``apply_sql`` would apply for their own sake, and why; change nothing.

    Args:
        conn: in a transaction, as the owner.
        revision: the schema revision of the database.
    """
    path = _fix_path(conn)
    ledger, described, files = _read_ledger(conn), describe(conn), _files_for(conn, path)
    revision = _revision_with(path, revision)
    reasons = {file.name: _own_reason(file, ledger.get(file.name), described, revision) for file in files}
    reasons |= dict.fromkeys(sorted(ledger.keys() - reasons.keys()), REMOVED_FILE)
    return [Change(name, reason) for name, reason in reasons.items() if reason]


def _fix_path(conn: psycopg.Connection[Any]) -> str:
    """Set the search path of the transaction to public and the schemas of the extensions; return it."""
    (path,) = conn.execute(SEARCH_PATH).fetchone() or ("public",)
    conn.execute(FIX_PATH, (path,))
    conn.execute(LOAD_PGVECTOR)
    return str(path)


def _files_for(conn: psycopg.Connection[Any], path: str) -> list[SqlFile]:
    """Return the files that fit this database, with this search path in their functions."""
    distributed = is_distributed(conn)
    files = read_files(is_distributed=distributed)
    if distributed:
        files = [replace(f, text=f.text.replace(PARALLEL_SAFE, PARALLEL_RESTRICTED)) for f in files]
    return [replace(f, text=f.text.replace(WRITTEN_PATH, f"SET search_path = {path},")) for f in files]


def _revision_with(path: str, revision: str) -> str:
    """Return what the ledger records: with another search path, roles and views are applied again too."""
    return revision if path == "public" else f"{revision}, {path}"


def _read_ledger(conn: psycopg.Connection[Any]) -> dict[str, Entry]:
    return {name: Entry(*entry) for name, *entry in conn.execute(LEDGER)}


def _apply_files(
    conn: psycopg.Connection[Any], files: list[SqlFile], ledger: Mapping[str, Entry], revision: str
) -> dict[str, str]:
    """Apply what must be; return reasons by file name."""
    described = describe(conn)
    ours = {file.name for file in files} | ledger.keys()
    applied: dict[str, str] = {}
    dropped: dict[str, str] = {}
    for file in files:
        reason = (
            _own_reason(file, ledger.get(file.name), described, revision)
            or dropped.get(file.name)
            or next((f"requires {name}" for name in file.requires if name in applied), None)
            or (f"follows {len(applied)} other files" if file.name == GRANTS and applied else None)
        )
        if reason:
            for name in _replace(conn, file, ours):
                dropped[name] = f"depends on {file.name}"
            applied[file.name] = reason
    for name in sorted((dropped.keys() - applied.keys()) & {file.name for file in files}):
        raise DbError(f"sql/{name} {dropped[name]}, but runs before it; add a line `-- requires:` to sql/{name}")
    return applied


def _own_reason(file: SqlFile, entry: Entry | None, described: Mapping[str, str | None], revision: str) -> str | None:
    """Return why a file must be applied, whatever happens to other files; None: its object is up to date."""
    if entry is None:
        return NEW_FILE
    if entry.sha256 != file.sha256:
        return CHANGED_FILE
    if file.name not in described:
        return MISSING
    description = described[file.name]
    if description is not None and description != entry.object_sha256:
        return DIFFERS
    if entry.revision != revision and file.folder != "types":  # a type does not depend on tables
        return NEW_REVISION
    return None


def _replace(conn: psycopg.Connection[Any], file: SqlFile, ours: Set[str]) -> list[str]:
    """Execute a file, after dropping what its CREATE OR REPLACE could not replace; return whose objects went along."""
    existing = find(conn, file.name) if file.folder else []
    stale = existing
    if existing and file.folder != "types":  # types have no CREATE OR REPLACE
        with set_aside(conn, existing):
            _execute(conn, file)
            created = find(conn, file.name)
        stale = [old for old in existing if not any(old.can_become(new) for new in created)]
    dropped = _drop(conn, file.name, stale, ours)
    _execute(conn, file)
    return dropped


def _drop(conn: psycopg.Connection[Any], name: str, items: list[Found], ours: Set[str]) -> list[str]:
    try:
        return [dependent for item in items for dependent in drop(conn, name, item, ours)]
    except DbError as error:
        raise DbError(f"sql/{name}: {error}") from error


def _execute(conn: psycopg.Connection[Any], file: SqlFile) -> None:
    try:
        conn.execute(sql.SQL(file.text))
    except psycopg.Error as error:
        raise DbError(f"sql/{file.name} failed: {one_line(error)}") from error


def _record(conn: psycopg.Connection[Any], files: list[SqlFile], revision: str) -> None:
    described = describe(conn) if files else {}
    for file in files:
        if file.name not in described:
            raise DbError(f"sql/{file.name} does not create the object that it is named after")
        conn.execute(RECORD, (file.name, file.sha256, revision, described[file.name]))
