"""The command line ``terrakin sets`` over an empty database."""

import os
import subprocess
from collections.abc import Callable
from typing import Any

import pytest

from db.connect import connect
from db.settings import Settings
from tests.etl.conftest import InThisProcess
from tests.real.conftest import real_data

Terrakin = Callable[..., subprocess.CompletedProcess[str]]
Rows = Callable[..., list[Any]]


@pytest.fixture
def terrakin(database: Settings) -> Terrakin:
    """Runs ``terrakin`` with arguments of any type."""
    run = InThisProcess(os.environ | {"DATABASE_URL": database.database_url or ""})
    return lambda *arguments: run(*map(str, arguments))


@pytest.fixture
def rows(database: Settings) -> Rows:
    """Returns the rows of a query."""

    def read(query: Any, *parameters: Any) -> list[Any]:
        with connect(database) as conn:
            return conn.execute(query, parameters).fetchall()

    return read


def failure(answer: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a command that failed."""
    assert answer.returncode == 1, answer.stderr
    lines = [line for line in answer.stderr.splitlines() if "terrakin: error:" in line]
    assert len(lines) == 1, answer.stderr
    return lines[0].split("terrakin: error: ")[1]


__all__ = ["Rows", "Terrakin", "failure", "real_data"]
