"""The real Caddy with ``deploy/Caddyfile`` in front of two servers that echo their requests."""

import http.client
import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.deploy.caddy import running_caddy
from tests.ports import free_ports

CADDYFILE = Path(__file__).parents[2] / "deploy" / "Caddyfile"


def upstream(name: str) -> ThreadingHTTPServer:
    """Start a server that answers every GET with its name, the path and the forwarded client address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            echo = {"name": name, "path": self.path, "client": self.headers.get_all("X-Forwarded-For")}
            forwarded = {name: self.headers[f"X-Forwarded-{name.title()}"] for name in ("proto", "prefix")}
            body = json.dumps({**echo, "scheme": forwarded["proto"], "prefix": forwarded["prefix"]}).encode()
            self.send_response(200)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return server


@pytest.fixture(scope="module")
def proxy_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a Caddy on loopback; the host names of compose.yaml are replaced with addresses of this machine."""
    home = tmp_path_factory.mktemp("caddy")
    text = CADDYFILE.read_text()
    servers = {"martin:3000": upstream("martin"), "app:8000": upstream("app")}
    for host, server in servers.items():
        assert text.count(f"reverse_proxy {host}") == 1
        text = text.replace(f"reverse_proxy {host}", f"reverse_proxy 127.0.0.1:{server.server_port}")
    port, health_port = free_ports(2)
    assert text.count("127.0.0.1:2020") == 1
    configuration = text.replace("127.0.0.1:2020", f"127.0.0.1:{health_port}")
    try:
        with running_caddy(home, configuration, {port, health_port}, TERRAKIN_SITE=f"http://127.0.0.1:{port}"):
            assert get(health_port, "/")[0] == 200
            yield port
    finally:
        for server in servers.values():
            server.shutdown()
            server.server_close()


def get(port: int, path: str, **headers: str) -> tuple[int, bytes]:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    try:
        connection.request("GET", path, headers={name.replace("_", "-"): value for name, value in headers.items()})
        response = connection.getresponse()
        return response.status, response.read()
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("path", "name"),
    [
        ("/tiles/grid/0/0/0", "martin"),
        ("/tiles/similarity/3/1/2?tile_id=12&method=mean", "martin"),
        ("/tiles/grid,umap", "martin"),
        ("/tiles/catalog", "martin"),
        ("/", "app"),
        ("/api/v1/similar?tile_id=12", "app"),
        ("/health", "app"),
        ("/tilesets", "app"),
    ],
)
def test_tiles_go_to_martin_and_everything_else_to_the_app(proxy_port: int, path: str, name: str) -> None:
    status, body = get(proxy_port, path)
    assert status == 200
    echo = json.loads(body)
    assert (echo["name"], echo["path"]) == (name, path)


@pytest.mark.parametrize(
    "path", ["/metrics", "/%6Detrics", "//metrics", "/tiles/../metrics", "/tiles/_/metrics", "/tiles//_/metrics"]
)
def test_metrics_are_hidden(proxy_port: int, path: str) -> None:
    assert get(proxy_port, path) == (404, b"")


def test_a_client_cannot_choose_the_path_prefix(proxy_port: int) -> None:
    status, body = get(proxy_port, "/", X_Forwarded_Prefix="/evil")
    assert status == 200
    assert not json.loads(body)["prefix"]


def test_the_app_gets_one_client_address(proxy_port: int) -> None:
    assert json.loads(get(proxy_port, "/")[1])["client"] == ["127.0.0.1"]


def test_a_proxy_in_front_can_forward_the_client_address_and_a_client_cannot_forge_it(proxy_port: int) -> None:
    """The last address that is not a proxy's counts; the client may have written those before it."""
    echo = json.loads(
        get(proxy_port, "/", X_Forwarded_For="198.51.100.1, 203.0.113.9, 10.0.0.2", X_Forwarded_Proto="https")[1]
    )
    assert echo["client"] == ["203.0.113.9"]
    assert echo["scheme"] == "https"
