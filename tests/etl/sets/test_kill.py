"""Commands on sets and concepts that are killed at any stage leave nothing half done, and do all when run again.

Another session holds a lock that the stage needs, so that the command waits there until it is killed.
"""

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

import psycopg
import pytest

from db.connect import connect
from db.settings import Settings
from tests.etl.conftest import CommandLine
from tests.etl.sets import files
from tests.etl.sets.conftest import Rows, Terrakin

N_WAITING = """
    SELECT count(*) FROM pg_stat_activity
    WHERE datname = current_database() AND wait_event_type = 'Lock' AND pid <> pg_backend_pid()
"""
N_OTHERS = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
STATE = """
    SELECT (SELECT count(*) FROM terrakin.imported_items),
        (SELECT array_agg(f.name ORDER BY f.name) FROM terrakin.imported_files AS f),
        (SELECT count(*) FROM terrakin.embedding_keys), (SELECT count(*) FROM api.imported_overview)
"""
WHOLE = [(30, ["a.parquet", "b.parquet"], 30, 30)]
DEADLINE_S = 120

Kill = Callable[..., None]


@pytest.fixture
def kill_at(database: Settings, command_line: Callable[..., CommandLine], tmp_path: Path) -> Kill:
    """Runs a command until it waits for a lock on a table, and kills it."""
    run = command_line(tmp_path, database.database_url)

    def kill(table: str, mode: str, *arguments: object) -> None:
        with connect(database) as holder, connect(database, autocommit=True) as watcher:
            holder.execute(f"LOCK TABLE terrakin.{table} IN {mode} MODE")
            process = run.start(*map(str, arguments))
            until(watcher, N_WAITING, lambda n: n > 0 or process.poll() is not None)
            assert process.poll() is None, process.communicate()[1]
            os.killpg(process.pid, signal.SIGKILL)
            process.communicate(timeout=DEADLINE_S)
            holder.rollback()
        with connect(database, autocommit=True) as watcher:
            # The server process of the command finds its client gone when it has the lock.
            until(watcher, N_OTHERS, lambda n: n == 0)

    return kill


def until(conn: psycopg.Connection[tuple[object, ...]], query: str, is_reached: Callable[[int], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_S
    while not is_reached(conn.execute(query).fetchone()[0]):  # type: ignore[arg-type, index]
        assert time.monotonic() < deadline, query
        time.sleep(0.02)


@pytest.fixture
def paths(tmp_path: Path) -> list[Path]:
    return [files.earth_index(tmp_path / f"{name}.parquet", n) for name, n in (("a", 10), ("b", 20))]


@pytest.mark.parametrize("table", ["imported_sets", "imported_items", "imported_files", "embedding_sets"])
def test_an_import_that_was_killed_goes_on(
    table: str, paths: list[Path], kill_at: Kill, terrakin: Terrakin, rows: Rows
) -> None:
    kill_at(table, "SHARE", "sets", "import", *paths, "--name", "index")
    is_stored = table == "embedding_sets"
    assert rows(STATE) == [(30, ["a.parquet", "b.parquet"], 0, 0) if is_stored else (0, None, 0, 0)]
    again = terrakin("sets", "import", *paths, "--name", "index")
    assert again.returncode == 0, again.stderr
    assert rows(STATE) == WHOLE


@pytest.mark.parametrize("table", ["imported_items", "embedding_lists"])
def test_a_set_that_grows_is_whole_again_after_a_kill(
    table: str, paths: list[Path], kill_at: Kill, terrakin: Terrakin, rows: Rows
) -> None:
    assert terrakin("sets", "import", paths[0], "--name", "index").returncode == 0
    kill_at(table, "SHARE", "sets", "import", *paths, "--name", "index")
    assert rows("SELECT count(*) FROM terrakin.embedding_keys") == [(10,)]
    assert terrakin("sets", "import", *paths, "--name", "index").returncode == 0
    assert rows(STATE) == WHOLE


@pytest.mark.parametrize("table", ["imported_sets", "embedding_sets"])
def test_a_set_whose_drop_was_killed_is_whole_or_gone(
    table: str, paths: list[Path], kill_at: Kill, terrakin: Terrakin, rows: Rows
) -> None:
    assert terrakin("sets", "import", *paths, "--name", "index").returncode == 0
    kill_at(table, "SHARE", "sets", "drop", "index")
    assert rows(STATE) == WHOLE
    assert terrakin("sets", "drop", "index").returncode == 0
    assert rows(STATE) == [(0, None, 0, 0)]


def test_an_export_that_was_killed_leaves_no_folder(
    paths: list[Path], kill_at: Kill, terrakin: Terrakin, tmp_path: Path
) -> None:
    assert terrakin("sets", "import", *paths, "--name", "index").returncode == 0
    command = ("sets", "export", "index", "--to", tmp_path / "out")
    kill_at("imported_items", "ACCESS EXCLUSIVE", *command)
    assert not (tmp_path / "out").exists()
    assert terrakin(*command).returncode == 0
    assert sorted(path.name for path in tmp_path.iterdir() if path.name.startswith("out")) == ["out"]


def test_a_concept_whose_fit_was_killed_is_not_stored(
    paths: list[Path], kill_at: Kill, terrakin: Terrakin, rows: Rows
) -> None:
    assert terrakin("sets", "import", *paths, "--name", "index").returncode == 0
    command = ("concepts", "fit", "first", "--unit", "index", "--positive", "1,2,3")
    kill_at("concepts", "SHARE", *command)
    assert rows("SELECT count(*) FROM terrakin.concepts") == [(0,)]
    again = terrakin(*command)
    assert again.returncode == 0, again.stderr
    assert rows("SELECT name FROM terrakin.concepts") == [("first",)]
