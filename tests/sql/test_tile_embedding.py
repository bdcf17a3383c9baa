"""``api.tile_embedding`` and the method that a search without one uses."""

import numpy as np
import psycopg
import pytest

from tests.builders.world import METHODS, World

ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, default_method, fitted_at)
    VALUES ('test', 'random', repeat('0', 64), 768, '{"method": "raw"}', %s, now())
"""
SAME = "SELECT api.tile_embedding(%(tile_id)s) = api.tile_embedding(%(tile_id)s, %(method)s)"
FOUND = "SELECT tile_id, similarity FROM api.similar_tiles(%s, method => %s)"


@pytest.mark.parametrize("method", METHODS)
def test_it_is_the_vector_of_the_method(module_conn: psycopg.Connection, world: World, method: str) -> None:
    row = module_conn.execute("SELECT api.tile_embedding(%s, %s)", (int(world.tile_ids[3]), method)).fetchone()
    assert row
    np.testing.assert_allclose(row[0].to_numpy(), world.vectors[method][3], atol=1e-6)


def test_mean_std_has_the_mean_of_both_cosines(module_conn: psycopg.Connection, world: World) -> None:
    (value,) = module_conn.execute(
        "SELECT api.similarity(%s, %s, 'mean_std')", (int(world.tile_ids[3]), int(world.tile_ids[9]))
    ).fetchone() or (None,)
    mean, std = (world.similarity(3, method)[9] for method in ("mean", "std"))
    assert value == pytest.approx((mean + std) / 2, abs=1e-6)


@pytest.mark.parametrize("method", ["mean", "mean_std"])
def test_no_method_is_that_of_the_encoder(module_conn: psycopg.Connection, world: World, method: str) -> None:
    tile_id = int(world.tile_ids[3])
    with module_conn.transaction(force_rollback=True):
        module_conn.execute(ENCODER, (method,))
        assert module_conn.execute(SAME, {"tile_id": tile_id, "method": method}).fetchone() == (True,)
        found = module_conn.execute(FOUND, (tile_id, None)).fetchall()
        assert found == module_conn.execute(FOUND, (tile_id, method)).fetchall()
    assert [row[0] for row in found] == world.ranked(world.unit(method)[3], world.city_ids != world.city_ids[3], method)


def test_without_an_encoder_no_method_is_mean(module_conn: psycopg.Connection, world: World) -> None:
    assert module_conn.execute(SAME, {"tile_id": int(world.tile_ids[3]), "method": "mean"}).fetchone() == (True,)


@pytest.mark.parametrize(
    ("call", "error", "value"),
    [
        ("tile_embedding(-1)", psycopg.errors.NoDataFound, "tile -1"),
        ("tile_embedding(NULL)", psycopg.errors.NoDataFound, "tile NULL"),
        ("tile_embedding(1, 'mode')", psycopg.errors.InvalidParameterValue, "'mode'"),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection, call: str, error: type[psycopg.Error], value: str
) -> None:
    with pytest.raises(error, match=value) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT api.{call}")  # type: ignore[arg-type]
    assert raised.value.diag.message_hint
