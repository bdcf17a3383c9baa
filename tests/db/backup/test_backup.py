"""Backups: written beside loads, verified, restored whole or not at all, by owners without superuser rights."""

import json
import shutil
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db.backup import backup, programs, restore, verify
from db.backup.manifest import DUMP, MANIFEST, WORK
from db.check import State, check
from db.errors import DbError
from db.settings import Settings
from tests.conftest import cloned_database
from tests.db.databases import run_sql, value
from tests.db.worlds import N_TILES, answers, filled_database

OWNER = "plain_owner"
OUR_SCHEMAS = "SELECT count(*) FROM pg_namespace WHERE nspname IN ('terrakin', 'api', 'internal', 'tiles')"
RUNNING = """
    INSERT INTO terrakin.etl_tasks (stage, city_id, period, status, worker, heartbeat_at, started_at)
    SELECT 'composite', min(c.city_id), '[2024-06-01,2024-09-01)', 'running', 'host:1', now(), now()
    FROM terrakin.cities AS c
"""


@pytest.fixture(scope="module")
def filled(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with filled_database(server_home, tmp_path_factory.mktemp("home") / ".terrakin") as settings:
        yield settings


@pytest.fixture(scope="module")
def saved(filled: Settings, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A backup of the filled database, without work files."""
    folder = tmp_path_factory.mktemp("backups") / "saved"
    backup(filled, folder)
    return folder


@pytest.fixture
def empty(server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """An empty database without extensions."""
    with cloned_database(server_home, "template0") as url:
        yield Settings(tmp_path / ".terrakin", database_url=url)


@contextmanager
def plain_owner(settings: Settings) -> Iterator[Settings]:
    """Yield the settings of an owner who is no superuser and may not create roles."""
    run_sql(settings, f"CREATE ROLE {OWNER} NOSUPERUSER NOCREATEROLE")
    url = make_conninfo(str(settings.database_url), options=f"-c role={OWNER}")
    try:
        yield replace(settings, database_url=url)
    finally:
        run_sql(settings, f"DROP OWNED BY {OWNER} CASCADE", f"DROP ROLE {OWNER}")


def copy(saved: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(saved, tmp_path / "copy"))


def test_an_owner_who_is_no_superuser_restores_what_was_saved(filled: Settings, saved: Path, empty: Settings) -> None:
    with plain_owner(empty) as owner:
        with pytest.raises(DbError, match=r"let a superuser run once") as refused:
            restore(owner, saved)
        assert value(empty, OUR_SCHEMAS) == 0
        statements = str(refused.value).partition("restore again: ")[2]
        for wanted in ("CREATE EXTENSION postgis SCHEMA public", "CREATE EXTENSION vector", "GRANT terrakin_etl TO"):
            assert wanted in statements
        run_sql(empty, statements)
        restore(owner, saved)
        assert answers(empty) == answers(filled)
        findings = [f for f in check(owner) if f.state == State.FAULT]
        assert findings == []


def test_a_filled_database_is_refused(filled: Settings, saved: Path) -> None:
    with pytest.raises(DbError, match=r"has schema .*terrakin.* already"):
        restore(filled, saved)
    answers(filled)


@pytest.mark.parametrize("damage", ["truncated", "other rows", "no dump", "newer", "no manifest"])
def test_a_damaged_backup_leaves_nothing_behind(damage: str, saved: Path, empty: Settings, tmp_path: Path) -> None:
    folder = copy(saved, tmp_path)
    manifest = json.loads((folder / MANIFEST).read_text())
    dump = (folder / DUMP).read_bytes()
    if damage == "truncated":
        (folder / DUMP).write_bytes(dump[: len(dump) // 2])
    elif damage == "other rows":
        manifest["content"]["tables"]["tiles"][0] += 1
        (folder / MANIFEST).write_text(json.dumps(manifest))
    elif damage == "no dump":
        (folder / DUMP).unlink()
    elif damage == "newer":
        (folder / MANIFEST).write_text(json.dumps(manifest | {"revision": "9999"}))
    else:
        (folder / MANIFEST).unlink()
    expected = {
        "truncated": "pg_restore failed: .*(end of file|length)",
        "other rows": "terrakin.tiles has 13 rows .* in the backup and 12 rows .* in the database; nothing was kept",
        "no dump": "incomplete",
        "newer": "newer terrakin",
        "no manifest": "is not a backup of terrakin",
    }
    with pytest.raises(DbError, match=expected[damage]):
        restore(empty, folder)
    assert value(empty, OUR_SCHEMAS) == 0


def test_rows_loaded_meanwhile_are_not_in_the_backup(server_home: Path, empty: Settings, tmp_path: Path) -> None:
    with filled_database(server_home, tmp_path / ".terrakin") as loading:
        before = answers(loading)

        def load(table: str) -> None:
            run_sql(loading, "DELETE FROM terrakin.tiles WHERE tile_id = (SELECT min(tile_id) FROM terrakin.tiles)")

        manifest = backup(loading, tmp_path / "saved", progress=load)
        assert manifest.content.tables["tiles"][0] == N_TILES
        assert value(loading, "SELECT count(*) FROM terrakin.tiles") != N_TILES
    restore(empty, tmp_path / "saved")
    assert answers(empty) == before


def test_a_verified_backup_leaves_no_scratch_database(filled: Settings, saved: Path, tmp_path: Path) -> None:
    assert verify(filled, saved).content.tables["tiles"][0] == N_TILES
    folder = copy(saved, tmp_path)
    (folder / DUMP).write_bytes(b"no dump")
    with pytest.raises(DbError, match="pg_restore failed"):
        verify(filled, folder)
    assert value(filled, "SELECT count(*) FROM pg_database WHERE datname LIKE 'terrakin_verify%'") == 0
    with plain_owner(filled) as owner, pytest.raises(DbError, match="only a superuser may create a scratch database"):
        verify(owner, saved)


def fake(folder: Path, name: str, *lines: str) -> None:
    folder.mkdir(parents=True)
    path = folder / name
    path.write_text("\n".join(("#!/bin/sh", *lines)) + "\n")
    path.chmod(0o755)


def test_programs_older_than_the_server_are_refused(
    filled: Settings, empty: Settings, saved: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("pg_dump", "pg_restore"):
        fake(tmp_path / name / "13" / "bin", name, f'echo "{name} (PostgreSQL) 13.4"')
        monkeypatch.setattr(programs, "DEBIAN_ROOT", tmp_path / name)
        monkeypatch.setenv("PATH", "/nowhere")
        with pytest.raises(
            DbError, match=rf"is PostgreSQL \d+, the newest {name} here is 13; install postgresql-client"
        ):
            backup(filled, tmp_path / "new") if name == "pg_dump" else restore(empty, saved)
    monkeypatch.setattr(programs, "DEBIAN_ROOT", tmp_path / "nowhere")
    with pytest.raises(DbError, match="pg_dump is not installed; install postgresql-client"):
        backup(filled, tmp_path / "new")
    assert not list(tmp_path.glob("new*"))


@pytest.mark.parametrize("ending", ["echo 'pg_dump: error: no space left' >&2; exit 1", "kill -9 $$"])
def test_a_dump_that_fails_leaves_no_folder(
    ending: str, filled: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    fake(tmp_path / "99" / "bin", "pg_dump", '[ "$1" = --version ] && echo "pg_dump (PostgreSQL) 99.1" && exit', ending)
    monkeypatch.setattr(programs, "DEBIAN_ROOT", tmp_path)
    with pytest.raises(DbError, match=r"pg_dump failed: (no space left|it was ended by a signal)"):
        backup(filled, tmp_path / "new")
    assert not list(tmp_path.glob("new*"))


def test_a_folder_that_exists_is_refused(filled: Settings, saved: Path) -> None:
    with pytest.raises(DbError, match="exists; give a new folder"):
        backup(filled, saved)


def test_work_files_are_copied_at_rest(server_home: Path, empty: Settings, tmp_path: Path) -> None:
    with filled_database(server_home, tmp_path / "first") as settings:
        with pytest.raises(DbError, match="has no work files"):
            backup(settings, tmp_path / "saved", with_work=True)
        (settings.home / WORK / "7").mkdir(parents=True)
        (settings.home / WORK / "7" / "blocks.zarr").write_text("numbers")
        run_sql(settings, RUNNING)
        with pytest.raises(DbError, match="host:1 has cities in hand"):
            backup(settings, tmp_path / "saved", with_work=True)
        run_sql(settings, "UPDATE terrakin.etl_tasks SET heartbeat_at = now() - interval '1 hour'")
        with psycopg.connect(str(settings.database_url)) as etl:
            etl.execute("UPDATE terrakin.etl_tasks SET attempts = 2")
            etl.execute("SET LOCAL lock_timeout = '60s'")
            with pytest.raises(DbError, match="is writing to its ledger"):
                backup(settings, tmp_path / "saved", with_work=True)
            etl.rollback()
        backup(settings, tmp_path / "saved", with_work=True)
    restore(empty, tmp_path / "saved", with_work=True)
    assert (empty.home / WORK / "7" / "blocks.zarr").read_text() == "numbers"
    with pytest.raises(DbError, match="has work files already"):
        restore(empty, tmp_path / "saved", with_work=True)


def test_work_files_that_are_not_in_the_backup_are_asked_for_in_vain(saved: Path, empty: Settings) -> None:
    with pytest.raises(DbError, match="has no work files; restore without them"):
        restore(empty, saved, with_work=True)


def test_both_commands_say_what_they_did(filled: Settings, empty: Settings, tmp_path: Path) -> None:
    def run(settings: Settings, *arguments: str) -> str:
        environment = {"DATABASE_URL": str(settings.database_url), "TERRAKIN_HOME": str(tmp_path / ".terrakin")}
        command = [sys.executable, "-m", "terrakin", "db", *arguments]
        done = subprocess.run(command, env=environment, capture_output=True, text=True, check=True)
        return done.stderr

    assert "12 tiles, restored and compared: 23 tables, 12 searches" in run(
        filled, "backup", f"{tmp_path}/b", "--verify"
    )
    assert "restored 12 tiles of" in run(empty, "restore", f"{tmp_path}/b")
    assert answers(empty) == answers(filled)
