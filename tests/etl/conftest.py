"""A tiny demo catalogue, the real command line, and a finished run over the demo that tests read or copy.

The demo and the run are made by one of the pytest processes, for all of them.
"""

import io
import os
import shutil
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager, redirect_stderr, redirect_stdout
from dataclasses import dataclass
from pathlib import Path
from unittest.mock import patch

import psycopg
import pytest
from filelock import FileLock

import terrakin
from db.cluster.binaries import bin_dir
from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue, build_catalogue
from etl.demo.towns import TINY_TOWNS
from tests.conftest import BLANK, cloned_database
from tests.etl.tables import tables

PERIOD = "2024-06-01/2024-08-31"
N_DAYS = 3


@dataclass(frozen=True)
class CommandLine:
    """Runs ``terrakin`` with the home and the database of an environment."""

    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """Start a command in a new session, so that it can be killed with all its children."""
        return subprocess.Popen(
            [sys.executable, "-m", "terrakin", "--verbose", *arguments],
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            start_new_session=True,
        )

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        process = self.start(*arguments)
        out, err = process.communicate(timeout=900)
        return subprocess.CompletedProcess(arguments, process.returncode, out, err)


@dataclass(frozen=True)
class InThisProcess:
    """Runs ``terrakin`` without a new process: for commands without worker processes and layout. Logs go to pytest."""

    environment: dict[str, str]

    def __call__(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        out, err = io.StringIO(), io.StringIO()
        with (
            patch.dict(os.environ, self.environment, clear=True),
            patch.object(sys, "argv", ["terrakin", *arguments]),
            redirect_stdout(out),
            redirect_stderr(err),
            pytest.raises(SystemExit) as ended,
        ):
            terrakin.main()
        code = ended.value.code
        assert code is None or isinstance(code, int)
        return subprocess.CompletedProcess(arguments, code or 0, out.getvalue(), err.getvalue())


INTERPRETED = {"NUMBA_DISABLE_JIT": "1"}
"""UMAP of a dozen tiles takes a second without compilation, which takes each process 15 seconds."""


def environment(home: Path, database_url: str | None) -> dict[str, str]:
    settings = {"TERRAKIN_HOME": str(home), "DATABASE_URL": database_url or "", "COLUMNS": "200"}
    return os.environ | INTERPRETED | settings


def make_command_line(home: Path, database_url: str | None = "") -> CommandLine:
    return CommandLine(environment(home, database_url))


@pytest.fixture
def command_line() -> Callable[..., CommandLine]:
    """Make a CommandLine from a home and (for an external server) a database URL."""
    return make_command_line


@contextmanager
def made_once(tmp_path_factory: pytest.TempPathFactory, name: str) -> Iterator[Path]:
    """Lock and yield a folder that all pytest processes of this run share; what it lacks, the caller makes."""
    root = tmp_path_factory.getbasetemp()
    if "PYTEST_XDIST_WORKER" in os.environ:
        root = root.parent  # each process has a folder of its own in it
    with FileLock(root / f"{name}.lock"):
        folder = root / name
        folder.mkdir(exist_ok=True)
        yield folder


@pytest.fixture(scope="session")
def tiny_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoCatalogue:
    """Three towns of four tiles, three days each; read-only."""
    with made_once(tmp_path_factory, "demo") as folder:
        root = folder / "tiny"
        if not (folder / "done").exists():
            build_catalogue(root, TINY_TOWNS, N_DAYS)
            (folder / "done").touch()
        return DemoCatalogue(root / "catalog.json", root / "cities.geojson", root / "forms.csv", root / "changes.csv")


def run_arguments(demo: DemoCatalogue, *more: str) -> list[str]:
    """Return the arguments of ``terrakin etl run`` over a demo, with the encoder that is fitted during the run."""
    return [
        "etl", "run", "--stac", str(demo.catalogue), "--cities", str(demo.cities), "--period", PERIOD,
        "--encoder", "mosaiks", "--workers", "1", *more,
    ]  # fmt: skip


def lines_until(process: subprocess.Popen[str], wanted: str) -> Iterator[str]:
    """Yield the lines of a process's stderr up to the one that contains a text; fail if there is none."""
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if wanted in line:
            return
    pytest.fail(f"the run ended before {wanted!r}")


@pytest.fixture(scope="session")
def finished(
    server_home: Path, tmp_path_factory: pytest.TempPathFactory, tiny_demo: DemoCatalogue
) -> Iterator[Settings]:
    """Home and database of a finished run over the tiny demo; read-only. Its imagery was read by two workers."""
    with made_once(tmp_path_factory, "finished") as folder:
        home, dump = folder / ".terrakin", folder / "database"
        if not dump.exists():
            with cloned_database(server_home) as url:
                done = make_command_line(home, url)(*run_arguments(tiny_demo, "--workers", "2"))
                assert done.returncode == 0, done.stderr
                partial = folder / "partial"
                subprocess.run([bin_dir() / "pg_dump", "--format=custom", f"--file={partial}", url], check=True)
            partial.rename(dump)
    with cloned_database(server_home, BLANK) as url:
        subprocess.run([bin_dir() / "pg_restore", f"--dbname={url}", "--exit-on-error", dump], check=True)
        yield Settings(home, database_url=url)


@pytest.fixture(scope="session")
def undisturbed(finished: Settings) -> dict[str, list[str]]:
    """Tables of the finished run, which nothing disturbed."""
    with psycopg.connect(str(finished.database_url)) as conn:
        return tables(conn)


@contextmanager
def copy_of(run: Settings, server_home: Path, home: Path) -> Iterator[Settings]:
    """Copy the home and the database of a run for the duration of a block."""
    shutil.copytree(run.home, home)
    template = psycopg.conninfo.conninfo_to_dict(str(run.database_url))["dbname"]
    with cloned_database(server_home, str(template)) as url:
        yield Settings(home, database_url=url)


@pytest.fixture
def copied(server_home: Path, finished: Settings, tmp_path: Path) -> Iterator[Settings]:
    """A copy of the finished run that a test may change."""
    with copy_of(finished, server_home, tmp_path / ".terrakin") as copy:
        yield copy
