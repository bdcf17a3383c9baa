"""After a kill at any stage, or of a Dask worker or PostgreSQL, the same command produces the same tables.

Kills at the stages aggregate, load and layout are tested in tests/etl/test_reprocess.py.
"""

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import psycopg

from db import cluster
from db.install.migrate import migrate
from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from tests.etl.conftest import CommandLine, lines_until, run_arguments
from tests.etl.tables import tables

STAGES = ("composite", "fit", "embed", "load", "thumbnail", "index")


def kill_all(process: subprocess.Popen[str]) -> None:
    """Send SIGKILL to the command and all its children except PostgreSQL, which has its own session."""
    os.killpg(process.pid, signal.SIGKILL)
    process.communicate(timeout=300)


def kill_dask_worker(process: subprocess.Popen[str]) -> None:
    """Send SIGKILL to one worker process of the command's Dask cluster."""
    workers = [p for p in psutil.Process(process.pid).children(recursive=True) if "spawn_main" in " ".join(p.cmdline())]
    assert workers, "the local cluster runs two workers as processes"
    workers[0].kill()


def test_a_run_killed_at_several_stages_leaves_the_tables_of_an_undisturbed_run(
    empty_home: Path,
    undisturbed: dict[str, list[str]],
    tiny_demo: DemoCatalogue,
    command_line: Callable[..., CommandLine],
) -> None:
    migrate(Settings(empty_home))
    terrakin = command_line(empty_home)
    arguments = run_arguments(tiny_demo, "--workers", "2")
    for stage in STAGES:
        process = terrakin.start(*arguments)
        list(lines_until(process, f"stage={stage} "))
        kill_all(process)

    files = cluster.running(empty_home)
    assert files is not None, "killing the ETL does not stop PostgreSQL"
    with psycopg.connect(files.url(), autocommit=True) as conn:
        # Everything again: a Dask worker is killed during stage composite, PostgreSQL during stage load.
        conn.execute("DELETE FROM terrakin.tiles")
        conn.execute("DELETE FROM terrakin.etl_tasks WHERE stage IN ('composite', 'load')")
    process = terrakin.start(*arguments)
    list(lines_until(process, "event=dask_started"))
    kill_dask_worker(process)
    list(lines_until(process, "stage=load city_id"))
    kill_postgres(empty_home)
    _, error = process.communicate(timeout=900)
    assert process.returncode == 1
    assert "Traceback" not in error
    assert "PostgreSQL" in error.splitlines()[-1]

    last = terrakin(*arguments)
    assert last.returncode == 0, last.stderr
    address = cluster.running(empty_home)
    assert address is not None
    with psycopg.connect(address.url()) as conn:
        got = tables(conn)
    for name, rows in undisturbed.items():
        assert got[name] == rows, name


def kill_postgres(home: Path) -> None:
    """Send SIGKILL to the postmaster; its children exit when they notice."""
    address = cluster.running(home)
    assert address is not None
    with psycopg.connect(address.url()) as conn:
        (data,) = conn.execute("SHOW data_directory").fetchone() or ("",)
    postmaster = int((Path(data) / "postmaster.pid").read_text().split("\n")[0])
    os.kill(postmaster, signal.SIGKILL)
