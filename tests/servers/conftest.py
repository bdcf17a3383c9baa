"""Fixtures for tests with servers that `make test` does not need: each is skipped where its server is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from benchmarks.web.martin import running_martin
from tests.builders.towns import TownDatabase, town_database
from tests.servers.martin import PROGRAM


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Five synthetic towns of nine tiles each."""
    with town_database(server_home) as towns:
        yield towns


@pytest.fixture(scope="session")
def martin(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the vector tiles of a running Martin."""
    assert PROGRAM
    log = tmp_path_factory.mktemp("martin") / "log"
    with running_martin(PROGRAM, str(towns.settings.database_url), log) as address:
        yield f"{address}/tiles"
