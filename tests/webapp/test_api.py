import json
import threading
import time
from pathlib import Path
from typing import Any

import psycopg
import pytest
from flask.testing import FlaskClient
from psycopg.rows import dict_row

from db import cluster
from db.migrate import migrate
from db.settings import Settings
from tests.webapp.towns import TOWNS, TownDatabase
from webapp import create_app
from webapp.database import EXTENSION

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
    for name in set(answer) - {"footprint", "period"}:
        assert answer[name] == pytest.approx(row[name]) if isinstance(row[name], float) else answer[name] == row[name]
    assert set(row) - {"outline"} == set(answer)


def test_the_tile_at_its_centre_is_the_tile(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(OTHER_TOWN.city_id, "suburb")
    tile = client.get(f"/api/v1/tiles/{tile_id}").get_json()
    at_centre = client.get("/api/v1/tile-at", query_string={"lon": tile["lon"], "lat": tile["lat"]}).get_json()
    assert at_centre == tile


def test_there_is_no_tile_in_the_sea(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/tile-at?lon=-30&lat=0"), 404, "-30.0", "no tile")


SEARCHES: dict[str, tuple[dict[str, Any], str]] = {
    "defaults": ({}, ""),
    "k": ({"k": 3}, ", k => 3"),
    "none": ({"k": 0}, ", k => 0"),
    "method": ({"method": "dominant"}, ", method => 'dominant'"),
    "radius": ({"exclude_within_m": 2_000_000}, ", exclude_within_m => 2000000"),
    "same city": ({"exclude_same_city": "false"}, ", exclude_same_city => false"),
    "cities": ({"exclude_city_ids": "1,2"}, ", exclude_city_ids => '{1,2}'"),
    "days": ({"period": "2024-07-01/2024-07-31"}, ", period => '[2024-07-01,2024-07-31]'"),
    "clear": ({"min_valid_share": 0.9}, ", min_valid_share => 0.9"),
    "per city": ({"max_per_city": 1}, ", max_per_city => 1"),
    "countries": ({"countries": "JP, ZA"}, ", countries => '{JP,ZA}'"),
    "continents": ({"continents": "Europe,North America"}, ", continents => '{Europe,North America}'"),
    "floor": ({"min_similarity": 0.5}, ", min_similarity => 0.5"),
    "exact": ({"exact": "true"}, ", exact => true"),
    "area": (
        {
            "within": json.dumps(
                {"type": "Polygon", "coordinates": [[[10, -40], [30, -40], [30, 0], [10, 0], [10, -40]]]}
            )
        },
        ", within => ST_MakeEnvelope(10, -40, 30, 0, 4326)",
    ),
}


@pytest.mark.parametrize(("arguments", "in_sql"), SEARCHES.values(), ids=SEARCHES)
def test_similar_is_the_answer_of_similar_tiles(
    client: FlaskClient, towns: TownDatabase, arguments: dict[str, Any], in_sql: str
) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    expected = sql(
        towns,
        f"SELECT rank, tile_id, similarity, distance_m FROM api.similar_tiles(%s{in_sql}) ORDER BY rank",  # noqa: S608
        tile_id,
    )
    answer = client.get("/api/v1/similar", query_string={"tile_id": tile_id, **arguments}).get_json()
    assert [
        {name: tile[name] for name in ("rank", "tile_id", "similarity", "distance_m")} for tile in answer["tiles"]
    ] == [
        {**row, "similarity": pytest.approx(row["similarity"]), "distance_m": pytest.approx(row["distance_m"])}
        for row in expected
    ]
    assert answer["tile_id"] == tile_id
    if arguments.get("k") != 0:
        assert answer["tiles"]


def test_harbours_of_other_towns_come_first_with_their_country_and_place(
    client: FlaskClient, towns: TownDatabase
) -> None:
    tile_id = towns.tile_of(HARBOUR_TOWN.city_id, "harbour")
    tiles = client.get(f"/api/v1/similar?tile_id={tile_id}&k=12").get_json()["tiles"]
    assert {towns.form_of(tile["tile_id"]) for tile in tiles} == {"harbour"}
    countries = {town.city_id: town.country for town in TOWNS}
    for tile in tiles:
        assert tile["country"] == countries[tile["city_id"]]
        west_to_east = [lon for lon, _ in tile["footprint"]["coordinates"][0]]
        assert min(west_to_east) < tile["lon"] < max(west_to_east)


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
    assert [p["name"] for p in parameters] == ["tile_id", *row["names"][1:]]


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
