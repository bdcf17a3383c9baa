import pytest
from flask.testing import FlaskClient

from db.connect import connect
from db.settings import Settings
from tests.builders.towns import build_towns
from webapp import create_app
from webapp.database import EXTENSION


@pytest.mark.parametrize("encoding", ["identity", "gzip", "br", "zstd"])
def test_an_answer_that_the_client_has_is_304_without_a_query(
    client: FlaskClient, tile_id: int, encoding: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, headers = f"/api/v1/similar?tile_id={tile_id}", {"Accept-Encoding": encoding}
    first = client.get(path, headers=headers)
    assert first.headers["Cache-Control"] == "public, max-age=60"
    monkeypatch.setattr("webapp.api.search.SEARCH", "SELECT 1 / 0")
    again = client.get(path, headers={**headers, "If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    assert client.get(path, headers={**headers, "If-None-Match": '"other"'}).status_code == 422


def test_answers_that_every_page_needs_are_kept_while_the_data_are_unchanged(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = client.get("/api/v1/countries")
    monkeypatch.setattr("webapp.api.cities.COUNTRIES", "SELECT 1 / 0")
    again = client.get("/api/v1/countries")
    assert (again.status_code, again.data, again.content_type) == (200, first.data, first.content_type)


def test_different_queries_have_different_etags(client: FlaskClient, tile_id: int) -> None:
    tags = [
        client.get(path).headers["ETag"]
        for path in (f"/api/v1/similar?tile_id={tile_id}", f"/api/v1/similar?tile_id={tile_id}&k=3", "/api/v1/cities")
    ]
    assert len(set(tags)) == 3


def test_errors_and_health_checks_are_not_cached(client: FlaskClient) -> None:
    for path in ("/api/v1/tiles/1", "/api/v1/nothing", "/health", "/api/v1/tiles/abc"):
        response = client.get(path)
        assert response.headers["Cache-Control"] == "no-store"
        assert "ETag" not in response.headers


def test_an_etag_changes_with_the_data(database: Settings) -> None:
    with connect(database, autocommit=True) as conn:
        build_towns(conn)
        app = create_app(database)
        client = app.test_client()
        first = client.get("/api/v1/stats").headers["ETag"]
        conn.execute("UPDATE terrakin.tiles SET city_id = city_id")
        assert client.get("/api/v1/stats", headers={"If-None-Match": first}).status_code == 200
        app.extensions[EXTENSION].close()
