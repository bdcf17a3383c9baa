"""``api.tile_vectors``: the vectors of all methods in one view."""

from typing import Any

import numpy as np
import psycopg
import pytest

from tests.builders.world import METHODS, World


@pytest.mark.parametrize("method", METHODS)
def test_it_has_the_vector_of_every_tile(module_conn: psycopg.Connection[Any], world: World, method: str) -> None:
    rows = module_conn.execute(
        "SELECT tile_id, embedding FROM api.tile_vectors WHERE method = %s ORDER BY tile_id", (method,)
    ).fetchall()
    order = np.argsort(world.tile_ids)
    assert [row[0] for row in rows] == world.tile_ids[order].tolist()
    np.testing.assert_allclose([row[1].to_numpy() for row in rows], world.vectors[method][order], atol=1e-6)


def test_one_method_reads_no_other_vectors(module_conn: psycopg.Connection[Any], world: World) -> None:
    plan = "\n".join(
        row[0]
        for row in module_conn.execute("EXPLAIN (VERBOSE) SELECT embedding FROM api.tile_vectors WHERE method = 'mean'")
    )
    assert "embedding_mean" in plan
    assert "embedding_dominant" not in plan
    assert "tile_aggregates" not in plan
