"""Two ETL processes started at once on an empty database fit once, share the cities, and leave one run's tables."""

import signal
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg

from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from tests.etl.conftest import CommandLine, InThisProcess, lines_until, run_arguments
from tests.etl.tables import tables

WORK_DONE = """
    SELECT max(attempts), count(*) FILTER (WHERE status = 'done'), count(DISTINCT worker), count(DISTINCT work_folder)
    FROM terrakin.etl_tasks
"""


def finish(process: subprocess.Popen[str]) -> str:
    """Wait for a process to succeed and return its stderr."""
    _, error = process.communicate(timeout=900)
    assert process.returncode == 0, error
    return error


def fetch_one(database: Settings, query: str) -> Any:
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        return conn.execute(query).fetchone()


def test_with_a_shared_work_folder_they_leave_the_tables_of_a_single_run(
    database: Settings,
    tiny_demo: DemoCatalogue,
    undisturbed: dict[str, list[str]],
    command_line: Callable[..., CommandLine],
) -> None:
    terrakin = command_line(database.home, database.database_url)
    arguments = run_arguments(tiny_demo)
    errors = [finish(process) for process in [terrakin.start(*arguments), terrakin.start(*arguments)]]
    assert sum(error.count("stage=fit event=started") for error in errors) == 1
    assert fetch_one(database, WORK_DONE) == (1, 18, 2, 1)
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        got = tables(conn)
    for name, rows in undisturbed.items():
        assert got[name] == rows, name


def test_with_separate_work_folders_they_embed_with_the_same_filters(
    database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path, command_line: Callable[..., CommandLine]
) -> None:
    """Two machines that share only the database; another run has nothing to do on either of them."""
    machines = [command_line(tmp_path / name, database.database_url) for name in ("a", "b")]
    arguments = run_arguments(tiny_demo, "--without-layout")
    errors = [finish(process) for process in [machine.start(*arguments) for machine in machines]]
    assert sum(error.count("stage=fit event=started") for error in errors) == 1
    assert fetch_one(database, WORK_DONE) == (1, 18, 2, 2)
    assert fetch_one(database, "SELECT count(*) FROM terrakin.tiles") == (12,)
    before = fetch_one(database, "SELECT max(finished_at) FROM terrakin.etl_tasks")
    for machine in machines:
        again = InThisProcess(machine.environment)(*arguments)
        assert again.returncode == 0, again.stderr
    assert fetch_one(database, "SELECT max(finished_at) FROM terrakin.etl_tasks") == before
    assert fetch_one(
        database, "SELECT e.weights_sha256 = f.weights_sha256 FROM terrakin.encoder e, terrakin.fitted_filters f"
    )


def test_one_takes_over_the_tasks_of_the_other_when_it_is_killed(
    database: Settings,
    tiny_demo: DemoCatalogue,
    undisturbed: dict[str, list[str]],
    command_line: Callable[..., CommandLine],
) -> None:
    terrakin = command_line(database.home, database.database_url)
    arguments = run_arguments(tiny_demo)
    victim = terrakin.start(*arguments)
    list(lines_until(victim, "stage=composite city_id"))
    # It keeps its two cities, and leaves the third to the other, however long that takes to start.
    victim.send_signal(signal.SIGSTOP)
    other = terrakin.start(*arguments)
    list(lines_until(other, "stage=composite city_id"))
    victim.send_signal(signal.SIGKILL)
    victim.communicate(timeout=300)
    finish(other)
    assert fetch_one(database, "SELECT max(attempts) FROM terrakin.etl_tasks") == (2,)
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        got = tables(conn)
    for name, rows in undisturbed.items():
        assert got[name] == rows, name
