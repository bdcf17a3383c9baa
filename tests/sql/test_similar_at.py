"""``api.similar_at``: the search by position."""

import psycopg
import pytest

from tests.builders.world import World


def test_it_is_similar_tiles_of_the_tile_at_the_position(module_conn: psycopg.Connection, world: World) -> None:
    lon, lat = float(world.lon[3]), float(world.lat[3])
    (tile,) = module_conn.execute("SELECT tile_id FROM api.tile_at(%s, %s)", (lon, lat)).fetchone()
    there = module_conn.execute(
        "SELECT * FROM api.similar_at(%s, %s, k => 7, max_per_city => 1, exact => true)", (lon, lat)
    ).fetchall()
    by_id = module_conn.execute(
        "SELECT * FROM api.similar_tiles(%s, k => 7, max_per_city => 1, exact => true)", (tile,)
    ).fetchall()
    assert there == by_id
    assert len(there) == 7


def test_a_position_without_a_tile_raises(module_conn: psycopg.Connection, world: World) -> None:
    with pytest.raises(psycopg.errors.NoDataFound, match="no tile at lon 0, lat -89"), module_conn.transaction():
        module_conn.execute("SELECT * FROM api.similar_at(0, -89)")
