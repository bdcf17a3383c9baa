"""A tiny demo catalogue, and the real command line run over it as its users do."""

import os
import subprocess
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import pytest

from etl.demo.catalogue import DemoCatalogue, build_catalogue
from etl.demo.towns import TINY_TOWNS

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
        out, err = process.communicate(timeout=300)
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
