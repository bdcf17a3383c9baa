"""Fixtures that every test may use: a real PostgreSQL cluster of the session's own, and databases in it.

- ``server_home``: home of a private cluster that lives for the session.
- ``database``: Settings of a migrated, empty database of the test's own (a clone, dropped afterwards).
- ``conn``: an owner's connection to a migrated, empty database, rolled back after the test.
- ``module_conn``: the same for all tests of a module.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import cluster, cluster_files
from db.connect import register_types
from db.migrate import migrate
from db.settings import Settings

TEMPLATE = "migrated"
_numbers = itertools.count(1)


def remove_cluster(home: Path) -> None:
    """Stop the cluster of ``home`` and delete all its files, wherever they lie."""
    files = cluster_files.locate(home)
    cluster.stop(home)
    for folder in (files.base, files.socket_dir, home):
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture
def empty_home() -> Iterator[Path]:
    """A folder for a private cluster of the test's own; what runs there afterwards is stopped and deleted."""
    home = Path(tempfile.mkdtemp(prefix="terrakin-test-"))
    home.chmod(0o711)
    yield home
    remove_cluster(home)


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    home = Path(tempfile.mkdtemp(prefix="terrakin-test-"))
    home.chmod(0o711)
    address = cluster.start(home)
    _execute(address, f"CREATE DATABASE {TEMPLATE}")
    migrate(Settings(home, database_url=address.url(database=TEMPLATE)))
    yield home
    remove_cluster(home)


@pytest.fixture
def database(server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    with _clone(server_home) as url:
        yield Settings(tmp_path / ".terrakin", database_url=url)


@pytest.fixture
def conn(server_home: Path) -> Iterator[psycopg.Connection[Any]]:
    with _clone(server_home) as url:
        yield from _rolled_back(url)


@pytest.fixture(scope="module")
def module_conn(server_home: Path) -> Iterator[psycopg.Connection[Any]]:
    with _clone(server_home) as url:
        yield from _rolled_back(url)


@contextmanager
def _clone(home: Path) -> Iterator[str]:
    """URL of a copy of the migrated template database, dropped at the end."""
    address = cluster.running(home)
    assert address is not None
    name = f"test_{next(_numbers)}"
    _execute(address, f"CREATE DATABASE {name} TEMPLATE {TEMPLATE}")
    yield address.url(database=name)
    _execute(address, f"DROP DATABASE {name} WITH (FORCE)")


def _rolled_back(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url) as conn:
        register_types(conn)
        conn.commit()
        yield conn
        conn.rollback()


def _execute(address: cluster.Address, statement: str) -> None:
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute(statement)  # type: ignore[call-overload]
