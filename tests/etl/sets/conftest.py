"""The command line ``terrakin sets`` over an empty database."""

import os
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from db.connect import connect
from db.settings import Settings
from tests.etl.conftest import InThisProcess
from tests.file_server import Behaviour, served
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


VECTORS_OF = """
    SELECT i.embedding
    FROM terrakin.imported_items AS i
    JOIN terrakin.imported_sets AS s USING (imported_set_id)
    WHERE s.name = %s
    ORDER BY i.item_id
"""


def assert_read_in_place(terrakin: Terrakin, rows: Rows, file: Path, query: str, area: Path) -> Behaviour:
    """Check that a file, and the same file on a server, give the same vectors, and a second import nothing to do.

    Args:
        terrakin: the command line.
        rows: reads the database.
        file: the file or store.
        query: what follows its name in the address.
        area: GeoJSON of the area.

    Returns:
        What the server was asked for.
    """
    assert terrakin("sets", "import", file, "--name", "disk", "--area", area).returncode == 0
    behaviour = Behaviour()
    with served(file.parent, behaviour) as address:
        command = ("sets", "import", f"{address}/{file.name}{query}", "--name", "address", "--area", area)
        answer = terrakin(*command)
        assert answer.returncode == 0, answer.stderr
        assert "nothing to do" in terrakin(*command).stderr
    on_disk, behind_address = ([v.to_list() for (v,) in rows(VECTORS_OF, name)] for name in ("disk", "address"))
    assert on_disk
    assert on_disk == behind_address
    return behaviour


def failure(answer: subprocess.CompletedProcess[str]) -> str:
    """Return the one line of a command that failed."""
    assert answer.returncode == 1, answer.stderr
    lines = [line for line in answer.stderr.splitlines() if "terrakin: error:" in line]
    assert len(lines) == 1, answer.stderr
    return lines[0].split("terrakin: error: ")[1]


__all__ = ["Rows", "Terrakin", "failure", "real_data"]
