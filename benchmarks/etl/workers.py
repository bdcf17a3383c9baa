"""`terrakin bench workers`: the stage composite, which waits for a server, in one ETL process and in two."""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import psycopg

from benchmarks.file_server import serve_slowly
from db import cluster
from db.install.migrate import migrate
from db.settings import Settings
from etl.demo.catalogue import build_catalogue
from etl.demo.towns import DEMO_TOWNS, TINY_A

PERIOD = "2024-06-01/2024-08-31"
N_DAYS = 3
TARGET = 0.6
HEAD = f"{'processes':>9}{'seconds':>9}{'ratio':>7}{'requests':>10}{'cities by process':>19}{'done twice':>12}"
DONE = """
    SELECT worker, count(*), sum(attempts - 1)
    FROM terrakin.etl_tasks
    WHERE stage = 'composite' AND status = 'done'
    GROUP BY worker
"""


def run_workers(latency_s: float, n_towns: int, echo: Callable[[str], None]) -> float:
    """Print the table and return the time of two processes divided by that of one."""
    towns = [replace(town, plan=TINY_A) for town in DEMO_TOWNS[:n_towns]]
    with tempfile.TemporaryDirectory(prefix="terrakin-bench-") as folder:
        Path(folder).chmod(0o711)
        demo = build_catalogue(Path(folder) / "demo", towns, N_DAYS)
        home = Path(folder) / "home"
        migrate(Settings(home))
        address = cluster.running(home)
        assert address is not None
        echo(f"{n_towns} towns of four tiles, {N_DAYS} days, {latency_s * 1000:.0f} ms latency (synthetic)")
        echo(HEAD)
        seconds = {}
        try:
            for n_processes in (1, 2):
                with serve_slowly(demo.catalogue.parent, latency_s) as server:
                    arguments = ["--stac", f"{server.url}/catalog.json", "--period", PERIOD, "--workers", "1"]
                    _terrakin(address.url(), Path(folder) / str(n_processes), "cities", "--cities", str(demo.cities))
                    started = time.perf_counter()
                    running = [
                        _start(address.url(), Path(folder) / str(n_processes), "composite", *arguments)
                        for _ in range(n_processes)
                    ]
                    assert [process.wait() for process in running] == [0] * n_processes
                    seconds[n_processes] = time.perf_counter() - started
                with psycopg.connect(address.url()) as conn:
                    done = conn.execute(DONE).fetchall()
                    conn.execute("DELETE FROM terrakin.etl_tasks")
                by_process, twice = "+".join(str(row[1]) for row in done), sum(row[2] for row in done)
                echo(
                    f"{n_processes:>9}{seconds[n_processes]:>9.1f}{seconds[n_processes] / seconds[1]:>7.2f}"
                    f"{server.n_requests:>10}{by_process:>19}{twice:>12}"
                )
        finally:
            cluster.stop(home)
    ratio = seconds[2] / seconds[1]
    echo(f"two processes take {ratio:.2f} of the time of one (target: at most {TARGET})")
    return ratio


def _start(url: str, home: Path, *arguments: str) -> subprocess.Popen[bytes]:
    environment = os.environ | {"TERRAKIN_HOME": str(home), "DATABASE_URL": url}
    command = [sys.executable, "-m", "terrakin", "etl", *arguments]
    return subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL, stdout=subprocess.DEVNULL)


def _terrakin(url: str, home: Path, *arguments: str) -> None:
    assert _start(url, home, *arguments).wait() == 0
