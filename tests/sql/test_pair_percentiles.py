"""``api.pair_percentiles`` against NumPy."""

from typing import Any

import numpy as np
import psycopg
import pytest

from db.embedding_sets.basis import unit_vectors
from tests.builders.world import World, build_world

PERCENTILES = "SELECT p.percentile, p.similarity FROM api.pair_percentiles(%s, %s, %s) AS p ORDER BY p.percentile"


def percentiles(
    conn: psycopg.Connection[Any], unit: str, method: str | None = None, origin: str = "any"
) -> list[float]:
    rows = conn.execute(PERCENTILES, (unit, method, origin)).fetchall()
    assert [percentile for percentile, _ in rows] == list(range(len(rows)))
    return [similarity for _, similarity in rows]


def of_all_pairs(vectors: np.ndarray) -> np.ndarray:
    unit = unit_vectors(vectors)
    return np.quantile((unit @ unit.T)[np.triu_indices(len(unit), 1)], np.arange(101) / 100)


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_the_percentiles_of_few_tiles_are_those_of_all_pairs(
    module_conn: psycopg.Connection[Any], world: World, method: str
) -> None:
    found = percentiles(module_conn, "tile", method)
    np.testing.assert_allclose(found, of_all_pairs(world.vectors[method]), atol=1e-6)


@pytest.mark.parametrize("origin", ["real", "synthetic", "any"])
def test_the_pairs_are_of_tiles_or_blocks_of_one_origin(conn: psycopg.Connection[Any], origin: str) -> None:
    world = build_world(conn, 60, 10, seed=4, n_real=5, with_blocks=True)
    assert world.blocks is not None
    chosen = {"real": ~world.is_synthetic, "synthetic": world.is_synthetic}.get(origin, np.full(60, True))
    assert chosen.sum() > 10
    np.testing.assert_allclose(
        percentiles(conn, "tile", "mean", origin), of_all_pairs(world.vectors["mean"][chosen]), atol=1e-6
    )
    is_middle = np.isin(world.blocks.ids, world.tile_ids[chosen] * 64 + 24)
    np.testing.assert_allclose(
        percentiles(conn, "block", None, origin),
        of_all_pairs(world.blocks.keys[is_middle].astype(np.float64)),
        atol=2e-3,
    )


def test_without_tiles_there_are_no_percentiles(conn: psycopg.Connection[Any]) -> None:
    assert percentiles(conn, "tile", "mean") == []


@pytest.mark.parametrize(
    ("unit", "method", "origin"), [("city", None, "any"), ("tile", "x", "any"), ("tile", None, "x")]
)
def test_bad_arguments_are_refused(conn: psycopg.Connection[Any], unit: str, method: str | None, origin: str) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue):
        percentiles(conn, unit, method, origin)
