"""``api.similarity`` against NumPy."""

import psycopg
import pytest

from tests.builders.world import METHODS, World


def test_similarity_is_the_cosine_of_the_two_tiles(module_conn: psycopg.Connection, world: World) -> None:
    for method in METHODS:
        (value,) = module_conn.execute(
            "SELECT api.similarity(%s, %s, %s)", (int(world.tile_ids[0]), int(world.tile_ids[7]), method)
        ).fetchone()
        assert value == pytest.approx(world.similarity(0, method)[7], abs=1e-6)
