"""``api.similar_to_examples`` against Rocchio's query in NumPy."""

import numpy as np
import psycopg
import pytest

from tests.builders.world import World, build_world


@pytest.mark.parametrize("method", ["mean", "dominant", "max", "mean_std"])
def test_the_query_is_rocchios(module_conn: psycopg.Connection, world: World, method: str) -> None:
    positive, negative = [1, 5, 9], [20, 21]
    vectors = world.unit(method)
    query = vectors[positive].mean(axis=0) - 0.35 * vectors[negative].mean(axis=0)
    eligible = ~np.isin(world.city_ids, world.city_ids[positive])
    eligible[positive + negative] = False
    rows = module_conn.execute(
        "SELECT tile_id, similarity "
        "FROM api.similar_to_examples(%s, %s, negative_weight => 0.35, method => %s, exact => true)",
        ([int(world.tile_ids[r]) for r in positive], [int(world.tile_ids[r]) for r in negative], method),
    ).fetchall()
    assert [row[0] for row in rows] == world.ranked(query, eligible, method)
    first = vectors[world.tile_ids == rows[0][0]][0]
    assert rows[0][1] == pytest.approx(float(first @ query / np.linalg.norm(query)), abs=1e-5)


def test_one_positive_example_equals_similar_tiles(module_conn: psycopg.Connection, world: World) -> None:
    tile = int(world.tile_ids[8])
    columns = "tile_id, similarity, distance_m"
    arguments = "exclude_within_m => 100000, exclude_same_city => false, exact => true"
    one = module_conn.execute(f"SELECT {columns} FROM api.similar_to_examples(ARRAY[%s::bigint], {arguments})", (tile,))  # noqa: S608
    same = module_conn.execute(f"SELECT {columns} FROM api.similar_tiles(%s, {arguments})", (tile,))  # noqa: S608
    for got, expected in zip(one.fetchall(), same.fetchall(), strict=True):
        assert got == pytest.approx(expected, abs=1e-6)


def test_mixed_examples_find_tiles_of_any_origin(conn: psycopg.Connection) -> None:
    world = build_world(conn, 60, 6, seed=13, n_real=3)
    first = {synthetic: int(world.tile_ids[world.is_synthetic == synthetic][0]) for synthetic in (False, True)}
    query = (
        "SELECT array_agg(DISTINCT o.is_synthetic) FROM api.similar_to_examples(%s, %s, k => 60) AS s "
        "JOIN api.tile_overview AS o USING (tile_id)"
    )
    for positive, negative, origins in (
        ([first[False]], [], [False]),
        ([first[True]], [], [True]),
        ([first[False], first[True]], [], [False, True]),
        ([first[False]], [first[True]], [False]),
    ):
        assert conn.execute(query, (positive, negative)).fetchone() == (origins,)


@pytest.mark.parametrize(
    ("call", "error", "value"),
    [
        ("similar_to_examples('{}')", psycopg.errors.InvalidParameterValue, "positive"),
        ("similar_to_examples(NULL)", psycopg.errors.InvalidParameterValue, "positive"),
        ("similar_to_examples('{999999}')", psycopg.errors.NoDataFound, "999999"),
        (
            "similar_to_examples('{1}', negative_weight => 2)",
            psycopg.errors.InvalidParameterValue,
            "negative_weight is 2",
        ),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection, world: World, call: str, error: type[psycopg.Error], value: str
) -> None:
    with pytest.raises(error, match=value) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT * FROM api.{call}")  # noqa: S608
    assert raised.value.diag.message_hint
