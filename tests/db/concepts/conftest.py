"""A committed database of the towns that a test may change."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.builders.towns import TownDatabase, town_database


@pytest.fixture
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Five synthetic towns of nine tiles each, see towns.py."""
    with town_database(server_home) as towns:
        yield towns
