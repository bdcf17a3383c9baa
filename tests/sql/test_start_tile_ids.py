"""``api.start_tile_ids``: other tiles to start from."""

from typing import Any

import numpy as np
import psycopg

from tests.builders import make_city, make_tile
from tests.builders.rows import DIMENSION

THUMBNAIL = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) VALUES (%s, '\\x00')"
CONTINENTS = {"DE": "Europe", "KE": "Africa", "JP": "Asia"}


def vector(direction: int, more: float = 0.0) -> np.ndarray:
    """Return a vector near an axis."""
    found = np.zeros(DIMENSION, np.float32)
    found[direction], found[100 + direction] = 1, more
    return found


def start(conn: psycopg.Connection[Any], k: int = 4) -> list[int]:
    (tile_ids,) = conn.execute("SELECT api.start_tile_ids(%s)", (k,)).fetchone() or ([],)
    return list(tile_ids)


def test_an_empty_database_has_none(conn: psycopg.Connection[Any]) -> None:
    assert start(conn) == []


def test_they_lie_in_other_continents_and_differ_as_much_as_possible(conn: psycopg.Connection[Any]) -> None:
    # Each kind of place, an axis, is in two cities of a country, so that each has a match.
    kinds = {"DE": (0, 1), "KE": (2, 0), "JP": (1, 3)}
    tile_id = 0
    country_of = {}
    for country, axes in kinds.items():
        for city in range(4):
            tile_id += 1
            make_city(conn, tile_id, country_code=country, continent=CONTINENTS[country], is_synthetic=False)
            make_tile(conn, tile_id, city_id=tile_id, embedding=vector(axes[city // 2], 0.01 * tile_id))
            conn.execute(THUMBNAIL, (tile_id,))
            country_of[tile_id] = (country, axes[city // 2])
    (first,) = conn.execute("SELECT api.start_tile_id()").fetchone() or (0,)
    found = start(conn, 2)
    assert len(found) == 2
    assert len({country_of[tile][0] for tile in [first, *found]}) == 3
    assert len({country_of[tile][1] for tile in [first, *found]}) == 3
    more = start(conn, 5)
    assert more[:2] == found
    assert first not in more
    assert len(set(more)) == len(more)


def test_tiles_without_a_picture_or_of_the_other_origin_are_left_out(conn: psycopg.Connection[Any]) -> None:
    for tile_id, is_synthetic in ((1, False), (2, False), (3, False), (4, True), (5, True)):
        make_city(conn, tile_id, is_synthetic=is_synthetic)
        make_tile(conn, tile_id, city_id=tile_id, embedding=vector(0, 0.1 * tile_id))
        if tile_id != 3:
            conn.execute(THUMBNAIL, (tile_id,))
    (first,) = conn.execute("SELECT api.start_tile_id()").fetchone() or (0,)
    assert set(start(conn)) <= {1, 2} - {first}
