from typing import Any

import psycopg
from flask.testing import FlaskClient

from tests.builders.towns import TownDatabase


def specification(client: FlaskClient) -> dict[str, Any]:
    found: dict[str, Any] = client.get("/api/openapi.json").get_json()
    return found


def test_it_describes_the_format_of_lists_areas_and_errors(client: FlaskClient) -> None:
    spec = specification(client)
    assert spec["openapi"].startswith("3.1")
    parameters = {p["name"]: p for p in spec["paths"]["/api/v1/similar"]["get"]["parameters"]}
    assert parameters["countries"]["explode"] is True
    assert "application/json" in parameters["within"]["content"]
    for path, operations in spec["paths"].items():
        for operation in operations.values():
            if isinstance(operation, dict):
                assert operation["summary"], path
                assert "application/problem+json" in operation["responses"]["422"]["content"]


def test_it_describes_all_arguments_of_similar_tiles(client: FlaskClient, towns: TownDatabase) -> None:
    with psycopg.connect(towns.settings.database_url or "") as conn:
        row = conn.execute(
            "SELECT proargnames[:pronargs] FROM pg_proc WHERE oid = 'api.similar_tiles'::regproc"
        ).fetchone()
    assert row
    parameters = specification(client)["paths"]["/api/v1/similar"]["get"]["parameters"]
    assert {p["name"] for p in parameters} == {"tile_id", "unit", "max_per_tile", "format", "with_key", *row[0][1:]}
