"""``api.tile_thumbnail``."""

from typing import Any

import psycopg

from tests.builders import make_city, make_tile


def test_a_thumbnail_is_returned_unchanged(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    make_tile(conn, 1)
    conn.execute("INSERT INTO terrakin.tile_thumbnails VALUES (1, 'picture')")
    assert conn.execute("SELECT api.tile_thumbnail(1), api.tile_thumbnail(2)").fetchone() == (b"picture", None)
    assert conn.execute("SELECT has_thumbnail FROM api.tile_overview").fetchall() == [(True,)]
