"""How answers are delivered: ETags, limits, headers, request ids, metrics, and the reference page."""

import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from threading import Thread
from urllib.request import urlopen

import pytest
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from db.connect import connect
from db.settings import Settings, read_settings
from tests.webapp.towns import TOWNS, TownDatabase, build_towns
from webapp import create_app
from webapp.database import EXTENSION
from webapp.errors import ServerError
from webapp.pages import STATIC


@pytest.fixture
def tile_id(towns: TownDatabase) -> int:
    return towns.tile_of(TOWNS[0].city_id, "harbour")


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_an_answer_that_the_client_has_is_304_and_not_asked_for(
    client: FlaskClient, tile_id: int, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, headers = f"/api/v1/similar?tile_id={tile_id}", {"Accept-Encoding": encoding}
    first = client.get(path, headers=headers)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    monkeypatch.setattr("webapp.search.SEARCH", "SELECT 1 / 0")
    again = client.get(path, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={**headers, "If-None-Match": '"other"'}).status_code == 422


def test_what_every_page_asks_for_is_kept_while_the_data_are_the_same(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/api/v1/countries")
    monkeypatch.setattr("webapp.api.COUNTRIES", "SELECT 1 / 0")
    again = client.get("/api/v1/countries")
    assert (again.status_code, again.data, again.content_type) == (200, first.data, first.content_type)


def test_another_question_has_another_tag(client: FlaskClient, tile_id: int) -> None:
    tags = [
        client.get(path).headers["ETag"]
        for path in (f"/api/v1/similar?tile_id={tile_id}", f"/api/v1/similar?tile_id={tile_id}&k=3", "/api/v1/cities")
    ]
    assert len(set(tags)) == 3


def test_errors_and_signs_of_life_are_not_kept(client: FlaskClient) -> None:
    for path in ("/api/v1/tiles/1", "/api/v1/nothing", "/health", "/api/v1/tiles/abc"):
        response = client.get(path)
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


@pytest.fixture
def limited(towns: TownDatabase) -> Iterator[FlaskClient]:
    settings = replace(
        towns.settings, rate_limit="3/minute", picture_rate_limit="4/minute", upload_rate_limit="1/minute"
    )
    app = create_app(settings)
    yield app.test_client()
    app.extensions[EXTENSION].close()


def test_who_asks_too_much_is_429_and_told_when_to_come_back(limited: FlaskClient) -> None:
    answers = [limited.get(path) for path in ("/api/v1/cities", "/api/v1/stats", "/api/v1/cities", "/api/v1/countries")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert answers[3].content_type == "application/problem+json"
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    assert "3 per 1 minute" in answers[3].get_json()["detail"]
    other = limited.get("/api/v1/cities", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200


def test_pictures_uploads_and_signs_of_life_are_counted_apart(limited: FlaskClient) -> None:
    assert [limited.get("/tiles/grid/0/0/0").status_code for _ in range(5)] == [200] * 4 + [429]
    assert [limited.post("/api/v1/similar-to-chip").status_code for _ in range(2)] == [422, 429]
    assert [limited.get("/health").status_code for _ in range(6)] == [200] * 6
    assert limited.get("/api/v1/cities").status_code == 200


def test_limits_can_be_switched_off_and_nonsense_is_refused(towns: TownDatabase) -> None:
    app = create_app(replace(towns.settings, rate_limit="none", picture_rate_limit="1/minute"))
    assert [app.test_client().get("/tiles/grid/0/0/0").status_code for _ in range(3)] == [200] * 3
    app.extensions[EXTENSION].close()
    with pytest.raises(ServerError, match="'many'"):
        create_app(replace(towns.settings, rate_limit="many"))


def test_the_address_behind_a_proxy_counts_only_where_the_operator_says_so(towns: TownDatabase) -> None:
    statuses = {}
    for proxies in (0, 1):
        app = create_app(replace(towns.settings, rate_limit="1/minute", proxies=proxies))
        statuses[proxies] = [
            app.test_client().get("/api/v1/countries", headers={"X-Forwarded-For": f"192.0.2.{i}"}).status_code
            for i in range(2)
        ]
        app.extensions[EXTENSION].close()
    assert statuses == {0: [200, 429], 1: [200, 200]}


def test_a_request_is_logged_with_its_id(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "webapp.request_log")
    own = client.get("/api/v1/countries").headers["X-Request-ID"]
    assert (
        client.get("/api/v1/countries", headers={"X-Request-ID": "from-proxy_1"}).headers["X-Request-ID"]
        == "from-proxy_1"
    )
    evil = client.get("/api/v1/none%0aevent=forged", headers={"X-Request-ID": "x" * 65}).headers["X-Request-ID"]
    lines = [record.getMessage() for record in caplog.records if record.name == "webapp.request_log"]
    assert [f"id={name} " in line for name, line in zip((own, "from-proxy_1", evil), lines, strict=True)] == [True] * 3
    assert [record.levelname for record in caplog.records if record.name == "webapp.request_log"] == [
        "INFO",
        "INFO",
        "WARNING",
    ]
    assert "status=404" in lines[2]
    assert "\n" not in lines[2]


def test_metrics_count_requests_by_endpoint_and_status(client: FlaskClient) -> None:
    def count(text: str) -> float:
        wanted = 'terrakin_http_requests_total{endpoint="api.countries",method="GET",status="200"} '
        return sum(float(line.removeprefix(wanted)) for line in text.splitlines() if line.startswith(wanted))

    before = count(client.get("/metrics").text)
    client.get("/api/v1/countries")
    text = client.get("/metrics").text
    assert count(text) == before + 1
    assert 'terrakin_http_request_seconds_bucket{endpoint="api.countries"' in text


def page_policy_of(client: FlaskClient) -> str:
    with client.get("/") as response:
        return response.headers["Content-Security-Policy"]


def test_browsers_may_load_only_what_the_map_needs(towns: TownDatabase, client: FlaskClient) -> None:
    page = page_policy_of(client)
    assert "default-src 'self'" in page
    for host in ("https://tiles.maps.eox.at", "https://api.mapbox.com", "https://server.arcgisonline.com"):
        assert page.count(host) == 2  # images and connections
    assert "unsafe-inline" not in page.split("style-src")[0]
    app = create_app(replace(towns.settings, tiles_url="https://martin.example/tiles"))
    assert "https://martin.example" in page_policy_of(app.test_client())
    for path in ("/api/v1/nothing", "/tiles/grid"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_compressed_body_is_refused(client: FlaskClient) -> None:
    response = client.post("/api/v1/similar", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert response.status_code == 415
    assert "Content-Encoding" in response.get_json()["detail"]


def test_the_specification_says_how_lists_areas_and_errors_are_written(client: FlaskClient) -> None:
    spec = client.get("/api/openapi.json").get_json()
    assert spec["openapi"].startswith("3.1")
    parameters = {p["name"]: p for p in spec["paths"]["/api/v1/similar"]["get"]["parameters"]}
    assert parameters["countries"]["explode"] is False
    assert "application/json" in parameters["within"]["content"]
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            if isinstance(operation, dict):
                assert operation["summary"], path
                assert "application/problem+json" in operation["responses"]["422"]["content"]


@pytest.mark.skipif(not (STATIC / "docs").is_dir(), reason="not built: run scripts/build_frontend.sh")
def test_the_reference_page_shows_every_address_without_another_server(
    browser: Browser, live_url: str, tmp_path: Path
) -> None:
    page = browser.new_page(viewport={"width": 1200, "height": 1600})
    asked: list[str] = []
    faults: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("console", lambda message: faults.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_url}/api/docs")
    page.wait_for_selector(".opblock")
    text = page.inner_text("#reference")
    page.screenshot(path=str(tmp_path / "docs.png"))
    page.close()
    assert {url for url in asked if not url.startswith((live_url, "data:"))} == set()
    assert faults == []
    with urlopen(f"{live_url}/api/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    for path in paths:
        assert path in text.replace("\u200b", "")


@pytest.fixture
def live_url(towns: TownDatabase) -> Iterator[str]:
    """The app behind a real HTTP server."""
    app = create_app(towns.settings)
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()
    app.extensions[EXTENSION].close()


def test_settings_are_read_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "IMAGERY": "esri", "MAPBOX_TOKEN": "pk", "TILES_URL": "https://t", "RATE_LIMIT": "1/second",
        "PICTURE_RATE_LIMIT": "2/second", "UPLOAD_RATE_LIMIT": "3/second", "RATE_LIMIT_STORAGE": "redis://r",
        "PROXIES": "2",
    }.items():  # fmt: skip
        monkeypatch.setenv(f"TERRAKIN_{name}", value)
    settings = read_settings()
    assert settings == Settings(
        settings.home, settings.database_url, settings.reader_url, "esri", "pk", "https://t", "1/second", "2/second",
        "3/second", "redis://r", 2,
    )  # fmt: skip


def test_an_etag_changes_with_the_data(database: Settings) -> None:
    with connect(database, autocommit=True) as conn:
        build_towns(conn)
        app = create_app(database)
        client = app.test_client()
        first = client.get("/api/v1/stats").headers["ETag"]
        conn.execute("UPDATE terrakin.tiles SET city_id = city_id")
        assert client.get("/api/v1/stats", headers={"If-None-Match": first}).status_code == 200
        app.extensions[EXTENSION].close()
