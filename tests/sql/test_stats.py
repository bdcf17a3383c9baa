"""``api.stats``."""

from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.store import Items, read_set, write_keys
from tests.builders import build_world, make_city, make_tile


def test_methods_and_blocks_are_counted(conn: psycopg.Connection[Any]) -> None:
    make_city(conn)
    make_tile(conn)
    conn.execute("INSERT INTO terrakin.tile_aggregates SELECT tile_id, 'min', embedding_mean FROM terrakin.tiles")
    vector = np.ones((3, 768), np.float32)
    blocks = Items(np.arange(64, 67), np.ones(3, int), np.ones(3, np.float32), np.zeros((3, 2)), vector)
    write_keys(conn, read_set(conn, "block", "mean"), blocks)
    (stats,) = conn.execute("SELECT api.stats()").fetchone() or ({},)
    assert {m["method"]: m["n_tiles"] for m in stats["by_method"]} == {
        "mean": 1, "dominant": 1, "median": 0, "min": 1, "max": 0, "std": 0, "mean_std": 0
    }  # fmt: skip
    assert (stats["n_tiles"], stats["n_blocks"]) == (1, 3)


def test_synthetic_tiles_and_unknown_dates_are_counted(conn: psycopg.Connection[Any]) -> None:
    world = build_world(conn, 40, 4, seed=1, n_real=1, n_undated=2)
    (stats,) = conn.execute("SELECT api.stats()").fetchone() or ({},)
    assert stats["n_synthetic_tiles"] == world.is_synthetic.sum() < stats["n_tiles"]
    assert {p["period"]: p["n_tiles"] for p in stats["periods"]} == {
        "2024-06-01/2024-08-31": world.is_date_known.sum(),
        "date unknown": (~world.is_date_known).sum(),
    }
