"""Fixtures that every test may use: a real PostgreSQL cluster of the session's own, and databases in it.

- ``server_home``: home of a private cluster that lives for the session. Also where the tests run as root.
- ``database``: Settings of a migrated, empty database of the test's own (a clone, dropped afterwards). All roles
  work: ``connect(database, "etl")``.
- ``conn``: an owner's connection to a migrated, empty database, rolled back after the test.
- ``module_conn``: the same for all tests of a module.
- ``blank_database``: Settings of a database in which nothing is, not even PostGIS.
- ``empty_home``: a folder for a private cluster of the test's own; stopped and deleted afterwards.
- ``browser``: Debian's Chromium, without a window. One for all: Playwright runs once in a process.

``cloned_database(server_home)`` is a context manager with the URL of one more clone; tests/builders.py makes rows.
"""

import itertools
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql

from db import cluster
from db.connect import register_types
from db.migrate import migrate
from db.settings import Settings
from tests.chromium import CHROMIUM, FLAGS

# Busy machines are slow: how long an example takes is no fault.
hypothesis.settings.register_profile("terrakin", deadline=None)
hypothesis.settings.load_profile("terrakin")

TEMPLATE = "migrated"
BLANK = "template0"
_numbers = itertools.count(1)


@contextmanager
def temporary_home() -> Iterator[Path]:
    """A folder that the server's user can reach; a cluster that runs in it is stopped, and all its files deleted."""
    home = Path(tempfile.mkdtemp(prefix="terrakin-test-"))
    home.chmod(0o711)
    try:
        yield home
    finally:
        remove_cluster(home)


def remove_cluster(home: Path) -> None:
    """Stop the cluster of ``home`` and delete all its files, wherever they lie."""
    paths = cluster.locate(home)
    cluster.stop(home)
    for folder in (paths.base, paths.socket_dir, home):
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def cloned_database(home: Path, template: str = TEMPLATE) -> Iterator[str]:
    """URL of a copy of the migrated template database (or of another one), dropped at the end."""
    address = cluster.running(home)
    assert address is not None
    name = f"test_{next(_numbers)}"
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as server:
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {}")
        server.execute(create.format(sql.Identifier(name), sql.Identifier(template)))
        try:
            yield address.url(database=name)
        finally:
            server.execute(sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name)))


@pytest.fixture
def empty_home() -> Iterator[Path]:
    with temporary_home() as home:
        yield home


@pytest.fixture(scope="session")
def server_home() -> Iterator[Path]:
    with temporary_home() as home:
        address = cluster.start(home)
        with psycopg.connect(address.url(database="postgres"), autocommit=True) as server:
            server.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(TEMPLATE)))
        migrate(Settings(home, database_url=address.url(database=TEMPLATE)))
        yield home


@pytest.fixture
def database(server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    with cloned_database(server_home) as url:
        yield Settings(tmp_path / ".terrakin", database_url=url)


@pytest.fixture
def blank_database(server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    with cloned_database(server_home, BLANK) as url:
        yield Settings(tmp_path / ".terrakin", database_url=url)


@pytest.fixture
def conn(server_home: Path) -> Iterator[psycopg.Connection[Any]]:
    with cloned_database(server_home) as url:
        yield from _rolled_back(url)


@pytest.fixture(scope="module")
def module_conn(server_home: Path) -> Iterator[psycopg.Connection[Any]]:
    with cloned_database(server_home) as url:
        yield from _rolled_back(url)


def _rolled_back(url: str) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(url) as conn:
        register_types(conn)
        conn.commit()
        yield conn
        conn.rollback()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (Debian's package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()
