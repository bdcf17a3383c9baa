"""``api.matching_blocks`` against NumPy."""

from typing import Any

import numpy as np
import psycopg
import pytest

from db.embedding_sets.basis import unit_vectors
from db.embedding_sets.store import Items, read_set, write_keys
from tests.builders import build_world

N_BLOCKS = 5


@pytest.fixture(scope="module")
def keys(module_conn: psycopg.Connection[Any]) -> dict[int, np.ndarray]:
    """Add five blocks to each of two tiles, and return the unit vector of each block."""
    world = build_world(module_conn, 60, 3, seed=9)
    vectors = np.random.default_rng(4).normal(size=(2 * N_BLOCKS, world.vectors["mean"].shape[1])).astype("float32")
    ids = np.concatenate([(world.tile_ids[i] << 6) + np.arange(N_BLOCKS) for i in (0, 1)])
    rows = np.repeat([0, 1], N_BLOCKS)
    locations = np.column_stack([world.lon[rows], world.lat[rows]])
    write_keys(
        module_conn,
        read_set(module_conn, "block", "mean"),
        Items(ids, world.city_ids[rows], np.ones(len(ids)), locations, vectors),
    )
    return dict(zip(ids.tolist(), unit_vectors(vectors), strict=True))


@pytest.mark.parametrize("k", [1, 3, 49])
def test_the_most_similar_pairs_share_no_block(
    module_conn: psycopg.Connection[Any], keys: dict[int, np.ndarray], k: int
) -> None:
    a, b = sorted({block_id >> 6 for block_id in keys}, key=lambda tile_id: list(keys).index(tile_id << 6))
    found = module_conn.execute("SELECT * FROM api.matching_blocks(%s, %s, %s)", (a, b, k)).fetchall()
    left = {(x, y): float(keys[x] @ keys[y]) for x in keys for y in keys if (x >> 6, y >> 6) == (a, b)}
    assert len(found) == min(k, N_BLOCKS)
    for number, (rank, x, y, similarity) in enumerate(found, 1):
        best = max(left.values())
        assert rank == number
        assert similarity == pytest.approx(best, abs=2e-3)
        assert left[x, y] == pytest.approx(best, abs=2e-3)
        left = {pair: value for pair, value in left.items() if pair[0] != x and pair[1] != y}


def test_a_tile_without_blocks_has_no_pairs(module_conn: psycopg.Connection[Any], keys: dict[int, np.ndarray]) -> None:
    tile_id = next(iter(keys)) >> 6
    assert module_conn.execute("SELECT * FROM api.matching_blocks(%s, 12)", (tile_id,)).fetchall() == []


@pytest.mark.parametrize("k", [0, 50, None])
def test_other_numbers_of_pairs_are_refused(conn: psycopg.Connection[Any], k: int | None) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue) as refused:
        conn.execute("SELECT * FROM api.matching_blocks(1, 2, %s)", (k,))
    assert "1 to 49" in (refused.value.diag.message_hint or "")
