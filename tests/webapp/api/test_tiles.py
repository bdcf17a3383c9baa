import json
from typing import Any

import numpy as np
import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg.rows import dict_row
from pyproj import Geod
from shapely.geometry import shape

from tests.builders.towns import N_BLOCKS, TOWNS, TownDatabase, picture
from tests.webapp.problem import assert_problem, invalid_fields

HARBOUR_TOWN, OTHER_TOWN = TOWNS[0], TOWNS[3]


def sql(towns: TownDatabase, query: str, *parameters: Any) -> list[dict[str, Any]]:
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        return conn.execute(query, parameters).fetchall()  # type: ignore[call-overload]


def test_a_tile_is_its_row_of_tile_overview(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    (row,) = sql(
        towns, "SELECT *, ST_AsGeoJSON(footprint)::json AS outline FROM api.tile_overview WHERE tile_id = %s", tile_id
    )
    answer = client.get(f"/api/v1/tiles/{tile_id}").get_json()
    assert answer["footprint"] == row["outline"]
    assert (answer["period"], answer["is_date_known"]) == ("2024-06-01/2024-08-31", True)
    assert (answer["licences"], answer["attributions"]) == (["CC0-1.0"], ["Made by terrakin", "Not observed"])
    for name in set(answer) - {"footprint", "period", "dominant_area", "block_numbers"}:
        expected = pytest.approx(row[name]) if isinstance(row[name], float) else row[name]
        assert answer[name] == expected, name
    assert set(row) - {"outline", "first_day", "last_day"} | {"dominant_area", "block_numbers"} == set(answer)
    assert answer["period"] == f"{row['first_day']}/{row['last_day']}"
    assert answer["block_numbers"] == list(range(N_BLOCKS))


def test_similarity_and_distance_equal_those_of_numpy_and_proj(client: FlaskClient, towns: TownDatabase) -> None:
    a, b = towns.tile_of(HARBOUR_TOWN.city_id, "harbour"), towns.tile_of(OTHER_TOWN.city_id, "suburb")
    query = "SELECT embedding_dominant::text AS v, lon, lat FROM terrakin.tiles JOIN api.tile_overview USING (tile_id) "
    (one, other) = sql(towns, query + "WHERE tile_id IN (%s, %s) ORDER BY tile_id = %s", a, b, b)
    v, w = (np.array(json.loads(row["v"])) for row in (one, other))
    answer = client.get(f"/api/v1/similarity?a={a}&b={b}&method=dominant").get_json()
    assert answer["similarity"] == pytest.approx(v @ w / np.linalg.norm(v) / np.linalg.norm(w), abs=1e-6)
    metres = Geod(ellps="WGS84").inv(one["lon"], one["lat"], other["lon"], other["lat"])[2]
    assert answer["distance_m"] == pytest.approx(metres, rel=1e-6)
    assert (answer["a"], answer["b"], answer["method"]) == (a, b, "dominant")
    assert client.get(f"/api/v1/similarity?a={a}&b={b}").get_json()["method"] == "mean"


def test_the_similarity_of_an_unknown_tile_is_404(client: FlaskClient, tile_id: int) -> None:
    assert_problem(client.get(f"/api/v1/similarity?a={tile_id}&b=1"), 404, "tile 1")


def test_an_unknown_method_is_422(client: FlaskClient, tile_id: int) -> None:
    assert invalid_fields(client.get(f"/api/v1/similarity?a={tile_id}&b={tile_id}&method=mode")) == ["method"]


def test_the_dominant_area_is_the_northern_half_of_the_tile(client: FlaskClient, towns: TownDatabase) -> None:
    tile = client.get(f"/api/v1/tiles/{towns.tile_of(OTHER_TOWN.city_id, 'suburb')}").get_json()
    area, footprint = shape(tile["dominant_area"]), shape(tile["footprint"])
    assert area.geom_type == "MultiPolygon"
    assert area.area == pytest.approx(footprint.area / 2, rel=1e-3)
    assert area.centroid.y > footprint.centroid.y


def test_a_thumbnail_is_the_stored_picture_and_304_if_the_client_has_it(client: FlaskClient, tile_id: int) -> None:
    first = client.get(f"/api/v1/tiles/{tile_id}/thumbnail")
    assert (first.content_type, first.data) == ("image/webp", picture(tile_id))
    assert "max-age" in first.headers["Cache-Control"]
    again = client.get(f"/api/v1/tiles/{tile_id}/thumbnail", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_missing_thumbnail_is_404_with_the_command(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWNS[-1].city_id, "harbour")
    assert client.get(f"/api/v1/tiles/{tile_id}").get_json()["has_thumbnail"] is False
    assert_problem(client.get(f"/api/v1/tiles/{tile_id}/thumbnail"), 404, str(tile_id), "terrakin etl run")


def test_the_tile_at_the_centre_of_a_tile_is_that_tile(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(OTHER_TOWN.city_id, "suburb")
    tile = client.get(f"/api/v1/tiles/{tile_id}").get_json()
    at_centre = client.get("/api/v1/tile-at", query_string={"lon": tile["lon"], "lat": tile["lat"]}).get_json()
    assert at_centre == tile


def test_a_position_without_a_tile_is_404(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/tile-at?lon=-30&lat=0.5"), 404, "-30.0", "0.5")


def test_a_block_is_its_row_of_block_overview(client: FlaskClient, towns: TownDatabase) -> None:
    block_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour") << 6 | 9
    (row,) = sql(
        towns,
        "SELECT *, ST_AsGeoJSON(footprint)::json AS outline FROM api.block_overview WHERE block_id = %s",
        block_id,
    )
    answer = client.get(f"/api/v1/blocks/{block_id}").get_json()
    tile = client.get(f"/api/v1/tiles/{answer['tile_id']}").get_json()
    assert (answer["footprint"], answer["tile_footprint"]) == (row["outline"], tile["footprint"])
    assert (answer["row"], answer["col"], answer["has_thumbnail"]) == (1, 2, True)
    assert (answer["period"], answer["valid_share"]) == ("2024-06-01/2024-08-31", pytest.approx(0.9))
    for name in ("block_id", "tile_id", "city_id", "city", "country_code", "country", "continent", "licences"):
        assert answer[name] == row[name], name


def test_the_block_at_the_centre_of_a_block_is_that_block(client: FlaskClient, towns: TownDatabase) -> None:
    for number in (0, 6, 24, 42, 48):
        block = client.get(f"/api/v1/blocks/{towns.tile_of(OTHER_TOWN.city_id, 'suburb') << 6 | number}").get_json()
        position = {"lon": block["lon"], "lat": block["lat"]}
        assert client.get("/api/v1/block-at", query_string=position).get_json() == block


def test_a_position_without_a_block_is_404(client: FlaskClient, towns: TownDatabase) -> None:
    assert_problem(client.get("/api/v1/block-at?lon=-30&lat=0.5"), 404, "no tile", "-30.0", "0.5")
    tile = client.get(f"/api/v1/tiles/{towns.tile_of(TOWNS[-1].city_id, 'harbour')}").get_json()
    response = client.get("/api/v1/block-at", query_string={"lon": tile["lon"], "lat": tile["lat"]})
    assert_problem(response, 404, f"tile {tile['tile_id']} has no block", "search by tile")


@pytest.mark.parametrize("tile_id", [1, 2**63 - 1])
@pytest.mark.parametrize("path", ["/api/v1/tiles/{}", "/api/v1/similar?tile_id={}"])
def test_an_unknown_tile_is_404_with_its_id(client: FlaskClient, path: str, tile_id: int) -> None:
    assert_problem(client.get(path.format(tile_id)), 404, f"tile {tile_id}")


@pytest.mark.parametrize(
    ("path", "field"),
    [
        ("/api/v1/tiles/abc", "tile_id"),
        (f"/api/v1/tiles/{2**63}", "tile_id"),
        ("/api/v1/tiles/-1", "tile_id"),
        ("/api/v1/similar", "tile_id"),
        ("/api/v1/similar?tile_id=1&k=1000000000", "k"),
        ("/api/v1/similar?tile_id=1&k=-1", "k"),
        ("/api/v1/similar?tile_id=1&method=%27%3BDROP%20TABLE%20tiles", "method"),
        ("/api/v1/similar?tile_id=1&exclude_within_m=nan", "exclude_within_m"),
        ("/api/v1/similar?tile_id=1&max_per_city=0", "max_per_city"),
        ("/api/v1/similar?tile_id=1&min_similarity=2", "min_similarity"),
        ("/api/v1/similar?tile_id=1&maximum=2", "maximum"),
        ("/api/v1/similar?tile_id=1&period=summer", "period"),
        ("/api/v1/similar?tile_id=1&period=2024-07-31/2024-07-01", "period"),
        ("/api/v1/similar?tile_id=1&exclude_city_ids=Lisbon", "exclude_city_ids.0"),
        (f"/api/v1/similar?tile_id=1&exclude_city_ids={2**64}", "exclude_city_ids.0"),
        ("/api/v1/similar?tile_id=1&min_valid_share=2", "min_valid_share"),
        ("/api/v1/similar?tile_id=1&within=nonsense", "within"),
        ('/api/v1/similar?tile_id=1&within={"type":"Point","coordinates":[1,2]}', "within"),
        (
            '/api/v1/similar?tile_id=1&within={"type":"Polygon","coordinates":[[[0,0],[1,1],[0,1],[1,0],[0,0]]]}',
            "within",
        ),
        ("/api/v1/tile-at?lon=181&lat=0", "lon"),
        ("/api/v1/block-at?lon=181&lat=0", "lon"),
        ("/api/v1/blocks/-1", "block_id"),
        ("/api/v1/tile-at?lon=0", "lat"),
    ],
)
def test_an_invalid_value_is_422_with_its_field(client: FlaskClient, path: str, field: str) -> None:
    response = client.get(path)
    assert invalid_fields(response) == [field]
    assert field in response.get_json()["detail"]
