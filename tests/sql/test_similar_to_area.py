"""``api.similar_to_area`` against the mean of its tiles in NumPy."""

import numpy as np
import psycopg
import pytest

from tests.builders.world import World, build_world


def test_the_query_is_the_mean_of_the_tiles_in_the_area(module_conn: psycopg.Connection, world: World) -> None:
    inside = world.city_ids == world.city_ids[0]
    lon, lat = world.lon[inside], world.lat[inside]
    edges = (lon.min() - 0.01, lat.min() - 0.01, lon.max() + 0.01, lat.max() + 0.01)
    inside = (world.lon >= edges[0]) & (world.lon <= edges[2]) & (world.lat >= edges[1]) & (world.lat <= edges[3])
    query = world.unit("mean")[inside].mean(axis=0)
    eligible = ~inside & ~np.isin(world.city_ids, world.city_ids[inside])
    rows = module_conn.execute(
        "SELECT tile_id, distance_m FROM api.similar_to_area(ST_MakeEnvelope(%s, %s, %s, %s, 4326), exact => true)",
        edges,
    ).fetchall()
    assert [row[0] for row in rows] == world.ranked(query, eligible)
    assert min(row[1] for row in rows) > 0


ORIGINS = """
    SELECT array_agg(DISTINCT o.is_synthetic)
    FROM api.similar_to_area((SELECT ST_Union(footprint) FROM api.tile_overview WHERE city_id = ANY (%s)), k => 60) AS s
    JOIN api.tile_overview AS o ON o.tile_id = s.tile_id
"""


def test_an_area_of_mixed_origin_finds_tiles_of_any(conn: psycopg.Connection) -> None:
    build_world(conn, 60, 6, seed=13, n_real=3)
    for city_ids, origins in (([1], [False]), ([5], [True]), ([1, 5], [False, True])):
        assert conn.execute(ORIGINS, (city_ids,)).fetchone() == (origins,)


def test_tiles_of_unknown_date_are_in_no_period(conn: psycopg.Connection) -> None:
    world = build_world(conn, 60, 6, seed=13, n_undated=5)
    everywhere = "api.similar_to_area(ST_MakeEnvelope(-170, -80, 175, 80, 4326), exclude_same_city => false"
    dated = "[2024-06-01,2024-07-01)"
    assert conn.execute(f"SELECT count(*) FROM {everywhere}, period => %s)", (dated,)).fetchone() == (0,)  # type: ignore[arg-type] # noqa: S608
    with conn.transaction(force_rollback=True):
        conn.execute("DELETE FROM terrakin.tiles WHERE city_id = 1")
        with pytest.raises(psycopg.errors.NoDataFound):
            conn.execute(f"SELECT count(*) FROM {everywhere}, period => %s)", (dated,))  # type: ignore[arg-type] # noqa: S608
    assert not world.is_date_known.all()


@pytest.mark.parametrize(
    ("call", "error", "value"),
    [
        ("similar_to_area(ST_MakeEnvelope(0, -89.5, 1, -89, 4326))", psycopg.errors.NoDataFound, "query_area"),
        ("similar_to_area(ST_MakeEnvelope(0, 0, 1, 1, 3857))", psycopg.errors.InvalidParameterValue, "SRID 3857"),
        ("similar_to_area(NULL::geometry)", psycopg.errors.InvalidParameterValue, "SRID NULL"),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection, world: World, call: str, error: type[psycopg.Error], value: str
) -> None:
    with pytest.raises(error, match=value) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT * FROM api.{call}")  # noqa: S608
    assert raised.value.diag.message_hint
