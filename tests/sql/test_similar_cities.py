"""``api.similar_cities`` against brute force in NumPy."""

import numpy as np
import psycopg
import pytest

from tests.builders.world import METHODS, World, build_world


def test_cities_are_ranked_by_their_tiles_best_matches(module_conn: psycopg.Connection, world: World) -> None:
    city = int(world.city_ids[0])
    vectors = world.unit("mean")
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


def test_cities_are_filtered_by_country_and_distance(module_conn: psycopg.Connection, world: World) -> None:
    city = int(world.city_ids[0])
    rows = module_conn.execute(
        "SELECT city_id, distance_m FROM api.similar_cities(%s, countries => '{CB}', exclude_within_m => 1000000)",
        (city,),
    ).fetchall()
    in_cb = set(world.city_ids[world.country_codes == "CB"].tolist()) - {city}
    assert {row[0] for row in rows} <= in_cb
    assert all(row[1] > 1_000_000 for row in rows)


def test_excluded_countries_are_left_out(module_conn: psycopg.Connection, world: World) -> None:
    city = int(world.city_ids[0])
    rows = module_conn.execute(
        "SELECT city_id FROM api.similar_cities(%s, countries => '{CA,CB,CC}', exclude_countries => '{CB,CD}')", (city,)
    ).fetchall()
    expected = set(world.city_ids[np.isin(world.country_codes, ["CA", "CC"])].tolist()) - {city}
    assert {row[0] for row in rows} == expected
    assert expected


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
    assert [row[0] for row in rows] == expected
    assert [row[2] for row in rows] == [eligible[c].sum() for c in expected]


@pytest.mark.parametrize("city", [1, 5])
def test_cities_are_of_the_origin_of_the_city_unless_another_is_given(conn: psycopg.Connection, city: int) -> None:
    build_world(conn, 60, 6, seed=12, n_real=3)
    real, synthetic = {1, 2, 3} - {city}, {4, 5, 6} - {city}
    for origin, expected in (
        (None, real if city <= 3 else synthetic),
        ("real", real),
        ("synthetic", synthetic),
        ("any", real | synthetic),
    ):
        rows = conn.execute("SELECT city_id FROM api.similar_cities(%s, origin => %s)", (city, origin)).fetchall()
        assert {row[0] for row in rows} == expected


def test_a_period_leaves_out_tiles_of_unknown_date(conn: psycopg.Connection) -> None:
    build_world(conn, 60, 6, seed=12, n_undated=2)
    query = "SELECT city_id FROM api.similar_cities(%s, period => '[2024-06-01,2024-07-01)')"
    assert {row[0] for row in conn.execute(query, (1,)).fetchall()} == {2, 3, 4}
    with pytest.raises(psycopg.errors.NoDataFound, match="city 6"):
        conn.execute(query, (6,))


@pytest.mark.parametrize(
    ("call", "error", "value"),
    [
        ("similar_cities(999)", psycopg.errors.NoDataFound, "999"),
        ("similar_cities(1, method => 'mode')", psycopg.errors.InvalidParameterValue, "mode"),
        ("similar_cities(1, min_similarity => 2)", psycopg.errors.InvalidParameterValue, "min_similarity is 2"),
        ("similar_cities(1, max_query_tiles => 0)", psycopg.errors.InvalidParameterValue, "max_query_tiles is 0"),
        ("similar_cities(1, origin => 'made up')", psycopg.errors.InvalidParameterValue, "'made up'"),
        ("similar_cities(1, k => -1)", psycopg.errors.InvalidParameterValue, "k is -1"),
        ("similar_cities(1, exclude_countries => '{de}')", psycopg.errors.InvalidParameterValue, "'de'"),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection, world: World, call: str, error: type[psycopg.Error], value: str
) -> None:
    with pytest.raises(error, match=value) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT * FROM api.{call}")  # noqa: S608
    assert raised.value.diag.message_hint
