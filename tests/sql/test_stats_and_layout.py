"""``api.similarities``, ``api.umap_layout``, ``api.umap_points`` and ``api.stats``."""

from typing import Any

import numpy as np
import psycopg
import pytest

from tests.builders import make_city, make_tile
from tests.sql.worlds import build_world


def test_similarities_are_cosines_with_every_tile(conn: psycopg.Connection[Any]) -> None:
    world = build_world(conn, 30, 3, seed=1)
    rows = dict(conn.execute("SELECT * FROM api.similarities(%s)", (int(world.tile_ids[4]),)).fetchall())
    found = conn.execute("SELECT tile_id, embedding_mean FROM terrakin.tiles").fetchall()
    vectors = {tile_id: vector.to_numpy().astype(np.float64) for tile_id, vector in found}
    query = vectors[int(world.tile_ids[4])]
    for tile_id, vector in vectors.items():
        cosine = vector @ query / np.linalg.norm(vector) / np.linalg.norm(query)
        assert rows[tile_id] == pytest.approx(cosine, abs=1e-6)


def test_similarities_of_an_unknown_tile_or_method_are_refused(conn: psycopg.Connection[Any]) -> None:
    make_city(conn)
    make_tile(conn)
    with conn.transaction(), pytest.raises(psycopg.errors.NoDataFound), conn.transaction():
        conn.execute("SELECT * FROM api.similarities(9)")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown method"):
        conn.execute("SELECT * FROM api.similarities(1, 'guess')")


def test_a_layout_of_one_place_lies_at_the_origin_of_its_points(conn: psycopg.Connection[Any]) -> None:
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


def test_stats_tell_methods_and_neighbours_of_now(conn: psycopg.Connection[Any]) -> None:
    make_city(conn)
    make_tile(conn)
    conn.execute("INSERT INTO terrakin.tile_aggregates SELECT tile_id, 'min', embedding_mean FROM terrakin.tiles")
    conn.execute("INSERT INTO terrakin.tile_neighbours SELECT 1, version, '{}' FROM terrakin.tiles_version")
    (stats,) = conn.execute("SELECT api.stats()").fetchone() or ({},)
    assert {m["method"]: m["n_tiles"] for m in stats["by_method"]} == {
        "mean": 1, "dominant": 1, "median": 0, "min": 1, "max": 0
    }  # fmt: skip
    assert stats["n_tiles_with_neighbours"] == 1
    make_tile(conn, 2)
    (stats,) = conn.execute("SELECT api.stats()").fetchone() or ({},)
    assert (stats["n_tiles"], stats["n_tiles_with_neighbours"]) == (2, 0)
