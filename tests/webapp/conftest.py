"""A database with the synthetic towns, and the app over it."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient

from tests.builders.towns import TOWNS, TownDatabase, town_database
from webapp import create_app
from webapp.database import EXTENSION


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Five synthetic towns of nine tiles each, see towns.py. Read-only."""
    with town_database(server_home) as towns:
        yield towns


@pytest.fixture(scope="session")
def app(towns: TownDatabase) -> Iterator[APIFlask]:
    """One app for the session, without rate limits."""
    app = create_app(replace(towns.settings, rate_limit="none"))
    yield app
    app.extensions[EXTENSION].close()


@pytest.fixture
def client(app: APIFlask) -> FlaskClient:
    return app.test_client()


@pytest.fixture
def tile_id(towns: TownDatabase) -> int:
    """The first harbour tile of the first town."""
    return towns.tile_of(TOWNS[0].city_id, "harbour")
