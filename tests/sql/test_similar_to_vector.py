"""``api.similar_to_vector``: the search by vector."""

import numpy as np
import psycopg
import pytest
from pgvector import Vector

from tests.builders.world import World, build_world


def test_the_vector_of_a_tile_finds_what_the_tile_finds(module_conn: psycopg.Connection, world: World) -> None:
    tile_id, city_id = int(world.tile_ids[2]), int(world.city_ids[2])
    columns = "rank, tile_id, city_id, similarity, distance_m"
    rows = module_conn.execute(
        f"SELECT {columns} FROM api.similar_to_vector(%s, exclude_city_ids => %s, exclude_ids => %s, "  # noqa: S608
        "exclude_near => ST_SetSRID(ST_MakePoint(%s, %s), 4326), exclude_within_m => 10000, exact => true)",
        (Vector(world.vectors["mean"][2]), [city_id], [tile_id, None], world.lon[2], world.lat[2]),
    ).fetchall()
    expected = module_conn.execute(
        f"SELECT {columns} FROM api.similar_tiles(%s, exclude_within_m => 10000, exact => true)",  # noqa: S608
        (tile_id,),
    ).fetchall()
    assert [row[:3] for row in rows] == [row[:3] for row in expected]
    np.testing.assert_allclose([row[3:] for row in rows], [row[3:] for row in expected], rtol=1e-6)
    assert len(rows) == 20


def test_a_vector_has_no_city_and_no_position(module_conn: psycopg.Connection, world: World) -> None:
    rows = module_conn.execute(
        "SELECT tile_id, distance_m FROM api.similar_to_vector(%s, k => 1)", (Vector(world.vectors["mean"][2]),)
    ).fetchall()
    assert rows == [(int(world.tile_ids[2]), None)]


def test_a_vector_finds_tiles_of_any_origin(conn: psycopg.Connection) -> None:
    world = build_world(conn, 40, 4, seed=14, n_real=2)
    query = "SELECT tile_id FROM api.similar_to_vector(%s, k => 40, origin => %s)"
    for origin, eligible in (
        (None, world.is_synthetic | True),
        ("real", ~world.is_synthetic),
        ("synthetic", world.is_synthetic),
    ):
        rows = conn.execute(query, (Vector(world.vectors["mean"][2]), origin)).fetchall()
        assert [row[0] for row in rows] == world.ranked(world.unit("mean")[2], eligible, k=40)


@pytest.mark.parametrize("left_out", [None, "mean", "std"])
def test_mean_std_compares_both_halves_of_a_vector(
    module_conn: psycopg.Connection, world: World, left_out: str | None
) -> None:
    query = 3 * world.vectors["mean_std"][2]
    query[:768] *= left_out != "mean"
    query[768:] *= 0.4 * (left_out != "std")
    rows = module_conn.execute(
        "SELECT tile_id, similarity FROM api.similar_to_vector(%s, method => 'mean_std')", (Vector(query),)
    ).fetchall()
    unit = query / np.linalg.norm(query)
    assert [row[0] for row in rows] == world.ranked(unit, world.city_ids > 0, "mean_std")
    similarity = world.unit("mean_std") @ unit
    np.testing.assert_allclose([row[1] for row in rows], np.sort(similarity)[::-1][:20], atol=1e-6)


def test_an_empty_table_gives_no_rows(conn: psycopg.Connection) -> None:
    rows = conn.execute(
        "SELECT * FROM api.similar_to_vector((SELECT array_agg(1.0) FROM generate_series(1, 768))::vector)"
    )
    assert rows.fetchall() == []


def test_a_vector_of_the_wrong_dimension_raises(conn: psycopg.Connection) -> None:
    for vector, method, n_numbers in (("[1,2,3]", "mean", 768), ("[1,2,3]", "mean_std", 1536)):
        with (
            pytest.raises(psycopg.errors.InvalidParameterValue, match="3 dimensions") as raised,
            conn.transaction(),
        ):
            conn.execute("SELECT * FROM api.similar_to_vector(%s, method => %s)", (vector, method))
        assert f"{method} compares {n_numbers} numbers" in (raised.value.diag.message_hint or "")


def test_a_zero_vector_raises(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="zero"):
        conn.execute("SELECT * FROM api.similar_to_vector((SELECT array_agg(0) FROM generate_series(1, 768))::vector)")
