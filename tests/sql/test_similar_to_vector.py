"""``api.similar_to_vector``: the search by vector."""

import psycopg
import pytest
from pgvector import Vector

from tests.builders.world import World


def test_the_vector_of_a_tile_finds_what_the_tile_finds(module_conn: psycopg.Connection, world: World) -> None:
    tile_id, city_id = int(world.tile_ids[2]), int(world.city_ids[2])
    columns = "rank, tile_id, city_id, similarity, distance_m"
    rows = module_conn.execute(
        f"SELECT {columns} FROM api.similar_to_vector(%s, exclude_city_ids => %s, exclude_tile_ids => %s, "  # noqa: S608
        "exclude_near => ST_SetSRID(ST_MakePoint(%s, %s), 4326), exclude_within_m => 10000, exact => true)",
        (Vector(world.vectors["mean"][2]), [city_id], [tile_id, None], world.lon[2], world.lat[2]),
    ).fetchall()
    expected = module_conn.execute(
        f"SELECT {columns} FROM api.similar_tiles(%s, exclude_within_m => 10000, exact => true)",  # noqa: S608
        (tile_id,),
    ).fetchall()
    assert rows == expected
    assert len(rows) == 20


def test_a_vector_has_no_city_and_no_position(module_conn: psycopg.Connection, world: World) -> None:
    rows = module_conn.execute(
        "SELECT tile_id, distance_m FROM api.similar_to_vector(%s, k => 1)", (Vector(world.vectors["mean"][2]),)
    ).fetchall()
    assert rows == [(int(world.tile_ids[2]), None)]


def test_an_empty_table_gives_no_rows(conn: psycopg.Connection) -> None:
    rows = conn.execute(
        "SELECT * FROM api.similar_to_vector((SELECT array_agg(1.0) FROM generate_series(1, 768))::vector)"
    )
    assert rows.fetchall() == []


def test_a_vector_of_the_wrong_dimension_raises(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="3 dimensions"):
        conn.execute("SELECT * FROM api.similar_to_vector('[1,2,3]')")


def test_a_zero_vector_raises(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="zero"):
        conn.execute("SELECT * FROM api.similar_to_vector((SELECT array_agg(0) FROM generate_series(1, 768))::vector)")
