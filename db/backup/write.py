"""Writes a backup: a dump of our schemas, what it contains, and the work files if asked."""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg

from db.backup.content import read_content
from db.backup.manifest import DUMP, WORK, Manifest
from db.backup.programs import Progress, find_program, run_program
from db.catalogue.files import SCHEMAS
from db.connect import connect, known_revisions, url_for
from db.errors import DbError
from db.settings import Settings

Connection = psycopg.Connection[Any]

EXTENSION_SCHEMAS = """
    SELECT e.extname, n.nspname
    FROM pg_extension AS e
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname IN ('postgis', 'vector')
"""
SNAPSHOT = "SELECT pg_export_snapshot()"
AT_REST = "SET LOCAL lock_timeout = '10s'; LOCK TABLE terrakin.etl_tasks IN SHARE MODE"
"""No ETL process can begin or end a city until the transaction ends; they wait."""
IN_HAND = """
    SELECT string_agg(DISTINCT t.worker, ', ')
    FROM terrakin.etl_tasks AS t
    WHERE t.status = 'running' AND t.heartbeat_at > now() - interval '2 minutes'
"""
"""A worker that has been silent for longer is considered dead: see SILENCE_S in etl/tasks/ledger.py."""


def backup(settings: Settings, folder: Path, *, with_work: bool = False, progress: Progress | None = None) -> Manifest:
    """Write a backup into a new folder; the owner need not be a superuser. Nothing is left of one that fails.

    Reads and loads go on meanwhile: the backup is of the moment at which it began. With work files, ETL processes wait
    until they are copied.

    Args:
        settings: the database, and the home whose work files are copied.
        folder: is created.
        with_work: also copy the work files.
        progress: is told the name of each table.

    Raises:
        DbError: the folder exists, pg_dump is missing or older than the server, the disk is full, or an ETL process is
            at work whose files would be copied.
    """
    if folder.exists():
        raise DbError(f"{folder} exists; give a new folder")
    unfinished = folder.with_name(f"{folder.name}.unfinished")
    shutil.rmtree(unfinished, ignore_errors=True)
    unfinished.mkdir(parents=True)
    try:
        with _work_at_rest(settings) if with_work else nullcontext():
            manifest = _write(settings, unfinished, with_work, progress)
    except BaseException:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise
    unfinished.rename(folder)
    return manifest


def _write(settings: Settings, folder: Path, with_work: bool, progress: Progress | None) -> Manifest:
    begun = datetime.now(UTC).isoformat(timespec="seconds")
    with connect(settings) as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        conn.read_only = True
        major = conn.info.server_version // 10_000
        (snapshot,) = conn.execute(SNAPSHOT).fetchone() or ("",)
        arguments = ["--format=custom", "--no-owner", "--no-privileges", "--compress=1", f"--snapshot={snapshot}"]
        arguments += [f"--schema={schema}" for schema in SCHEMAS]
        arguments.append(f"--file={folder / DUMP}")
        program = find_program("pg_dump", major, "the server")
        run_program(program, url_for(settings), arguments, progress)
        content, schemas = read_content(conn), dict(conn.execute(EXTENSION_SCHEMAS).fetchall())
    if with_work:
        shutil.copytree(settings.home / WORK, folder / WORK)
    manifest = Manifest(begun, known_revisions()[-1], major, schemas, with_work, content)
    manifest.write(folder)
    return manifest


@contextmanager
def _work_at_rest(settings: Settings) -> Iterator[None]:
    """Keep ETL processes from changing work files.

    Raises:
        DbError: there are no work files, or a process has a city in hand.
    """
    if not (settings.home / WORK).is_dir():
        raise DbError(f"{settings.home} has no work files")
    with connect(settings) as conn:
        try:
            conn.execute(AT_REST)
        except psycopg.errors.LockNotAvailable as error:
            raise DbError("an ETL process is writing to its ledger; try again, or wait until it has ended") from error
        (workers,) = conn.execute(IN_HAND).fetchone() or (None,)
        if workers:
            raise DbError(
                f"work files cannot be copied: {workers} has cities in hand; wait until it has ended, or stop it"
            )
        yield
