"""Upgrades from a released version: same answers, also if the migration is killed; other programs say what they need.

``0.1.0.dump`` is the database of version 0.1.0 with the twelve tiles of ``etl.demo.towns.TINY_TOWNS``, embedded with
``mosaiks``; ``0.1.0.json`` has its answers.
"""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.backup.programs import find_program, run_program
from db.check import State, check
from db.connect import connect, known_revisions
from db.errors import ConnectError
from db.index import build_indexes
from db.install.migrate import migrate
from db.settings import Settings
from tests.conftest import cloned_database
from tests.db.databases import run_sql, value
from webapp import create_app
from webapp.database import EXTENSION

FOLDER = Path(__file__).parent
REVISION = "SELECT version_num FROM terrakin.alembic_version"
ANSWER = """
    SELECT s.tile_id, s.similarity
    FROM api.similar_tiles(%s, k => 5, method => %s, origin => 'any') AS s
    ORDER BY s.rank
"""
GRANTS = (
    "GRANT USAGE ON SCHEMA terrakin, api TO terrakin_reader",
    "GRANT SELECT ON ALL TABLES IN SCHEMA terrakin TO terrakin_reader",
)
MIGRATING = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND granted"


@pytest.fixture
def released(server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """The database of version 0.1.0."""
    with cloned_database(server_home, "template0") as url:
        settings = Settings(tmp_path / ".terrakin", database_url=url)
        run_sql(settings, "CREATE EXTENSION postgis", "CREATE EXTENSION vector")
        program = find_program("pg_restore", 15, "the dump")
        run_program(program, url, ["--no-owner", "--exit-on-error", str(FOLDER / "0.1.0.dump")], None)
        run_sql(settings, *GRANTS)
        yield settings


def expected() -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = json.loads((FOLDER / "0.1.0.json").read_text())
    assert len(found) == 36
    return found


def assert_answers(settings: Settings) -> None:
    with psycopg.connect(str(settings.database_url)) as conn:
        for wanted in expected():
            rows = conn.execute(ANSWER, (wanted["tile_id"], wanted["method"])).fetchall()
            assert [tile_id for tile_id, _ in rows] == wanted["matches"], wanted
            assert [similarity for _, similarity in rows] == pytest.approx(wanted["similarities"], abs=0.002)


def test_after_the_upgrade_the_answers_are_the_same_and_nothing_is_missing(released: Settings) -> None:
    assert value(released, REVISION) == "0002"
    migrate(released)
    assert value(released, REVISION) == known_revisions()[-1]
    build_indexes(released)
    assert_answers(released)
    faults = [finding for finding in check(released) if finding.state == State.FAULT]
    assert faults == []
    assert migrate(released) == []


def start_migration(settings: Settings) -> subprocess.Popen[str]:
    environment = {**os.environ, "DATABASE_URL": str(settings.database_url), "TERRAKIN_HOME": str(settings.home)}
    command = [sys.executable, "-m", "terrakin", "db", "migrate"]
    return subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True)


@pytest.mark.parametrize("delay_s", [0.0, 0.3, 1.0])
def test_a_killed_upgrade_changes_nothing_and_goes_on(released: Settings, delay_s: float) -> None:
    process = start_migration(released)
    deadline = time.monotonic() + 60
    while value(released, MIGRATING) == 0 and process.poll() is None:
        assert time.monotonic() < deadline
    time.sleep(delay_s)
    process.send_signal(signal.SIGKILL)
    process.communicate()
    assert value(released, REVISION) in ("0002", known_revisions()[-1])
    again = start_migration(released)
    _, errors = again.communicate(timeout=120)
    assert again.returncode == 0, errors
    build_indexes(released)
    assert_answers(released)


def test_programs_say_which_version_an_older_database_needs(released: Settings) -> None:
    with pytest.raises(
        ConnectError, match=r"has schema revision 0002, this program needs \d+; run `terrakin db migrate`"
    ):
        connect(released)
    app = create_app(released)
    answer = app.test_client().get("/api/v1/stats")
    assert answer.status_code == 503
    assert "has schema revision 0002, this program needs" in answer.get_json()["detail"]
    migrate(released)
    assert app.test_client().get("/api/v1/stats").status_code == 200
    app.extensions[EXTENSION].close()


def test_a_web_app_whose_database_was_upgraded_meanwhile_says_so(database: Settings) -> None:
    app = create_app(database)
    client = app.test_client()
    assert client.get("/api/v1/cities?q=a").status_code == 200
    run_sql(database, "UPDATE terrakin.alembic_version SET version_num = '9999'", "DROP FUNCTION api.search_cities")
    answer = client.get("/api/v1/cities?q=a")
    assert answer.status_code == 503
    assert "has schema revision 9999, the newest that this program knows is" in answer.get_json()["detail"]
    app.extensions[EXTENSION].close()
