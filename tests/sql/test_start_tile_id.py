"""``api.start_tile_id``: the tile that the map opens with."""

from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.tile_keys import add_tile_keys
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


def test_it_is_most_similar_to_a_tile_of_another_city(conn: psycopg.Connection[Any]) -> None:
    """Tiles 2 and 3 are alike, 1 less so; an invalid part of 2 counts. The synthetic 4 and 5 are equal."""
    for tile_id, city_id, is_synthetic, direction in (
        (1, 1, False, (1, 0.5, 0)),
        (2, 2, False, (0, 1, 0)),
        (3, 3, False, (0, 0.9, 0.1)),
        (4, 4, True, (0, 0, 1)),
        (5, 5, True, (0, 0, 1)),
    ):
        make_city(conn, city_id, is_synthetic=is_synthetic)
        make_tile(conn, tile_id, city_id=city_id, embedding=np.array([*direction, *np.zeros(765)]))
    assert start(conn) == 2
    for valid_share, expected in ((0.6, 3), (0.05, 1)):
        conn.execute("UPDATE terrakin.tiles SET valid_share = %s WHERE tile_id = 2", (valid_share,))
        add_tile_keys(conn)
        assert start(conn) == expected
