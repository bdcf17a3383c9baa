"""``api.similarities`` against NumPy."""

from typing import Any

import numpy as np
import psycopg
import pytest

from tests.builders import make_city, make_tile
from tests.builders.world import METHODS, build_world


def test_every_tile_has_its_cosine(conn: psycopg.Connection[Any]) -> None:
    world = build_world(conn, 30, 3, seed=1)
    rows = dict(conn.execute("SELECT * FROM api.similarities(%s)", (int(world.tile_ids[4]),)).fetchall())
    found = conn.execute("SELECT tile_id, embedding_mean FROM terrakin.tiles").fetchall()
    vectors = {tile_id: vector.to_numpy().astype(np.float64) for tile_id, vector in found}
    query = vectors[int(world.tile_ids[4])]
    for tile_id, vector in vectors.items():
        cosine = vector @ query / np.linalg.norm(vector) / np.linalg.norm(query)
        assert rows[tile_id] == pytest.approx(cosine, abs=1e-6)


@pytest.mark.parametrize("method", METHODS)
def test_every_method_is_compared(conn: psycopg.Connection[Any], method: str) -> None:
    world = build_world(conn, 20, 3, seed=1)
    rows = dict(conn.execute("SELECT * FROM api.similarities(%s, %s)", (int(world.tile_ids[4]), method)).fetchall())
    np.testing.assert_allclose([rows[i] for i in world.tile_ids.tolist()], world.similarity(4, method), atol=1e-6)


def test_an_unknown_tile_or_method_raises(conn: psycopg.Connection[Any]) -> None:
    make_city(conn)
    make_tile(conn)
    with conn.transaction(), pytest.raises(psycopg.errors.NoDataFound), conn.transaction():
        conn.execute("SELECT * FROM api.similarities(9)")
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="unknown method"):
        conn.execute("SELECT * FROM api.similarities(1, 'guess')")
