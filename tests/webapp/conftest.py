"""The towns in a database of their own, and the app over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.webapp.towns import TownDatabase, town_database
from webapp import create_app
from webapp.database import EXTENSION


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Read-only for tests: five synthetic towns of nine tiles, see towns.py."""
    with town_database(server_home) as towns:
        yield towns


@pytest.fixture
def app(towns: TownDatabase) -> Iterator[APIFlask]:
    app = create_app(towns.settings)
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()
