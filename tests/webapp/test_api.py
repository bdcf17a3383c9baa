import json
import threading
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg.rows import dict_row
from pyproj import Geod
from shapely.geometry import shape

from db import cluster
from db.migrate import migrate
from db.settings import Settings
from tests.webapp.towns import TOWNS, TownDatabase, picture
from webapp import create_app
from webapp.database import EXTENSION
from webapp.errors import ServerError

HARBOUR_TOWN, OTHER_TOWN = TOWNS[0], TOWNS[3]


def sql(towns: TownDatabase, query: str, *parameters: Any) -> list[dict[str, Any]]:
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        return conn.execute(query, parameters).fetchall()  # type: ignore[call-overload]


def assert_problem(response: Any, status: int, *words: str) -> None:
    assert response.status_code == status
    assert response.content_type == "application/problem+json"
    problem = response.get_json()
    assert problem["status"] == status
    assert problem["title"]
    for word in words:
        assert word in problem["detail"]


def test_a_tile_is_its_row_of_tile_overview(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    (row,) = sql(
        towns, "SELECT *, ST_AsGeoJSON(footprint)::json AS outline FROM api.tile_overview WHERE tile_id = %s", tile_id
    )
    answer = client.get(f"/api/v1/tiles/{tile_id}").get_json()
    assert answer["footprint"] == row["outline"]
    assert answer["period"] == "2024-06-01/2024-08-31"
    for name in set(answer) - {"footprint", "period", "dominant_area"}:
        assert answer[name] == pytest.approx(row[name]) if isinstance(row[name], float) else answer[name] == row[name]
    assert set(row) - {"outline"} | {"dominant_area"} == set(answer)


def test_how_alike_and_how_far_apart_two_tiles_are(client: FlaskClient, towns: TownDatabase) -> None:
    """Against NumPy's cosine and PROJ's geodesic."""
    a, b = towns.tile_of(HARBOUR_TOWN.city_id, "harbour"), towns.tile_of(OTHER_TOWN.city_id, "suburb")
    query = "SELECT embedding_dominant::text AS v, lon, lat FROM terrakin.tiles JOIN api.tile_overview USING (tile_id) "
    (one, other) = sql(towns, query + "WHERE tile_id IN (%s, %s) ORDER BY tile_id = %s", a, b, b)
    v, w = (np.array(json.loads(row["v"])) for row in (one, other))
    answer = client.get(f"/api/v1/similarity?a={a}&b={b}&method=dominant").get_json()
    assert answer["similarity"] == pytest.approx(v @ w / np.linalg.norm(v) / np.linalg.norm(w), abs=1e-6)
    metres = Geod(ellps="WGS84").inv(one["lon"], one["lat"], other["lon"], other["lat"])[2]
    assert answer["distance_m"] == pytest.approx(metres, rel=1e-6)
    assert (answer["a"], answer["b"], answer["method"]) == (a, b, "dominant")


def test_no_similarity_of_tiles_that_do_not_exist(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    assert_problem(client.get(f"/api/v1/similarity?a={tile_id}&b=1"), 404, "tile 1")
    assert_problem(client.get(f"/api/v1/similarity?a={tile_id}&b={tile_id}&method=mode"), 422, "method")


def test_the_dominant_area_is_the_northern_half_of_the_tile(client: FlaskClient, towns: TownDatabase) -> None:
    tile = client.get(f"/api/v1/tiles/{towns.tile_of(OTHER_TOWN.city_id, 'suburb')}").get_json()
    area, footprint = shape(tile["dominant_area"]), shape(tile["footprint"])
    assert area.geom_type == "MultiPolygon"
    assert area.area == pytest.approx(footprint.area / 2, rel=1e-3)
    assert area.centroid.y > footprint.centroid.y


def test_a_thumbnail_is_the_tiles_picture_and_304_when_the_client_has_it(
    client: FlaskClient, towns: TownDatabase
) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    first = client.get(f"/api/v1/tiles/{tile_id}/thumbnail")
    assert (first.content_type, first.data) == ("image/webp", picture(tile_id))
    assert "max-age" in first.headers["Cache-Control"]
    again = client.get(f"/api/v1/tiles/{tile_id}/thumbnail", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_tile_without_thumbnail_says_so(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWNS[-1].city_id, "harbour")
    assert client.get(f"/api/v1/tiles/{tile_id}").get_json()["has_thumbnail"] is False
    assert_problem(client.get(f"/api/v1/tiles/{tile_id}/thumbnail"), 404, "no thumbnail")


def test_cities_come_in_pages_and_one_by_one(client: FlaskClient) -> None:
    first = client.get("/api/v1/cities?limit=3").get_json()
    second = client.get(f"/api/v1/cities?limit=3&offset={first['next']}").get_json()
    assert (first["total"], second["total"], second["next"]) == (5, 5, None)
    assert [city["city"] for city in first["cities"] + second["cities"]] == sorted(town.name for town in TOWNS)
    beyond = client.get("/api/v1/cities?offset=100").get_json()
    assert beyond == {"total": 5, "cities": [], "next": None}
    for city in first["cities"]:
        assert client.get(f"/api/v1/cities/{city['city_id']}").get_json() == city
        west, south, east, north = city["bounds"]
        assert west < city["lon"] < east
        assert south < city["lat"] < north
        assert (city["n_tiles"], city["is_synthetic"]) == (9, True)
    assert_problem(client.get("/api/v1/cities/7"), 404, "city 7")


def test_a_city_is_found_by_a_part_of_its_name(client: FlaskClient) -> None:
    assert [c["city_id"] for c in client.get("/api/v1/cities?q=BÉTAh").get_json()["cities"]] == [-2]
    assert client.get("/api/v1/cities?q=%25").get_json()["total"] == 0


def test_countries_are_those_with_tiles(client: FlaskClient) -> None:
    expected = [
        {"code": t.country_code, "name": t.country, "continent": t.continent, "n_cities": 1, "n_tiles": 9}
        for t in sorted(TOWNS, key=lambda town: town.country)
    ]
    assert client.get("/api/v1/countries").get_json()["countries"] == expected


def test_the_configuration_is_the_operators(towns: TownDatabase) -> None:
    settings = replace(towns.settings, imagery="none", mapbox_token="pk.abc", tiles_url="https://martin.example/tiles")
    answer = create_app(settings).test_client().get("/api/v1/config").get_json()
    imagery = {provider["id"]: provider for provider in answer["imagery"]}
    assert set(imagery) == {"eox", "mapbox", "esri", "none"}
    assert (answer["default_imagery"], answer["tiles_url"]) == ("none", "https://martin.example/tiles")
    assert imagery["mapbox"]["tiles_url"].endswith("access_token=pk.abc")
    assert imagery["mapbox"]["needs_token"] is False
    assert imagery["none"]["tiles_url"] is None


def test_without_the_operators_token_the_user_gives_one(client: FlaskClient) -> None:
    answer = client.get("/api/v1/config").get_json()
    needing = {provider["id"]: provider["tiles_url"] for provider in answer["imagery"] if provider["needs_token"]}
    assert list(needing) == ["mapbox"]
    assert "{token}" in needing["mapbox"]
    assert (answer["default_imagery"], answer["tiles_url"]) == ("eox", "/tiles")


def test_unknown_imagery_is_refused_at_the_start(towns: TownDatabase) -> None:
    with pytest.raises(ServerError, match=r"TERRAKIN_IMAGERY is 'bing'; choose one of eox"):
        create_app(replace(towns.settings, imagery="bing"))


def test_the_tile_at_its_centre_is_the_tile(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(OTHER_TOWN.city_id, "suburb")
    tile = client.get(f"/api/v1/tiles/{tile_id}").get_json()
    at_centre = client.get("/api/v1/tile-at", query_string={"lon": tile["lon"], "lat": tile["lat"]}).get_json()
    assert at_centre == tile


def test_there_is_no_tile_in_the_sea(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/tile-at?lon=-30&lat=0"), 404, "-30.0", "no tile")


@pytest.mark.parametrize("path", ["/api/v1/tiles/1", "/api/v1/similar?tile_id=1", f"/api/v1/tiles/{2**63 - 1}"])
def test_an_unknown_tile_is_404_with_what_to_do(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(path), 404, "does not exist", "tile")


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
        ("/api/v1/tile-at?lon=0", "lat"),
    ],
)
def test_a_senseless_value_is_422_and_named(client: FlaskClient, path: str, field: str) -> None:
    response = client.get(path)
    assert_problem(response, 422, field)
    assert [error["field"] for error in response.get_json()["errors"]] == [field]


def test_what_the_database_refuses_is_422_in_its_words(client: FlaskClient, towns: TownDatabase) -> None:
    """A null character passes pydantic; PostgreSQL's text cannot hold it."""
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    assert_problem(client.get(f"/api/v1/similar?tile_id={tile_id}&countries=%00"), 422)


def test_an_unknown_address_is_404(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/nothing"), 404)


def test_the_encoder_is_told_with_counts_and_that_the_data_are_synthetic(client: FlaskClient) -> None:
    answer = client.get("/api/v1/encoder").get_json()
    assert (answer["name"], answer["weights"], answer["post_processing"]) == ("mosaiks", "fitted", "standardised")
    assert (answer["n_tiles"], answer["n_cities"], answer["n_countries"]) == (45, 5, 5)
    assert answer["is_synthetic"] is True


def test_an_empty_database_has_no_encoder(database: Settings) -> None:
    app = create_app(database)
    answer = app.test_client().get("/api/v1/encoder").get_json()
    app.extensions[EXTENSION].close()
    assert answer["name"] is None
    assert answer["n_tiles"] == 0
    assert answer["is_synthetic"] is False


def test_the_specification_describes_all_arguments_of_similar_tiles(client: FlaskClient, towns: TownDatabase) -> None:
    (row,) = sql(towns, "SELECT proargnames[:pronargs] AS names FROM pg_proc WHERE oid = 'api.similar_tiles'::regproc")
    parameters = client.get("/api/openapi.json").get_json()["paths"]["/api/v1/similar"]["get"]["parameters"]
    assert {p["name"] for p in parameters} == {"tile_id", "format", *row["names"][1:]}


def test_the_app_only_reads(app: Any) -> None:
    with app.app_context(), pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        app.extensions[EXTENSION].rows("DELETE FROM terrakin.tiles")


def test_a_cancelled_statement_is_504(client: FlaskClient, towns: TownDatabase) -> None:
    """As the reader's statement_timeout would end it: the query waits for a lock, and is cancelled (SQLSTATE 57014)."""
    answers: list[Any] = []
    cancel = """
        SELECT pg_cancel_backend(pid)
        FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'terrakin-web' AND wait_event_type = 'Lock'
    """
    with (
        psycopg.connect(towns.settings.database_url or "") as holder,
        psycopg.connect(towns.settings.database_url or "", autocommit=True) as other,
    ):
        holder.execute("LOCK TABLE terrakin.tiles IN ACCESS EXCLUSIVE MODE")
        asking = threading.Thread(target=lambda: answers.append(client.get("/api/v1/tiles/1")))
        asking.start()
        while asking.is_alive() and not other.execute(cancel).fetchall():
            time.sleep(0.02)
        asking.join()
    assert_problem(answers[0], 504, "fewer")


def test_a_database_without_the_schema_is_503_with_what_to_do(server_home: Path, tmp_path: Path) -> None:
    address = cluster.running(server_home)
    assert address is not None
    app = create_app(Settings(tmp_path, database_url=address.url(database="postgres")))
    response = app.test_client().get("/api/v1/encoder")
    app.extensions[EXTENSION].close()
    assert_problem(response, 503, "terrakin db migrate")


def test_while_the_database_is_away_answers_are_503_and_afterwards_200(empty_home: Path) -> None:
    settings = Settings(empty_home)
    migrate(settings)
    app = create_app(settings)
    client = app.test_client()
    assert client.get("/health").get_json() == {"status": "ok"}
    cluster.stop(empty_home)
    for path in ("/health", "/tiles/grid/0/0/0"):
        response = client.get(path)
        assert_problem(response, 503, "terrakin db status")
        assert response.headers["Retry-After"]
    cluster.start(empty_home)
    deadline = time.monotonic() + 30
    while client.get("/health").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert client.get("/api/v1/encoder").status_code == 200
    app.extensions[EXTENSION].close()
