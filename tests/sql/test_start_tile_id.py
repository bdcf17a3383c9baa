"""``api.start_tile_id``: the tile that the map opens with."""

from typing import Any

import psycopg

from tests.builders import make_city, make_tile

CLOUD = "UPDATE terrakin.tiles SET valid_share = 0.6 WHERE tile_id = %s"
THUMBNAIL = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) VALUES (%s, '\\x00')"


def start(conn: psycopg.Connection[Any]) -> int | None:
    (tile_id,) = conn.execute("SELECT api.start_tile_id()").fetchone() or (None,)
    return tile_id


def test_it_is_a_real_whole_tile_with_a_picture(conn: psycopg.Connection[Any]) -> None:
    assert start(conn) is None
    make_city(conn, 1)
    make_tile(conn, 1)
    assert start(conn) == 1
    make_city(conn, 2, is_synthetic=False)
    for tile_id in (2, 3, 4):
        make_tile(conn, tile_id, city_id=2)
    assert start(conn) == 2
    conn.execute(CLOUD, (2,))
    assert start(conn) == 3
    for tile_id in (1, 2, 4):
        conn.execute(THUMBNAIL, (tile_id,))
    assert start(conn) == 4


def test_it_has_the_richest_picture_among_the_whole_tiles(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1, is_synthetic=False)
    for tile_id, n_bytes, valid_share in ((1, 10, 1), (2, 30, 0.6), (3, 20, 0.97)):
        make_tile(conn, tile_id)
        conn.execute("UPDATE terrakin.tiles SET valid_share = %s WHERE tile_id = %s", (valid_share, tile_id))
        picture = {"tile_id": tile_id, "webp": bytes(n_bytes)}
        conn.execute("INSERT INTO terrakin.tile_thumbnails VALUES (%(tile_id)s, %(webp)s)", picture)
    assert start(conn) == 3
