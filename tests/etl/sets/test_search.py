"""Every filter on a set without cities, against brute force over its vectors."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from psycopg.sql import SQL

from db.cells import cells
from db.connect import connect
from db.settings import Settings
from etl.sets.importing import Request, import_files
from tests.builders.sets import no_bar
from tests.conftest import cloned_database
from tests.etl.sets import files

N = 400
COUNTRIES = np.array(["FR", "BR", "JP", None])
SIMILAR = SQL("""
    SELECT item_id, similarity, compared, is_exact, country_code, city_id, footprint IS NOT NULL
    FROM api.similar_to_examples(ARRAY[%s]::bigint[], unit => 'synthetic', {})
""")


@pytest.fixture(scope="module", params=["none", "centred", "standardised"])
def imported(
    request: pytest.FixtureRequest, server_home: Path, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Any]:
    """A connection to a database with a set of 400 items, and the vectors that its searches should compare."""
    path = files.earth_index(tmp_path_factory.mktemp("sets") / "synthetic.parquet", N)
    with cloned_database(server_home) as url:
        settings = Settings(path.parent, database_url=url)
        import_files(
            settings,
            Request("synthetic", (path,), post_processing=request.param),
            print,
            no_bar,
        )
        vectors = files.vectors(N).astype(np.float64)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        if request.param != "none":
            vectors -= vectors.mean(axis=0)
        if request.param == "standardised":
            vectors /= vectors.std(axis=0)
        vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
        with connect(settings) as conn:
            yield conn, vectors


def search(conn: psycopg.Connection[Any], arguments: Any, item_id: int = 6) -> list[Any]:
    return conn.execute(SIMILAR.format(SQL(arguments)), (item_id,)).fetchall()


places = files.positions(N)
country = COUNTRIES[np.arange(N) % 4]
place_ids = cells(places[:, 0], places[:, 1], 50)
north = shapely.box(-180, 0, 180, 90)
FILTERS = {
    "exclude_same_city => false": np.ones(N, bool),
    "exclude_same_city => true": place_ids != place_ids[5],
    "exclude_same_city => false, countries => '{FR,JP}'": np.isin(np.where(country == None, "", country), ["FR", "JP"]),  # noqa: E711
    "exclude_same_city => false, exclude_countries => '{FR}'": country != "FR",
    "exclude_same_city => false, continents => '{Asia}'": country == "JP",
    "exclude_same_city => false, continents => '{Asia,Europe}', exclude_countries => '{FR}'": country == "JP",
    "exclude_same_city => false, within => ST_MakeEnvelope(-180, 20, 180, 90, 4326)": places[:, 1] >= 20,
    "exclude_same_city => false, exclude_within_m => 1000000": country != country[5],
    "exclude_same_city => false, countries => '{}'": np.zeros(N, bool),
    "exclude_same_city => false, origin => 'any'": np.ones(N, bool),
    "exclude_same_city => false, exact => true": np.ones(N, bool),
}


@pytest.mark.parametrize("arguments", FILTERS)
def test_a_filter_leaves_what_brute_force_leaves(imported: Any, arguments: str) -> None:
    conn, vectors = imported
    eligible = FILTERS[arguments] & (np.arange(N) != 5)
    similarity = vectors @ vectors[5]
    wanted = sorted(np.flatnonzero(eligible), key=lambda i: -similarity[i])
    found = search(conn, f"{arguments}, k => 500")
    assert [row[0] for row in found] == [i + 1 for i in wanted] or len(wanted) == len(found)
    np.testing.assert_allclose([row[1] for row in found], similarity[[row[0] - 1 for row in found]], atol=1e-5)
    assert {row[0] - 1 for row in found} == set(wanted)
    assert all(row[3] and row[6] for row in found)
    assert [row[4] for row in found] == [country[row[0] - 1] for row in found]


def test_the_best_of_each_cell_stands_for_a_city(imported: Any) -> None:
    conn, vectors = imported
    found = search(conn, "exclude_same_city => false, max_per_city => 1, k => 500")
    others = np.flatnonzero(np.arange(N) != 5)
    best: dict[int, int] = {}
    for i in sorted(others, key=lambda i: -(vectors[i] @ vectors[5])):
        best.setdefault(int(place_ids[i]), int(i))
    assert {row[0] - 1 for row in found} == set(best.values())
    assert all(row[5] is None for row in found)


def test_min_similarity(imported: Any) -> None:
    conn, vectors = imported
    wanted = np.flatnonzero((vectors @ vectors[5] >= 0.3) & (np.arange(N) != 5))
    found = search(conn, "exclude_same_city => false, min_similarity => 0.3, k => 500")
    assert {row[0] - 1 for row in found} == set(wanted)


def test_a_vector_of_the_file_is_treated_as_the_set(imported: Any) -> None:
    conn, _ = imported
    query = """
        SELECT s.item_id, s.similarity FROM api.similar_to_vector(%s::vector, unit => 'synthetic', k => 1) AS s
    """
    ((item_id, similarity),) = conn.execute(query, (files.vectors(N)[9].tolist(),)).fetchall()
    assert (item_id, similarity) == (10, pytest.approx(1, abs=1e-5))


@pytest.mark.parametrize(
    "argument",
    ["period => '[2024-01-01,2025-01-01)'", "min_valid_share => 0.5", "origin => 'real'", "max_per_tile => 2"],
)
def test_a_filter_that_a_set_cannot_answer_is_refused(imported: Any, argument: str) -> None:
    conn, _ = imported
    with pytest.raises(psycopg.errors.InvalidParameterValue) as raised, conn.transaction():
        search(conn, argument)
    assert (
        raised.value.diag.message_primary == f"imported set 'synthetic' cannot be filtered by {argument.split(' ')[0]}"
    )
    assert "leave the filter out" in (raised.value.diag.message_hint or "")


@pytest.mark.parametrize(
    ("query", "sqlstate", "message"),
    [
        ("api.similar_to_examples('{999}', unit => 'synthetic')", "P0002", "imported set 'synthetic' has no item 999"),
        ("api.similar_to_examples('{1}', unit => 'synthetik')", "22023", "unknown unit 'synthetik'"),
        ("api.similar_to_examples('{1}', unit => 'synthetic', method => 'mean')", "22023", "unknown method 'mean'"),
        ("api.similar_at(0, 60, unit => 'synthetic')", "P0002", "imported set 'synthetic' has no item within 5 km"),
        ("api.similar_to_vector('[1,2]', unit => 'synthetic')", "22023", "the query vector has 2 dimensions"),
        (
            "api.similar_to_area(ST_MakeEnvelope(0, 0, 1, 1, 4326), unit => 'synthetic')",
            "P0002",
            "no item of synthetic has its centre in query_area",
        ),
    ],
)
def test_a_mistake_gets_a_clear_error(imported: Any, query: Any, sqlstate: str, message: str) -> None:
    conn, _ = imported
    with pytest.raises(psycopg.Error) as raised, conn.transaction():
        conn.execute(SQL("SELECT * FROM {}").format(SQL(query)))
    assert raised.value.sqlstate == sqlstate
    assert message in (raised.value.diag.message_primary or "")
    assert raised.value.diag.message_hint


def test_a_position_and_an_area_are_questions(imported: Any) -> None:
    conn, vectors = imported
    lon, lat = places[5]
    ((item_id, similarity),) = conn.execute(
        "SELECT item_id, similarity "
        "FROM api.similar_at(%s, %s, unit => 'synthetic', k => 1, exclude_same_city => false)",
        (lon, lat),
    ).fetchall()
    order = np.argsort(-(vectors @ vectors[5]))
    assert (item_id - 1, similarity) == (order[1], pytest.approx(vectors[order[1]] @ vectors[5], abs=1e-5))
    found = conn.execute(
        "SELECT item_id FROM api.similar_to_area(ST_MakeEnvelope(1, 46, 4, 49, 4326), unit => 'synthetic', k => 500, "
        "exclude_same_city => false)"
    ).fetchall()
    assert {COUNTRIES[(item_id - 1) % 4] for (item_id,) in found} == {"BR", "JP", None}


def test_the_percentiles_of_pairs_are_those_of_every_second_item(imported: Any) -> None:
    conn, vectors = imported
    found = conn.execute("SELECT similarity FROM api.pair_percentiles('synthetic') ORDER BY percentile").fetchall()
    some = vectors[::2]
    wanted = np.quantile((some @ some.T)[np.triu_indices(len(some), 1)], np.arange(101) / 100)
    np.testing.assert_allclose([similarity for (similarity,) in found], wanted, atol=1e-5)


def test_a_search_as_json_names_country_and_centre(imported: Any) -> None:
    conn, _ = imported
    query = """
        SELECT item_id, country, lon, lat, block_id, tile_id
        FROM api.search('{"kind": "examples", "positive": [2], "unit": "synthetic", "k": 1, "countries": ["JP"]}')
    """
    ((item_id, name, lon, lat, block_id, tile_id),) = conn.execute(query).fetchall()
    assert (name, block_id, tile_id) == ("Japan", None, None)
    assert (lon, lat) == (
        pytest.approx(places[item_id - 1][0], abs=1e-6),
        pytest.approx(places[item_id - 1][1], abs=1e-6),
    )
