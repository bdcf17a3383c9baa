"""The towns in a database of their own, and the app over it."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from db.connect import connect
from db.settings import Settings
from tests.conftest import _clone as cloned_database
from tests.webapp.towns import TownDatabase, build_towns
from webapp import create_app
from webapp.database import EXTENSION


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Read-only for tests: five synthetic towns of nine tiles, see towns.py."""
    with cloned_database(server_home) as url:
        settings = Settings(server_home / "web", database_url=url)
        with connect(settings) as conn:
            tiles = build_towns(conn)
        yield TownDatabase(settings, tiles)


@pytest.fixture
def app(towns: TownDatabase) -> Iterator[APIFlask]:
    app = create_app(towns.settings)
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()
