"""internal.map_similarities where cities have too many tiles to compare all of their blocks."""

from typing import Any

import numpy as np
import psycopg
import pytest

from db.embedding_sets.store import Items, read_set, write_keys
from tests.builders import build_world
from tests.builders.world import World

N_TILES = 1_050
BEST = """
    SELECT s.city_id, s.item_id, s.similarity
    FROM internal.map_similarities(
        0, ST_TileEnvelope(0, 0, 0), internal.anchor_of_items(ARRAY[%s], '{}', 0, 'block', 'mean'), 'block', 'mean', %s
    ) AS s
"""


@pytest.fixture(scope="module")
def world(module_conn: psycopg.Connection[Any]) -> World:
    """A world whose tiles have one block each, with the vector of the tile; three cities are real, three synthetic."""
    world = build_world(module_conn, N_TILES, 6, seed=3, n_real=3)
    locations = np.column_stack([world.lon, world.lat])
    items = Items(world.tile_ids << 6, world.city_ids, world.valid_share, locations, world.vectors["mean"])
    write_keys(module_conn, read_set(module_conn, "block", "mean"), items)
    return world


@pytest.mark.parametrize("origin", ["any", "real", "synthetic"])
def test_the_best_block_of_each_city_is_that_of_brute_force(
    module_conn: psycopg.Connection[Any], world: World, origin: str
) -> None:
    query = int(np.flatnonzero(~world.is_synthetic)[0])
    found = module_conn.execute(BEST, (int(world.tile_ids[query]) << 6, origin)).fetchall()
    similarity = world.similarity(query, "mean")
    wanted = {"any": range(1, 7), "real": range(1, 4), "synthetic": range(4, 7)}[origin]
    assert {city_id for city_id, _, _ in found} == set(wanted)
    for city_id, block_id, value in found:
        assert value == pytest.approx(similarity[world.city_ids == city_id].max(), abs=1e-3)
        assert value == pytest.approx(similarity[world.tile_ids == block_id >> 6][0], abs=1e-3)
    assert [value for _, _, value in found] == sorted((value for _, _, value in found), reverse=True)
