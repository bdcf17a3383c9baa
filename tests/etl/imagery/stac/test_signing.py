"""Signing with tokens from a loopback server that answers as Planetary Computer's token service does."""

import json
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread

import pytest
from planetary_computer import sas
from planetary_computer.settings import Settings

from etl.imagery.stac.signing import sign_address

STORED = "https://sentinel2l2a01.blob.core.windows.net/sentinel2-l2/60/V/UK/B04.tif"


class TokenService(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.send_response(200)
        self.end_headers()
        self.wfile.write(
            json.dumps({"msft:expiry": "2099-01-01T00:00:00Z", "token": f"sig={self.path.replace('/', '-')}"}).encode()
        )

    def log_message(self, *_: object) -> None:
        """Log nothing."""


@pytest.fixture
def token_service(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    with ThreadingHTTPServer(("127.0.0.1", 0), TokenService) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        monkeypatch.setenv("PC_SDK_SAS_URL", f"http://127.0.0.1:{server.server_port}/token")
        Settings.get.cache_clear()
        sas.TOKEN_CACHE.clear()
        yield
        server.shutdown()
    Settings.get.cache_clear()
    sas.TOKEN_CACHE.clear()


def test_only_addresses_of_planetary_computer_are_signed(token_service: None) -> None:
    signed = sign_address(STORED)
    assert signed == f"{STORED}?sig=-token-sentinel2l2a01-sentinel2-l2"
    assert sign_address(signed + "&se=2099") == signed + "&se=2099"
    for other in ("http://127.0.0.1/B04.tif", "/data/B04.tif"):
        assert sign_address(other) == other
