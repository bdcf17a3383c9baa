"""The API reference page in a browser."""

import json
from collections.abc import Iterator
from threading import Thread
from urllib.request import urlopen

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from playwright.sync_api import Browser
from werkzeug.serving import make_server

from tests.webapp.problem import assert_problem
from webapp.pages.routes import STATIC


@pytest.fixture
def live_url(app: APIFlask) -> Iterator[str]:
    """The app behind a real HTTP server."""
    server = make_server("127.0.0.1", 0, app, threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.mark.skipif(not (STATIC / "docs").is_dir(), reason="not built: run scripts/build_frontend.sh")
def test_it_shows_every_path_without_requests_to_other_servers(browser: Browser, live_url: str) -> None:
    page = browser.new_page()
    requests: list[str] = []
    errors: list[str] = []
    page.on("request", lambda request: requests.append(request.url))
    page.on("console", lambda message: errors.append(message.text) if message.type == "error" else None)
    page.goto(f"{live_url}/api/docs")
    page.wait_for_selector(".opblock")
    text = page.inner_text("#reference").replace("\u200b", "")
    page.close()
    assert {url for url in requests if not url.startswith((live_url, "data:"))} == set()
    assert errors == []
    with urlopen(f"{live_url}/api/openapi.json") as answer:
        paths = json.load(answer)["paths"]
    assert [path for path in paths if path not in text] == []


def test_an_unknown_file_is_404(client: FlaskClient) -> None:
    assert_problem(client.get("/api/docs/none.js"), 404, "'none.js'")
