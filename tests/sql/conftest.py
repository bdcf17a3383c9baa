"""A small random world that the tests of one module share."""

import psycopg
import pytest

from tests.builders.world import World, build_world


@pytest.fixture(scope="module")
def world(module_conn: psycopg.Connection) -> World:
    return build_world(module_conn, 200, 10, seed=11)
