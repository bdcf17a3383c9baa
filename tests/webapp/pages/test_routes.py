import gzip

import brotli
import pytest
from flask.testing import FlaskClient

from tests.webapp.problem import assert_problem
from webapp.pages.routes import STATIC

built = pytest.mark.skipif(not (STATIC / "index.html").is_file(), reason="not built: run scripts/build_frontend.sh")


@built
def test_the_page_is_revalidated_and_restricted_to_this_server(client: FlaskClient) -> None:
    response = client.get("/")
    assert response.status_code == 200
    assert response.headers["Cache-Control"] == "no-cache"
    assert "default-src 'self'" in response.headers["Content-Security-Policy"]
    response.close()


@built
def test_built_files_are_cached_and_sent_compressed_as_they_were_built(client: FlaskClient) -> None:
    script = next((STATIC / "assets").glob("index-*.js"))
    decompress = {"gzip, deflate, br, zstd": ("br", brotli.decompress), "gzip": ("gzip", gzip.decompress)}
    for accepted, (encoding, unpacked) in decompress.items():
        headers = {"Accept-Encoding": accepted}
        with client.get(f"/assets/{script.name}", headers=headers) as response:
            assert response.content_encoding == encoding
            assert response.mimetype == "text/javascript"
            assert "max-age=31536000" in response.headers["Cache-Control"]
            assert "'unsafe-eval'" in response.headers["Content-Security-Policy"]
            assert "Accept-Encoding" in response.vary
            assert unpacked(response.data) == script.read_bytes()
            headers["If-None-Match"] = response.headers["ETag"]
        with client.get(f"/assets/{script.name}", headers=headers) as again:
            assert again.status_code == 304
    with client.get(f"/assets/{script.name}", headers={"Accept-Encoding": "identity"}) as plain:
        assert plain.content_encoding is None
        assert plain.data == script.read_bytes()


def test_a_page_that_is_not_built_is_503_with_the_command(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, tmp_path: object
) -> None:
    monkeypatch.setattr("webapp.pages.routes.STATIC", tmp_path)
    assert_problem(client.get("/"), 503, "scripts/build_frontend.sh")


def test_only_built_files_are_served(client: FlaskClient) -> None:
    assert client.get("/assets/../index.html").status_code == 404
    assert client.get("/assets/%2e%2e/%2e%2e/app.py").status_code == 404
    assert client.get("/assets/no-such-file.js", headers={"Accept-Encoding": "br"}).status_code == 404
