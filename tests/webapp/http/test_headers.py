from dataclasses import replace

from flask.testing import FlaskClient

from tests.builders.towns import TownDatabase
from tests.webapp.problem import assert_problem
from webapp import create_app


def page_policy_of(client: FlaskClient) -> str:
    with client.get("/") as response:
        return response.headers["Content-Security-Policy"]


def test_the_page_may_load_this_server_and_the_imagery_providers(client: FlaskClient) -> None:
    page = page_policy_of(client)
    assert "default-src 'self'" in page
    for host in ("https://tiles.maps.eox.at", "https://api.mapbox.com", "https://server.arcgisonline.com"):
        assert page.count(host) == 2  # images and connections
    assert "unsafe-inline" not in page.split("style-src")[0]


def test_the_page_may_load_vector_tiles_from_the_configured_server(towns: TownDatabase) -> None:
    app = create_app(replace(towns.settings, tiles_url="https://martin.example/tiles"))
    assert "https://martin.example" in page_policy_of(app.test_client())


def test_answers_that_are_not_pages_may_load_nothing(client: FlaskClient) -> None:
    for path in ("/api/v1/nothing", "/tiles/grid"):
        headers = client.get(path).headers
        assert headers["Content-Security-Policy"].startswith("default-src 'none'")
        assert headers["X-Content-Type-Options"] == "nosniff"


def test_a_compressed_body_is_415(client: FlaskClient) -> None:
    response = client.post("/api/v1/similar", data=b"\x1f\x8b", headers={"Content-Encoding": "gzip"})
    assert_problem(response, 415, "Content-Encoding", "'gzip'")
