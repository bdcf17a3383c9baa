"""``api.similar_tiles``, and with it ``internal.search``, against brute force in NumPy and PROJ."""

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.embedding_sets.tile_keys import add_tile_keys
from tests.builders.lists import split_into_lists
from tests.builders.world import CONTINENTS, METHODS, World, build_world

N_TILES = 240
N_CITIES = 12

SEARCH = """
    SELECT rank, tile_id, city_id, similarity, distance_m, compared, is_exact
    FROM api.similar_tiles(%(tile_id)s, k => %(k)s, method => %(method)s, exclude_within_m => %(exclude_within_m)s,
        exclude_same_city => %(exclude_same_city)s,
        exclude_city_ids => %(exclude_city_ids)s, max_per_city => %(max_per_city)s, countries => %(countries)s,
        exclude_countries => %(exclude_countries)s, continents => %(continents)s, origin => %(origin)s,
        within => ST_GeomFromText(%(within)s, 4326), period => %(period)s,
        min_valid_share => %(min_valid_share)s, min_similarity => %(min_similarity)s, exact => %(exact)s)
"""

DEFAULTS = {
    "k": 20,
    "method": "mean",
    "exclude_within_m": 0.0,
    "exclude_same_city": True,
    "exclude_city_ids": None,
    "period": None,
    "min_valid_share": None,
    "max_per_city": None,
    "countries": None,
    "exclude_countries": None,
    "continents": None,
    "origin": None,
    "within": None,
    "min_similarity": None,
    "exact": False,
}


@pytest.fixture(scope="module")
def world(module_conn: psycopg.Connection) -> World:
    world = build_world(module_conn, N_TILES, N_CITIES, seed=1, n_real=5, n_undated=2)
    split_into_lists(module_conn, n_lists=30, max_compared=1)
    return world


def search(conn: psycopg.Connection, world: World, row: int, **arguments: object) -> list[tuple]:
    return conn.execute(SEARCH, DEFAULTS | arguments | {"tile_id": int(world.tile_ids[row])}).fetchall()


def brute_force(world: World, row: int, **arguments: object) -> list[tuple[int, float, float]]:
    """Return the true answer, (tile_id, similarity, distance_m), best first, ties by tile_id."""
    a = DEFAULTS | arguments
    similarity, distance_m = world.similarity(row, a["method"]), world.distance_m(row)
    eligible = np.arange(len(world.tile_ids)) != row
    if a["exclude_same_city"]:
        eligible &= world.city_ids != world.city_ids[row]
    if a["exclude_within_m"] > 0:
        eligible &= distance_m > a["exclude_within_m"]
    if a["exclude_city_ids"] is not None:
        eligible &= ~np.isin(world.city_ids, a["exclude_city_ids"])
    if a["min_valid_share"] is not None:
        eligible &= world.valid_share >= np.float32(a["min_valid_share"])
    if a["period"] is not None:
        eligible &= world.is_date_known & (a["period"] == SUMMER)  # every tile is of this period
    if a["countries"] is not None:
        eligible &= np.isin(world.country_codes, a["countries"])
    if a["exclude_countries"] is not None:
        eligible &= ~np.isin(world.country_codes, a["exclude_countries"])
    if a["continents"] is not None:
        eligible &= np.isin(world.continents, a["continents"])
    if a["origin"] != "any":
        synthetic = world.is_synthetic[row] if a["origin"] is None else a["origin"] == "synthetic"
        eligible &= world.is_synthetic == synthetic
    if a["min_similarity"] is not None:
        eligible &= similarity >= a["min_similarity"]
    if a["within"] is not None:
        eligible &= world.lat > 0  # the only region used here: NORTH
    rows = np.flatnonzero(eligible)
    rows = rows[np.lexsort((world.tile_ids[rows], -similarity[rows]))]
    answer, per_city = [], {}
    for r in rows:
        city = world.city_ids[r]
        per_city[city] = per_city.get(city, 0) + 1
        if a["max_per_city"] is None or per_city[city] <= a["max_per_city"]:
            answer.append((int(world.tile_ids[r]), similarity[r], distance_m[r]))
    return answer[: a["k"]]


SUMMER, WINTER = "[2024-08-31,2024-12-01)", "[2024-09-01,2024-12-01)"
NORTH = "POLYGON((-180 0, 180 0, 180 90, -180 90, -180 0))"

filters = st.fixed_dictionaries(
    {},
    optional={
        "k": st.integers(0, 300),
        "method": st.sampled_from(METHODS),
        "exclude_within_m": st.sampled_from([0.0, 10_000.0, 3_000_000.0, 50_000_000.0]),
        "exclude_same_city": st.booleans(),
        "exclude_city_ids": st.lists(st.integers(1, N_CITIES + 1), max_size=4),
        "period": st.sampled_from([SUMMER, SUMMER, WINTER]),
        "min_valid_share": st.sampled_from([0.0, 0.5, 0.75, 1.0]),
        "max_per_city": st.integers(1, 5),
        "countries": st.lists(st.sampled_from(["CA", "CB", "CC", "CD", "XX"]), max_size=3),
        "exclude_countries": st.lists(st.sampled_from(["CA", "CB", "CC", "CD", "XX"]), max_size=3),
        "continents": st.lists(st.sampled_from(CONTINENTS), max_size=3),
        "origin": st.sampled_from(["real", "synthetic", "any"]),
        "within": st.just(NORTH),
        "min_similarity": st.sampled_from([-1.0, 0.0, 0.3, 0.999]),
    },
)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(0, N_TILES - 1), arguments=filters)
def test_the_exact_answer_equals_brute_force(
    module_conn: psycopg.Connection, world: World, row: int, arguments: dict
) -> None:
    answer = search(module_conn, world, row, exact=True, **arguments)
    truth = brute_force(world, row, **arguments)
    assert [a[1] for a in answer] == [t[0] for t in truth]
    assert [a[0] for a in answer] == list(range(1, len(truth) + 1))
    np.testing.assert_allclose([a[3] for a in answer], [t[1] for t in truth], atol=1e-5)
    np.testing.assert_allclose([a[4] for a in answer], [t[2] for t in truth], rtol=1e-6, atol=1)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(0, N_TILES - 1), arguments=filters)
def test_an_answer_has_all_rows_in_order_and_is_the_exact_one_if_it_is_marked_so(
    module_conn: psycopg.Connection, world: World, row: int, arguments: dict
) -> None:
    answer = search(module_conn, world, row, **arguments)
    truth = brute_force(world, row, **arguments)
    assert len(answer) == len(truth)
    similarities = [a[3] for a in answer]
    assert similarities == sorted(similarities, reverse=True)
    assert len({a[1] for a in answer}) == len(answer)
    assert all(compared >= len(answer) for *_, compared, _ in answer)
    if answer and answer[0][-1]:
        assert [a[1] for a in answer] == [t[0] for t in truth]


def test_a_set_with_one_list_is_compared_whole(conn: psycopg.Connection) -> None:
    world = build_world(conn, 60, 3, seed=2)
    split_into_lists(conn, n_lists=1, max_compared=5)
    answer = search(conn, world, 0, k=4)
    assert [a[1] for a in answer] == [t[0] for t in brute_force(world, 0, k=4)]
    assert all(is_exact and compared > 5 for *_, compared, is_exact in answer)


def test_a_null_among_the_excluded_countries_is_ignored(module_conn: psycopg.Connection, world: World) -> None:
    answer = search(module_conn, world, 0, exclude_countries=[None, "CB"])
    assert answer == search(module_conn, world, 0, exclude_countries=["CB"])
    assert answer


def test_equal_similarity_is_ordered_by_tile_id(conn: psycopg.Connection) -> None:
    world = build_world(conn, 30, 3, seed=2)
    conn.execute(
        "UPDATE terrakin.tiles SET embedding_mean = s.embedding_mean "
        "FROM (SELECT embedding_mean FROM terrakin.tiles ORDER BY tile_id LIMIT 1) AS s"
    )
    add_tile_keys(conn)
    ids = [a[1] for a in search(conn, world, 0, exclude_same_city=False)]
    assert ids == sorted(set(world.tile_ids.tolist()) - {int(world.tile_ids[0])})[:20]


@pytest.mark.parametrize(
    ("arguments", "value"),
    [
        ({"method": "mode"}, "method 'mode'"),
        ({"k": -1}, "k is -1"),
        ({"k": None}, "k is NULL"),
        ({"exclude_within_m": -5.0}, "exclude_within_m is -5"),
        ({"exclude_within_m": float("nan")}, "exclude_within_m is NaN"),
        ({"max_per_city": 0}, "max_per_city is 0"),
        ({"countries": ["DE", "de"]}, "'de'.*ISO 3166-1"),
        ({"countries": ["Germany"]}, "'Germany'.*ISO 3166-1"),
        ({"exclude_countries": ["FR", "fr"]}, "'fr'.*ISO 3166-1"),
        ({"countries": ["DE"], "exclude_countries": ["D"]}, "'D'.*ISO 3166-1"),
        ({"continents": ["Asia", "europe"]}, "continent 'europe'"),
        ({"origin": "Real"}, "origin 'Real'"),
        ({"min_similarity": 1.5}, "min_similarity is 1.5"),
        ({"min_valid_share": -0.1}, "min_valid_share is -0.1"),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection, world: World, arguments: dict, value: str
) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match=value) as raised, module_conn.transaction():
        search(module_conn, world, 0, **arguments)
    assert raised.value.diag.message_hint


def test_an_unknown_tile_raises_no_data_found(module_conn: psycopg.Connection, world: World) -> None:
    with (
        pytest.raises(psycopg.errors.NoDataFound, match="999999") as raised,
        module_conn.transaction(),
    ):
        module_conn.execute("SELECT * FROM api.similar_tiles(999999)")
    assert "api.tile_at" in raised.value.diag.message_hint


def test_a_region_in_another_srid_raises(module_conn: psycopg.Connection, world: World) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="SRID 3857"), module_conn.transaction():
        module_conn.execute(
            "SELECT * FROM api.similar_tiles(%s, within => ST_MakeEnvelope(0, 0, 1, 1, 3857))",
            (int(world.tile_ids[0]),),
        )
