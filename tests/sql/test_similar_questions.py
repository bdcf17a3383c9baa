"""The other questions (position, examples, area, cities) against brute force in NumPy."""

import numpy as np
import psycopg
import pytest

from tests.sql.worlds import METHODS, World, build_world

N_TILES = 200


@pytest.fixture(scope="module")
def world(module_conn: psycopg.Connection) -> World:
    return build_world(module_conn, N_TILES, 10, seed=11)


def unit(world: World, method: str = "mean") -> np.ndarray:
    vectors = world.vectors[method]
    return vectors / np.linalg.norm(vectors, axis=1, keepdims=True)


def ranked(world: World, query: np.ndarray, eligible: np.ndarray, method: str = "mean", k: int = 20) -> list[int]:
    """Ids of the k eligible tiles that are most like a vector."""
    similarity = unit(world, method) @ query
    rows = np.flatnonzero(eligible)
    rows = rows[np.lexsort((world.tile_ids[rows], -similarity[rows]))]
    return world.tile_ids[rows][:k].tolist()


def ids(rows: list[tuple]) -> list[int]:
    return [row[0] for row in rows]


def test_similar_at_is_similar_tiles_of_the_tile_there(module_conn: psycopg.Connection, world: World) -> None:
    lon, lat = float(world.lon[3]), float(world.lat[3])
    (tile,) = module_conn.execute("SELECT tile_id FROM api.tile_at(%s, %s)", (lon, lat)).fetchone()
    there = module_conn.execute(
        "SELECT * FROM api.similar_at(%s, %s, k => 7, max_per_city => 1, exact => true)", (lon, lat)
    ).fetchall()
    by_id = module_conn.execute(
        "SELECT * FROM api.similar_tiles(%s, k => 7, max_per_city => 1, exact => true)", (tile,)
    ).fetchall()
    assert there == by_id
    assert len(there) == 7


def test_a_position_without_tile_raises(module_conn: psycopg.Connection, world: World) -> None:
    with pytest.raises(psycopg.errors.NoDataFound, match="no tile at lon 0, lat -89"), module_conn.transaction():
        module_conn.execute("SELECT * FROM api.similar_at(0, -89)")


@pytest.mark.parametrize("method", ["mean", "dominant", "max"])
def test_examples_are_rocchios_query(module_conn: psycopg.Connection, world: World, method: str) -> None:
    positive, negative = [1, 5, 9], [20, 21]
    vectors = unit(world, method)
    query = vectors[positive].mean(axis=0) - 0.35 * vectors[negative].mean(axis=0)
    eligible = ~np.isin(world.city_ids, world.city_ids[positive])
    eligible[positive + negative] = False
    rows = module_conn.execute(
        "SELECT tile_id, similarity "
        "FROM api.similar_to_examples(%s, %s, negative_weight => 0.35, method => %s, exact => true)",
        ([int(world.tile_ids[r]) for r in positive], [int(world.tile_ids[r]) for r in negative], method),
    ).fetchall()
    assert ids(rows) == ranked(world, query, eligible, method)
    first = vectors[world.tile_ids == rows[0][0]][0]
    assert rows[0][1] == pytest.approx(float(first @ query / np.linalg.norm(query)), abs=1e-5)


def test_one_positive_example_is_similar_tiles(module_conn: psycopg.Connection, world: World) -> None:
    tile = int(world.tile_ids[8])
    columns = "tile_id, similarity, distance_m"
    arguments = "exclude_within_m => 100000, exclude_same_city => false, exact => true"
    one = module_conn.execute(f"SELECT {columns} FROM api.similar_to_examples(ARRAY[%s::bigint], {arguments})", (tile,))  # noqa: S608
    same = module_conn.execute(f"SELECT {columns} FROM api.similar_tiles(%s, {arguments})", (tile,))  # noqa: S608
    for got, expected in zip(one.fetchall(), same.fetchall(), strict=True):
        assert got == pytest.approx(expected, abs=1e-6)


def test_area_is_the_mean_of_its_tiles(module_conn: psycopg.Connection, world: World) -> None:
    inside = world.city_ids == world.city_ids[0]
    lon, lat = world.lon[inside], world.lat[inside]
    edges = (lon.min() - 0.01, lat.min() - 0.01, lon.max() + 0.01, lat.max() + 0.01)
    inside = (world.lon >= edges[0]) & (world.lon <= edges[2]) & (world.lat >= edges[1]) & (world.lat <= edges[3])
    query = unit(world)[inside].mean(axis=0)
    eligible = ~inside & ~np.isin(world.city_ids, world.city_ids[inside])
    rows = module_conn.execute(
        "SELECT tile_id, distance_m FROM api.similar_to_area(ST_MakeEnvelope(%s, %s, %s, %s, 4326), exact => true)",
        edges,
    ).fetchall()
    assert ids(rows) == ranked(world, query, eligible)
    assert min(row[1] for row in rows) > 0


@pytest.mark.parametrize(
    ("area", "error"),
    [
        ("ST_MakeEnvelope(0, -89.5, 1, -89, 4326)", psycopg.errors.NoDataFound),
        ("ST_MakeEnvelope(0, 0, 1, 1, 3857)", psycopg.errors.InvalidParameterValue),
        ("NULL::geometry", psycopg.errors.InvalidParameterValue),
    ],
)
def test_an_area_that_cannot_be_searched_raises(
    module_conn: psycopg.Connection, world: World, area: str, error: type[Exception]
) -> None:
    with pytest.raises(error), module_conn.transaction():
        module_conn.execute(f"SELECT * FROM api.similar_to_area({area})")  # noqa: S608


@pytest.mark.parametrize(
    ("call", "error"),
    [
        ("similar_to_examples('{}')", psycopg.errors.InvalidParameterValue),
        ("similar_to_examples(NULL)", psycopg.errors.InvalidParameterValue),
        ("similar_to_examples('{999999}')", psycopg.errors.NoDataFound),
        ("similar_to_examples('{1}', negative_weight => 2)", psycopg.errors.InvalidParameterValue),
        ("similar_cities(999)", psycopg.errors.NoDataFound),
        ("similar_cities(1, method => 'mode')", psycopg.errors.InvalidParameterValue),
        ("similar_cities(1, min_similarity => 2)", psycopg.errors.InvalidParameterValue),
        ("similar_cities(1, max_query_tiles => 0)", psycopg.errors.InvalidParameterValue),
        ("similar_cities(1, k => -1)", psycopg.errors.InvalidParameterValue),
    ],
)
def test_senseless_questions_raise_with_a_hint(
    module_conn: psycopg.Connection, world: World, call: str, error: type[psycopg.Error]
) -> None:
    with pytest.raises(error) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT * FROM api.{call}")  # noqa: S608
    assert raised.value.diag.message_hint


def test_cities_are_ranked_by_their_tiles_best_matches(module_conn: psycopg.Connection, world: World) -> None:
    city = int(world.city_ids[0])
    vectors = unit(world)
    similarity = vectors[world.city_ids == city] @ vectors.T
    scores = {c: similarity[:, world.city_ids == c].max(axis=1).mean() for c in set(world.city_ids.tolist()) - {city}}
    centre = {c: vectors[world.city_ids == c].mean(axis=0) for c in set(world.city_ids.tolist())}
    rows = module_conn.execute(
        "SELECT rank, city_id, similarity, mean_similarity, n_tiles "
        "FROM api.similar_cities(%s, max_query_tiles => 1000)",
        (city,),
    ).fetchall()
    expected = sorted(scores, key=lambda c: -scores[c])
    assert [row[1] for row in rows] == expected
    assert [row[0] for row in rows] == list(range(1, len(expected) + 1))
    for _, other, score, mean, n_tiles in rows:
        cosine = centre[city] @ centre[other] / np.linalg.norm(centre[city]) / np.linalg.norm(centre[other])
        assert score == pytest.approx(scores[other], abs=1e-5)
        assert mean == pytest.approx(cosine, abs=1e-5)
        assert n_tiles == (world.city_ids == other).sum()


def test_cities_can_be_filtered(module_conn: psycopg.Connection, world: World) -> None:
    city = int(world.city_ids[0])
    rows = module_conn.execute(
        "SELECT city_id, distance_m FROM api.similar_cities(%s, countries => '{CB}', exclude_within_m => 1000000)",
        (city,),
    ).fetchall()
    in_cb = set(world.city_ids[world.country_codes == "CB"].tolist()) - {city}
    assert set(ids(rows)) <= in_cb
    assert all(row[1] > 1_000_000 for row in rows)


@pytest.mark.parametrize("method", METHODS)
def test_cities_are_compared_by_every_method_and_filter(
    module_conn: psycopg.Connection, world: World, method: str
) -> None:
    city, left_out = int(world.city_ids[0]), int(world.city_ids[world.city_ids != world.city_ids[0]][0])
    vectors = world.vectors[method] / np.linalg.norm(world.vectors[method], axis=1, keepdims=True)
    clear = world.valid_share >= 0.75
    similarity = vectors[clear & (world.city_ids == city)] @ vectors.T
    eligible = {
        c: clear & (world.lat > 0) & (world.city_ids == c) for c in set(world.city_ids.tolist()) - {city, left_out}
    }
    scores = {c: similarity[:, rows].max(axis=1).mean() for c, rows in eligible.items() if rows.any()}
    least = float(np.median(list(scores.values())))
    rows = module_conn.execute(
        "SELECT city_id, similarity, n_tiles FROM api.similar_cities(%s, method => %s, exclude_city_ids => %s, "
        "within => ST_MakeEnvelope(-180, 0, 180, 90, 4326), min_valid_share => 0.75, min_similarity => %s, "
        "max_query_tiles => 1000)",
        (city, method, [left_out, None], least - 1e-6),
    ).fetchall()
    expected = sorted((c for c in scores if scores[c] >= least), key=lambda c: -scores[c])
    assert ids(rows) == expected
    assert [row[2] for row in rows] == [eligible[c].sum() for c in expected]


def test_a_reader_may_not_ask_for_a_million(module_conn: psycopg.Connection, world: World) -> None:
    tile = int(world.tile_ids[0])
    assert len(module_conn.execute("SELECT * FROM api.similar_tiles(%s, k => 20000)", (tile,)).fetchall()) > 100
    with module_conn.transaction():
        module_conn.execute("SET LOCAL ROLE terrakin_reader")
        with (
            pytest.raises(psycopg.errors.InvalidParameterValue, match="more than the 10000"),
            module_conn.transaction(),
        ):
            module_conn.execute("SELECT * FROM api.similar_tiles(%s, k => 20000)", (tile,))
        module_conn.execute("RESET ROLE")
