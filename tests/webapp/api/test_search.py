"""The six searches: each answers with the rows of its SQL function."""

import json
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg.rows import dict_row

from tests.builders.towns import TOWNS, TownDatabase
from tests.webapp.problem import assert_problem

HARBOUR_TOWN, OTHER_TOWN = TOWNS[0], TOWNS[3]
AREA = {"type": "Polygon", "coordinates": [[[10, -40], [30, -40], [30, 0], [10, 0], [10, -40]]]}
FOUND = ("rank", "block_id", "tile_id", "similarity", "distance_m", "compared", "is_exact")
EVERYWHERE = {"type": "Polygon", "coordinates": [[[-170, -80], [170, -80], [170, 80], [-170, 80], [-170, -80]]]}


def expected(towns: TownDatabase, call: str, *parameters: Any) -> list[dict[str, Any]]:
    query = f"SELECT {', '.join(FOUND)} FROM {call} ORDER BY rank"  # noqa: S608
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        rows = conn.execute(query, parameters).fetchall()  # type: ignore[call-overload]
    return [
        {**row, "similarity": pytest.approx(row["similarity"]), "distance_m": pytest.approx(row["distance_m"])}
        for row in rows
    ]


def found(answer: dict[str, Any]) -> list[dict[str, Any]]:
    return [{name: match[name] for name in FOUND} for match in answer["matches"]]


SEARCHES: dict[str, tuple[dict[str, Any], str]] = {
    "defaults": ({}, ""),
    "k": ({"k": 3}, ", k => 3"),
    "none": ({"k": 0}, ", k => 0"),
    "method": ({"method": "dominant"}, ", method => 'dominant'"),
    "radius": ({"exclude_within_m": 2_000_000}, ", exclude_within_m => 2000000"),
    "same city": ({"exclude_same_city": False}, ", exclude_same_city => false"),
    "cities": ({"exclude_city_ids": [1, -2]}, ", exclude_city_ids => '{1,-2}'"),
    "days": ({"period": "2024-07-01/2024-07-31"}, ", period => '[2024-07-01,2024-07-31]'"),
    "other days": ({"period": "2023-07-01/2023-07-31"}, ", period => '[2023-07-01,2023-07-31]'"),
    "clear": ({"min_valid_share": 0.9}, ", min_valid_share => 0.9"),
    "per city": ({"max_per_city": 1}, ", max_per_city => 1"),
    "countries": ({"countries": ["JP", "ZA"]}, ", countries => '{JP,ZA}'"),
    "excluded countries": ({"exclude_countries": ["JP", "ZA"]}, ", exclude_countries => '{JP,ZA}'"),
    "continents": ({"continents": ["Europe", "North America"]}, ", continents => '{Europe,North America}'"),
    "any origin": ({"origin": "any"}, ", origin => 'any'"),
    "other origin": ({"origin": "real"}, ", origin => 'real'"),
    "floor": ({"min_similarity": 0.5}, ", min_similarity => 0.5"),
    "exact": ({"exact": True}, ", exact => true"),
    "area": ({"within": AREA}, ", within => ST_MakeEnvelope(10, -40, 30, 0, 4326)"),
}


def as_text(value: Any) -> str:
    """Return a JSON value as it is written in a query string."""
    if isinstance(value, list):
        return ", ".join(map(str, value))
    return value if isinstance(value, str) else json.dumps(value)


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize(("arguments", "in_sql"), SEARCHES.values(), ids=SEARCHES)
def test_similar_answers_with_the_rows_of_similar_tiles(
    client: FlaskClient, towns: TownDatabase, arguments: dict[str, Any], in_sql: str, verb: str
) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    query = {"tile_id": tile_id, **arguments}
    if verb == "get":
        response = client.get("/api/v1/similar", query_string={name: as_text(value) for name, value in query.items()})
    else:
        response = client.post("/api/v1/similar", json=query)
    answer = response.get_json()
    assert found(answer) == expected(towns, f"api.similar_tiles(%s{in_sql})", tile_id)
    assert (answer["tile_id"], answer["query"]["kind"]) == (tile_id, "tile")
    assert {name: answer["query"][name] for name in arguments} == arguments
    assert answer["method"] == arguments.get("method", "mean")
    finds_none = arguments.get("k") == 0 or "2023" in arguments.get("period", "") or arguments.get("origin") == "real"
    assert bool(answer["matches"]) != finds_none


@pytest.mark.parametrize("verb", ["get", "post"])
def test_similar_at_searches_by_the_tile_at_the_position(client: FlaskClient, towns: TownDatabase, verb: str) -> None:
    tile = client.get(f"/api/v1/tiles/{towns.tile_of(OTHER_TOWN.city_id, 'suburb')}").get_json()
    query = {"lon": tile["lon"], "lat": tile["lat"], "k": 7, "method": "dominant"}
    response = (
        client.get("/api/v1/similar-at", query_string=query)
        if verb == "get"
        else client.post("/api/v1/similar-at", json=query)
    )
    answer = response.get_json()
    assert found(answer) == expected(
        towns, "api.similar_at(%s, %s, k => 7, method => 'dominant')", tile["lon"], tile["lat"]
    )
    assert (len(answer["matches"]), answer["query"]["kind"], answer["tile_id"]) == (7, "position", None)


def test_examples_may_be_positive_and_negative(client: FlaskClient, towns: TownDatabase) -> None:
    positive = [towns.tile_of(town.city_id, "harbour") for town in TOWNS[:2]]
    negative = [towns.tile_of(HARBOUR_TOWN.city_id, "centre")]
    answer = client.post(
        "/api/v1/similar-to-examples", json={"positive": positive, "negative": negative, "negative_weight": 0.5}
    ).get_json()
    assert found(answer) == expected(towns, "api.similar_to_examples(%s, %s, 0.5)", positive, negative)
    assert answer["query"]["positive"] == positive
    without = client.post("/api/v1/similar-to-examples", json={"positive": positive}).get_json()
    assert found(without) == expected(towns, "api.similar_to_examples(%s)", positive)


@pytest.mark.parametrize("kind", ["Polygon", "MultiPolygon"])
def test_an_area_is_searched_as_a_whole(client: FlaskClient, towns: TownDatabase, kind: str) -> None:
    area = AREA if kind == "Polygon" else {"type": "MultiPolygon", "coordinates": [AREA["coordinates"]]}
    answer = client.post("/api/v1/similar-to-area", json={"area": area, "k": 9}).get_json()
    assert found(answer) == expected(
        towns, "api.similar_to_area(ST_GeomFromGeoJSON(%s::text), k => 9)", json.dumps(area)
    )
    assert answer["query"]["area"] == area


@pytest.mark.parametrize("verb", ["get", "post"])
@pytest.mark.parametrize(
    ("arguments", "in_sql"),
    [
        ({}, ""),
        ({"unit": "block", "method": "mean"}, ""),
        ({"max_per_tile": 3, "k": 50}, ", max_per_tile => 3, k => 50"),
        ({"max_per_city": 2, "exclude_same_city": False}, ", max_per_city => 2, exclude_same_city => false"),
    ],
)
def test_a_search_by_block_answers_with_the_rows_of_similar_blocks(
    client: FlaskClient, towns: TownDatabase, arguments: dict[str, Any], in_sql: str, verb: str
) -> None:
    block_id = towns.tile_of(HARBOUR_TOWN.city_id, "centre") << 6 | 24
    query = {"block_id": block_id, **arguments}
    if verb == "get":
        response = client.get("/api/v1/similar-blocks", query_string={n: as_text(v) for n, v in query.items()})
    else:
        response = client.post("/api/v1/similar-blocks", json=query)
    answer = response.get_json()
    assert found(answer) == expected(towns, f"api.similar_blocks(%s{in_sql})", block_id)
    assert (answer["block_id"], answer["tile_id"], answer["method"]) == (block_id, None, "mean")
    assert (answer["query"]["kind"], answer["query"]["unit"]) == ("block", "block")
    best = answer["matches"][0]
    assert client.get(f"/api/v1/blocks/{best['block_id']}").get_json()["footprint"] == best["footprint"]


@pytest.mark.parametrize("kind", ["at", "to-examples", "to-area"])
def test_other_searches_find_blocks_by_unit(client: FlaskClient, towns: TownDatabase, kind: str) -> None:
    block_id = towns.tile_of(HARBOUR_TOWN.city_id, "centre") << 6 | 24
    block = client.get(f"/api/v1/blocks/{block_id}").get_json()
    body, call, parameters = {
        "at": ({"lon": block["lon"], "lat": block["lat"]}, "at(%s, %s", [block["lon"], block["lat"]]),
        "to-examples": (
            {"positive": [block_id], "negative": [block_id + 1]}, "to_examples(%s, %s", [[block_id], [block_id + 1]]
        ),
        "to-area": (
            {"area": block["footprint"]}, "to_area(ST_GeomFromGeoJSON(%s::text)", [json.dumps(block["footprint"])]
        ),
    }[kind]  # fmt: skip
    answer = client.post(f"/api/v1/similar-{kind}", json={**body, "unit": "block"}).get_json()
    assert found(answer) == expected(towns, f"api.similar_{call}, unit => 'block')", *parameters)
    assert all(match["block_id"] >> 6 == match["tile_id"] for match in answer["matches"])
    assert len(answer["matches"]) == 20


def test_harbours_of_other_towns_come_first_with_country_and_centre(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    tiles = client.get(f"/api/v1/similar?tile_id={tile_id}&k=12").get_json()["matches"]
    assert {towns.form_of(tile["tile_id"]) for tile in tiles} == {"harbour"}
    countries = {town.city_id: town.country for town in TOWNS}
    for tile in tiles:
        assert tile["country"] == countries[tile["city_id"]]
        west_to_east = [lon for lon, _ in tile["footprint"]["coordinates"][0][0]]
        assert min(west_to_east) < tile["lon"] < max(west_to_east)
        assert tile["has_thumbnail"] == (tile["city_id"] != TOWNS[-1].city_id)
        assert tile["is_synthetic"] is True
        assert (tile["period"], tile["is_date_known"]) == ("2024-06-01/2024-08-31", True)
        assert (tile["licences"], tile["attributions"]) == (["CC0-1.0"], ["Made by terrakin", "Not observed"])


@pytest.mark.parametrize(
    ("path", "body", "field"),
    [
        ("similar", {}, "tile_id"),
        ("similar", {"tile_id": "1"}, "tile_id"),
        ("similar", {"tile_id": 1, "k": 10**9}, "k"),
        ("similar", {"tile_id": 1, "within": {"type": "Point", "coordinates": [1, 2]}}, "within"),
        ("similar", {"tile_id": 1, "kind": "area"}, "kind"),
        ("similar", {"tile_id": 1, "origin": "made up"}, "origin"),
        ("similar", {"tile_id": 1, "unit": "block"}, "unit"),
        ("similar", {"tile_id": 1, "block_id": 64}, "block_id"),
        ("similar-blocks", {"block_id": 64, "unit": "tile"}, "unit"),
        ("similar-blocks", {"block_id": 64, "max_per_tile": 0}, "max_per_tile"),
        ("similar-blocks", {"block_id": 64, "k": 1001}, "k"),
        ("similar-at", {"lon": 1, "lat": 1, "unit": "No Unit"}, "unit"),
        ("similar", {"tile_id": 1, "exclude_countries": ["DE", 1]}, "exclude_countries.1"),
        ("similar-at", {"lon": 1}, "lat"),
        ("similar-to-examples", {"positive": []}, "positive"),
        ("similar-to-examples", {"positive": list(range(101))}, "positive"),
        ("similar-to-examples", {"positive": [1], "negative_weight": 2}, "negative_weight"),
        ("similar-to-area", {"area": "everywhere"}, "area"),
        ("similar-to-area", {"area": None}, "area"),
        ("similar-to-area", {"area": {"type": "Polygon", "coordinates": []}}, "area"),
        (
            "similar-to-area",
            {"area": {"type": "Polygon", "coordinates": [[[0, 0], [0, 1e300], [1, 1], [0, 0]]]}},
            "area",
        ),
        ("similar-to-area", [], "_schema"),
    ],
)
def test_an_invalid_body_is_422_and_names_the_field(client: FlaskClient, path: str, body: Any, field: str) -> None:
    response = client.post(f"/api/v1/{path}", json=body)
    assert response.status_code == 422
    assert response.content_type == "application/problem+json"
    assert {error["field"] for error in response.get_json()["errors"]} == {field}


def test_a_query_without_a_tile_is_404_with_a_hint(client: FlaskClient) -> None:
    sea = {"type": "Polygon", "coordinates": [[[-31, 0], [-30, 0], [-30, 1], [-31, 0]]]}
    for path, body in (
        ("similar-to-area", {"area": sea}),
        ("similar-to-examples", {"positive": [1]}),
        ("similar-at", {"lon": -30, "lat": 0}),
    ):
        response = client.post(f"/api/v1/{path}", json=body)
        assert response.status_code == 404
        assert response.get_json()["detail"]


def test_a_block_that_does_not_exist_is_404_with_its_id(client: FlaskClient, towns: TownDatabase) -> None:
    unknown, without_blocks = 64, towns.tile_of(TOWNS[-1].city_id, "harbour") << 6
    for block_id, hint in ((unknown, "api.block_at"), (without_blocks, "terrakin etl run")):
        for path in (f"similar-blocks?block_id={block_id}", f"blocks/{block_id}"):
            assert_problem(client.get(f"/api/v1/{path}"), 404, f"block {block_id} does not exist")
        assert_problem(client.get(f"/api/v1/similar-blocks?block_id={block_id}"), 404, hint)


def test_blocks_are_compared_by_mean_alone(client: FlaskClient, tile_id: int) -> None:
    response = client.get(f"/api/v1/similar-blocks?block_id={tile_id << 6}&method=std")
    assert_problem(response, 422, "'std'", "mean alone")


def test_files_take_the_same_filters(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    response = client.get(f"/api/v1/similar?tile_id={tile_id}&exclude_countries=JP,ZA&format=geojson")
    found_in = {feature["properties"]["country_code"] for feature in response.get_json(force=True)["features"]}
    assert found_in
    assert not found_in & {"JP", "ZA"}


def test_an_unknown_country_code_is_422_with_a_hint(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    response = client.get(f"/api/v1/similar?tile_id={tile_id}&exclude_countries=JP,jp")
    assert response.status_code == 422
    assert "'jp'" in response.get_json()["detail"]
    assert "api.country_overview" in response.get_json()["detail"]


@pytest.mark.parametrize("text", ["", "{", "nonsense", '{"tile_id": NaN}', "[" * 30_000])
def test_a_body_that_is_not_json_is_refused(client: FlaskClient, text: str) -> None:
    response = client.post("/api/v1/similar", data=text, content_type="application/json")
    assert response.status_code in (400, 422)
    assert response.content_type == "application/problem+json"


def test_similar_cities_answers_with_the_rows_of_the_sql_function(client: FlaskClient, towns: TownDatabase) -> None:
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        rows = conn.execute("SELECT * FROM api.similar_cities(-1, 3, max_query_tiles => 10) ORDER BY rank").fetchall()
    answer = client.get("/api/v1/similar-cities?city_id=-1&k=3").get_json()
    assert [{name: city[name] for name in row} for city, row in zip(answer["cities"], rows, strict=True)] == [
        {name: pytest.approx(value) if isinstance(value, float) else value for name, value in row.items()}
        for row in rows
    ]
    assert (answer["method"], answer["origin"]) == ("mean", None)
    assert client.get("/api/v1/similar-cities?city_id=-1&origin=real").get_json()["cities"] == []
    towns_by_id = {town.city_id: town for town in TOWNS}
    assert all(city["country"] == towns_by_id[city["city_id"]].country for city in answer["cities"])
    assert client.get("/api/v1/similar-cities?city_id=99").status_code == 404
