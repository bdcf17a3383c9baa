"""``api.umap_layout`` and ``api.umap_points``."""

from typing import Any

import psycopg

from tests.builders import make_city, make_tile


def test_the_points_of_a_layout_without_extent_are_at_the_origin(conn: psycopg.Connection[Any]) -> None:
    make_city(conn)
    for tile_id in (1, 2):
        make_tile(conn, tile_id)
    assert conn.execute("SELECT * FROM api.umap_layout()").fetchall() == []
    assert conn.execute("SELECT * FROM api.umap_points()").fetchall() == []
    conn.execute("UPDATE terrakin.tiles SET umap_x = 3, umap_y = -4")
    assert conn.execute("SELECT n_tiles, bounds, city_ids FROM api.umap_layout()").fetchone() == (
        2,
        [3, -4, 3, -4],
        [1],
    )
    assert conn.execute("SELECT * FROM api.umap_points()").fetchall() == [(1, 0, 0, 0), (2, 0, 0, 0)]
