"""Hostile input to the real server: rejected with a clear 4xx, at little cost in time and memory, and logged."""

import http.client
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg
import pytest
from flask.testing import FlaskClient

from tests.builders.towns import TOWNS, TownDatabase

MIB = 2**20
MAX_SECONDS = 10
"""A rejection takes milliseconds; the rest is for a busy machine."""
MAX_GROWTH_MIB = 40
INJECTIONS = (
    "'; DROP TABLE terrakin.tiles; --",
    "1 OR 1=1",
    "1); DELETE FROM terrakin.cities",
    '{"$gt": ""}',
    "%s",
    "\\x00",
)


@dataclass(frozen=True)
class Live:
    """A running server: its port, its log and its processes."""

    port: int
    log: Path
    process: psutil.Process

    def memory_mib(self) -> float:
        """Return the resident memory of all processes."""
        family = [self.process, *self.process.children(recursive=True)]
        return sum(p.memory_info().rss for p in family) / MIB


@pytest.fixture(scope="module")
def live(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Live]:
    home = tmp_path_factory.mktemp("hostile_input")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    environment = {
        **os.environ, "TERRAKIN_HOME": str(home), "DATABASE_URL": towns.settings.database_url or "",
        "TERRAKIN_RATE_LIMIT": "none",
    }  # fmt: skip
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "terrakin", "web", "run", "--port", str(port)],
            env=environment, stdout=log, stderr=log,
        )  # fmt: skip
        live = Live(port, home / "log", psutil.Process(process.pid))
        try:
            deadline = time.monotonic() + 90
            while True:
                with socket.socket() as probe:
                    if probe.connect_ex(("127.0.0.1", port)) == 0:
                        break
                assert process.poll() is None
                assert time.monotonic() < deadline
                time.sleep(0.1)
            for _ in range(6):
                send(live, "GET", f"/api/v1/similar?tile_id={towns.tile_of(TOWNS[0].city_id, 'harbour')}")
            yield live
        finally:
            process.terminate()
            process.wait(timeout=30)


def send(
    live: Live, method: str, path: str, body: Any = None, headers: dict[str, str] | None = None
) -> tuple[int, str]:
    """Send a request on a new connection and return status and body."""
    connection = http.client.HTTPConnection("127.0.0.1", live.port, timeout=60)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response.status, response.read().decode()
    finally:
        connection.close()


def rejected(live: Live, status: int, *request: Any) -> dict[str, Any]:
    """Send a request and check that it is rejected clearly, cheaply, and with a line in the log."""
    memory, started, logged = live.memory_mib(), time.monotonic(), live.log.stat().st_size
    answered, text = send(live, *request)
    assert answered == status
    assert time.monotonic() - started < MAX_SECONDS
    assert live.memory_mib() - memory < MAX_GROWTH_MIB
    with live.log.open() as log:
        log.seek(logged)
        assert f"status={status}" in log.read()
    problem: dict[str, Any] = json.loads(text)
    assert problem["status"] == status
    assert problem["detail"]
    return problem


FORM = {"Content-Type": "multipart/form-data; boundary=b", "Content-Length": str(100 * MIB)}


def test_an_upload_of_100_mb_is_rejected_by_its_length(live: Live) -> None:
    for path in ("/api/v1/similar-to-chip", "/api/v1/similar"):
        problem = rejected(live, 413, "POST", path, None, FORM)
        assert "16 MiB" in problem["detail"]


def test_an_upload_without_a_length_is_cut_off(live: Live) -> None:
    memory, sent = live.memory_mib(), 0
    chunk = b"%x\r\n" % MIB + b"x" * MIB + b"\r\n"
    head = (
        "POST /api/v1/similar-to-chip HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n"
        "Content-Type: multipart/form-data; boundary=b\r\n\r\n"
    )
    part = b'--b\r\nContent-Disposition: form-data; name="file"; filename="a.tif"\r\n\r\n'
    with socket.create_connection(("127.0.0.1", live.port), timeout=60) as connection:
        connection.sendall(head.encode() + b"%x\r\n" % len(part) + part + b"\r\n")
        with suppress(ConnectionError, TimeoutError):
            for _ in range(100):
                connection.sendall(chunk)
                sent += 1
        answer = b""
        with suppress(ConnectionError):
            answer = connection.recv(1000)
    assert sent < 100 or b" 413 " in answer.split(b"\r\n")[0]
    assert live.memory_mib() - memory < MAX_GROWTH_MIB


@pytest.mark.parametrize("encoding", ["gzip", "deflate", "br"])
def test_a_compressed_bomb_is_not_decompressed(live: Live, encoding: str) -> None:
    headers = {"Content-Encoding": encoding, "Content-Type": "application/json"}
    rejected(live, 415, "POST", "/api/v1/similar", b"\x1f\x8b" + b"\0" * 60_000, headers)


def test_a_polygon_of_100_000_points_is_rejected_unread(live: Live) -> None:
    ring = [[8 + i * 1e-6, 50 + (i % 2) * 1e-6] for i in range(100_000)]
    body = json.dumps({"area": {"type": "Polygon", "coordinates": [[*ring, ring[0]]]}})
    problem = rejected(live, 413, "POST", "/api/v1/similar-to-area", body, {"Content-Type": "application/json"})
    assert "fewer points" in problem["detail"]


def test_a_very_long_url_is_rejected(live: Live) -> None:
    status, _ = send(live, "GET", "/api/v1/similar?tile_id=1&within=" + "1" * 100_000)
    assert 400 <= status < 500


@pytest.mark.parametrize(
    ("status", "path"),
    [
        (422, "/api/v1/similar?tile_id=1&k=1000000000"),
        (422, "/api/v1/umap/similarity?tile_id=1e400"),
        (422, "/api/v1/cities?limit=1000000000"),
        (404, "/tiles/grid/99/0/0"),
        (404, "/tiles/similarity/99/99/99?tile_id=1"),
        (404, "/api/v1/../../etc/passwd"),
    ],
)
def test_numbers_out_of_range_are_rejected(live: Live, status: int, path: str) -> None:
    rejected(live, status, "GET", path)


def test_sql_in_every_parameter_changes_nothing(client: FlaskClient, towns: TownDatabase, tile_id: int) -> None:
    def counts() -> Any:
        with psycopg.connect(towns.settings.database_url or "") as conn:
            return conn.execute(
                "SELECT (SELECT count(*) FROM terrakin.tiles), (SELECT count(*) FROM terrakin.cities)"
            ).fetchone()

    before, n_sent = counts(), 0
    valid = {"tile_id": tile_id, "lon": 9.95, "lat": 53.4, "city_id": -1, "a": tile_id, "b": tile_id}
    for path, operations in client.get("/api/openapi.json").get_json()["paths"].items():
        for parameter in operations.get("get", {}).get("parameters", []):
            for text in INJECTIONS:
                query = {name: value for name, value in valid.items() if name in _names(operations["get"])}
                if parameter["in"] == "path":
                    answer = client.get(path.replace("{" + parameter["name"] + "}", text.replace("/", "%2f")))
                else:
                    answer = client.get(path, query_string={**query, parameter["name"]: text})
                allowed = (200,) if parameter["name"] == "q" else (404, 422)  # q is free text
                assert answer.status_code in allowed, (path, parameter["name"], text)
                n_sent += 1
    assert n_sent > 100
    assert counts() == before


def _names(operation: dict[str, Any]) -> set[str]:
    return {parameter["name"] for parameter in operation["parameters"] if parameter["in"] == "query"}
