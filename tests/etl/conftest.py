"""A tiny demo catalogue, and the real command line run over it as its users do."""

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from etl.demo.catalogue import DemoCatalogue, build_catalogue
from etl.demo.towns import TINY_TOWNS
from tests.conftest import cloned_database
from tests.etl.tables import tables

PERIOD = "2024-06-01/2024-08-31"
N_DAYS = 3


@dataclass(frozen=True)
class CommandLine:
    """``terrakin`` in a home and with a database of the test's own."""

    environment: dict[str, str]

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        """In a session of its own, so that it can be killed with all its children."""
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


@pytest.fixture
def command_line() -> Callable[..., CommandLine]:
    """Makes a CommandLine from a home and (for an external server) a database URL."""

    def make(home: Path, database_url: str = "") -> CommandLine:
        environment = os.environ | {"TERRAKIN_HOME": str(home), "DATABASE_URL": database_url, "COLUMNS": "200"}
        return CommandLine(environment)

    return make


@pytest.fixture(scope="session")
def tiny_demo(tmp_path_factory: pytest.TempPathFactory) -> DemoCatalogue:
    """Three towns of four tiles, three days each. Read only."""
    return build_catalogue(tmp_path_factory.mktemp("demo") / "tiny", TINY_TOWNS, N_DAYS)


def run_arguments(demo: DemoCatalogue, *more: str) -> list[str]:
    """The arguments of ``terrakin etl run`` over a demo."""
    return [
        "etl", "run", "--stac", str(demo.catalogue), "--cities", str(demo.cities), "--period", PERIOD, *more,
    ]  # fmt: skip


def lines_until(process: subprocess.Popen[str], wanted: str) -> Iterator[str]:
    """Lines of a process's stderr up to the one that has the wanted text; fails where it ends before."""
    assert process.stderr is not None
    for line in process.stderr:
        yield line
        if wanted in line:
            return
    pytest.fail(f"the run ended before {wanted!r}")


@pytest.fixture(scope="session")
def undisturbed(
    server_home: Path, tmp_path_factory: pytest.TempPathFactory, tiny_demo: DemoCatalogue
) -> dict[str, list[str]]:
    """Tables of one run over the tiny demo that nothing disturbed, in a database of its own."""
    with cloned_database(server_home) as url:
        environment = os.environ | {"TERRAKIN_HOME": str(tmp_path_factory.mktemp("undisturbed")), "DATABASE_URL": url}
        done = CommandLine(environment)(*run_arguments(tiny_demo))
        assert done.returncode == 0, done.stderr
        with psycopg.connect(url) as conn:
            return tables(conn)
