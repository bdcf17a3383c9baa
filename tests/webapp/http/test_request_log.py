import logging

import pytest
from flask.testing import FlaskClient


def test_a_request_is_logged_with_its_id(client: FlaskClient, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO, "webapp.http.request_log")
    paths_and_ids = (
        ("/api/v1/countries", ""),
        ("/api/v1/countries", "from-proxy_1"),
        ("/api/v1/none%0aevent=forged", "x" * 65),
    )
    ids = [client.get(path, headers={"X-Request-ID": given}).headers["X-Request-ID"] for path, given in paths_and_ids]
    records = [record for record in caplog.records if record.name == "webapp.http.request_log"]
    lines = [record.getMessage() for record in records]
    assert ids[1] == "from-proxy_1"
    assert ids[2] != "x" * 65
    assert [f"id={name} " in line for name, line in zip(ids, lines, strict=True)] == [True] * 3
    assert [record.levelname for record in records] == ["INFO", "INFO", "WARNING"]
    assert "status=404" in lines[2]
    assert "\n" not in lines[2]


def test_metrics_count_requests_by_endpoint_and_status(client: FlaskClient) -> None:
    def count(text: str) -> float:
        wanted = 'terrakin_http_requests_total{endpoint="cities.countries",method="GET",status="200"} '
        return sum(float(line.removeprefix(wanted)) for line in text.splitlines() if line.startswith(wanted))

    before = count(client.get("/metrics").text)
    client.get("/api/v1/countries")
    text = client.get("/metrics").text
    assert count(text) == before + 1
    assert 'terrakin_http_request_seconds_bucket{endpoint="cities.countries"' in text
