"""Fixtures for tests with servers that `make test` does not need: each is skipped where its server is missing."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.towns import TownDatabase, town_database


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Five synthetic towns of nine tiles each."""
    with town_database(server_home) as towns:
        yield towns
