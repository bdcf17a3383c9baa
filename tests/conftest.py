"""Fixtures for all tests: a real PostgreSQL cluster per session, and databases in it.

- ``server_home``: home of a private cluster that runs for the session, also where the tests run as root.
- ``database``: Settings of a migrated, empty database for one test (a clone, dropped afterwards). All roles work:
  ``connect(database, "etl")``.
- ``conn``: the owner's connection to a migrated, empty database, rolled back after the test. Most tests of a process
  share this database, which is much faster than a clone each; a test that commits takes ``database``.
- ``module_conn``: the same for all tests of a module.
- ``blank_database``: Settings of an empty database, without PostGIS.
- ``empty_home``: an empty folder for a private cluster; the cluster is stopped and deleted afterwards.
- ``interruptible``: SIGINT raises KeyboardInterrupt.
- ``browser``: Debian's Chromium, headless. One per session, because Playwright runs only once per process.

``cloned_database(server_home)`` is a context manager with the URL of one more clone; tests/builders.py inserts rows.
"""

import gc
import itertools
import os
import shutil
import signal
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import hypothesis
import psycopg
import pytest
from playwright.sync_api import Browser, sync_playwright
from psycopg import sql
from xdist.scheduler import LoadFileScheduling

from db import cluster
from db.connect import register_types
from db.install.migrate import migrate
from db.settings import Settings
from tests.chromium import CHROMIUM, FLAGS

# On a busy machine an example may take long: that is not a failure.
hypothesis.settings.register_profile("terrakin", deadline=None)
hypothesis.settings.load_profile("terrakin")

# A hundred ports for the clusters of this process: another pytest process could take a port between the stop and the
# next start of a cluster. Processes that start together have neighbouring process ids.
os.environ["TERRAKIN_FIRST_PORT"] = str(10_000 + os.getpid() % 200 * 100)

TEMPLATE = "migrated"
BLANK = "template0"
FAST = ("ALTER SYSTEM SET fsync = off", "ALTER SYSTEM SET full_page_writes = off", "SELECT pg_reload_conf()")
"""The cluster of the tests does not outlive them, so nothing waits for the disk. Clusters in ``empty_home`` do."""
SLOW_FIRST = (
    "tests/etl/test_",
    "tests/etl/tasks/",
    "tests/etl/imagery/",
    "tests/etl/encoders/",
    "tests/etl/evaluation/",
    "tests/etl/",
    "tests/real/",
    "tests/browser/",
    "tests/db/",
    "tests/webapp/",
)
"""Order of the files. Files with few long tests run first, so that all processes of `make test` end together."""
ONE_PROCESS = {
    "tests/etl/encoders/test_onnx_export.py": "terramind",
    "tests/etl/encoders/test_selection.py": "terramind",
    "tests/etl/encoders/test_terramind.py": "terramind",
    "tests/etl/encoders/test_terramind_onnx.py": "terramind",
    "tests/real/test_encoders.py": "terramind",
    "tests/real/test_onnx.py": "terramind",
    "tests/real/test_pipeline.py": "terramind",
    "tests/etl/stages/test_layout.py": "umap",
    "tests/etl/vectors/test_umap_layout.py": "umap",
}
"""Files that run in the same process: they share a network and its export, or UMAP, compiled once per process."""
ONE_RENDERER = "--renderer-process-limit=1"
"""The pages of a context share a process."""
N_SLOWEST = 10
MANY = 100
_numbers = itertools.count(1)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the files with the longest tests first."""
    items.sort(key=_rank)


def pytest_collection_finish() -> None:
    """Exempt the tests and what they import from garbage collection, which would take a twentieth of the time."""
    gc.collect()
    gc.freeze()


def _rank(item: pytest.Item) -> int:
    return next((i for i, prefix in enumerate(SLOW_FIRST) if item.nodeid.startswith(prefix)), len(SLOW_FIRST))


class FileScheduling(LoadFileScheduling):
    """Runs the tests of a file, and the files of a group of ONE_PROCESS, in the same process."""

    def _split_scope(self, nodeid: str) -> str:
        file = str(super()._split_scope(nodeid))
        return ONE_PROCESS.get(file, file)


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> FileScheduling | None:
    """Return the scheduler of ``--dist loadfile``."""
    return FileScheduling(config, log) if config.getoption("dist") == "loadfile" else None


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> Iterator[None]:
    """After a run of many tests, print the slowest ones last, below the reasons of skipped and failed tests."""
    yield
    seconds: Counter[str] = Counter()
    for reports in terminalreporter.stats.values():
        for report in reports:
            if isinstance(report, pytest.TestReport):
                seconds[report.nodeid] += report.duration  # type: ignore[assignment]
    if len(seconds) > MANY:
        terminalreporter.section(f"{N_SLOWEST} slowest tests")
        for name, duration in seconds.most_common(N_SLOWEST):
            terminalreporter.line(f"{duration:7.1f} s  {name}")


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Yield a folder that the server's user can enter; then stop the cluster in it and delete all files."""
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
    """Yield the URL of a copy of the migrated template database (or another one), dropped at the end."""
    address = cluster.running(home)
    assert address is not None
    name = f"test_{next(_numbers)}"
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as server:
        # The default, page by page through the write-ahead log, makes CREATE and DROP DATABASE slower.
        create = sql.SQL("CREATE DATABASE {} TEMPLATE {} STRATEGY file_copy")
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
            for fast in FAST:
                server.execute(sql.SQL(fast))
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


@pytest.fixture(scope="session")
def shared_database(server_home: Path) -> Iterator[str]:
    """URL of a migrated database in which nothing is ever committed."""
    with cloned_database(server_home) as url:
        yield url


@pytest.fixture
def conn(shared_database: str) -> Iterator[psycopg.Connection[Any]]:
    yield from _rolled_back(shared_database)


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
        if conn.execute("SELECT FROM terrakin.countries").fetchone() is not None:
            conn.execute("TRUNCATE terrakin.countries CASCADE")
            conn.commit()
            pytest.fail("the test has committed rows; use the fixture `database`")


@pytest.fixture
def interruptible() -> Iterator[None]:
    """SIGINT raises KeyboardInterrupt, although the background jobs of a shell ignore it."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (Debian's package chromium-headless-shell)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, ONE_RENDERER])
        yield browser
        browser.close()
