"""``api.tile_at`` and the overview views."""

import psycopg

from tests.builders.world import build_world


def test_the_centre_of_a_tile_finds_it_or_one_that_covers_it(conn: psycopg.Connection) -> None:
    world = build_world(conn, 20, 4, seed=4)
    for r in range(20):
        (found,) = conn.execute("SELECT tile_id FROM api.tile_at(%s, %s)", (world.lon[r], world.lat[r])).fetchone()
        other = int((world.tile_ids == found).argmax())
        assert max(abs(world.lon[other] - world.lon[r]), abs(world.lat[other] - world.lat[r])) <= 0.01 + 1e-9


def test_a_position_without_a_tile_gives_no_row(conn: psycopg.Connection) -> None:
    build_world(conn, 5, 2, seed=5)
    assert conn.execute("SELECT * FROM api.tile_at(0, -89)").fetchall() == []


def test_the_tile_overview_has_every_tile_once_and_no_vector(conn: psycopg.Connection) -> None:
    world = build_world(conn, 20, 4, seed=6)
    cursor = conn.execute("SELECT * FROM api.tile_overview ORDER BY tile_id")
    rows = cursor.fetchall()
    assert [r[0] for r in rows] == sorted(world.tile_ids.tolist())
    assert not [c.name for c in cursor.description if "embedding" in c.name]


def test_the_city_overview_counts_tiles(conn: psycopg.Connection) -> None:
    world = build_world(conn, 20, 4, seed=7)
    counts = dict(conn.execute("SELECT city_id, n_tiles FROM api.city_overview").fetchall())
    assert counts == {c: int((world.city_ids == c).sum()) for c in range(1, 5)}


def test_the_etl_progress_counts_cities_by_status(conn: psycopg.Connection) -> None:
    build_world(conn, 4, 3, seed=8)
    for city_id, status in ((1, "done"), (2, "done"), (3, "failed")):
        conn.execute(
            "INSERT INTO terrakin.etl_tasks (city_id, period, stage, status) "
            "VALUES (%s, '[2024-06-01,2024-09-01)', 'embed', %s)",
            (city_id, status),
        )
    rows = conn.execute(
        "SELECT stage, n_cities, n_pending, n_running, n_done, n_failed FROM api.etl_progress"
    ).fetchall()
    assert rows == [("embed", 3, 0, 0, 2, 1)]
