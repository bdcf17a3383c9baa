"""Concepts over HTTP: stored ones, everything that belongs to one, and learning without storing."""

import csv
import io
import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient

from db.concepts.store import current_set, learn, save
from db.connect import connect
from tests.builders.towns import FORMS, TOWNS, TownDatabase, town_database
from tests.webapp.problem import assert_problem
from webapp import create_app
from webapp.database import EXTENSION

HARBOUR = FORMS.index("harbour")


@pytest.fixture(scope="module")
def own(server_home: Path) -> Iterator[tuple[FlaskClient, TownDatabase]]:
    """A client over towns of its own, with the concept harbour."""
    with town_database(server_home) as towns:
        with connect(towns.settings) as conn:
            learned = learn(conn, "block", current_set(conn, "block", None), examples(towns), [], 0)
            save(conn, "harbour", learned, is_replacing=False)
        app = create_app(towns.settings)
        yield app.test_client(), towns
        app.extensions[EXTENSION].close()


def examples(towns: TownDatabase) -> list[int]:
    return [tile_id << 6 | HARBOUR for town in TOWNS[:2] for tile_id, _ in towns.tiles[town.city_id][:3]]


def test_concepts_are_listed(own: tuple[FlaskClient, TownDatabase]) -> None:
    client, _ = own
    (concept,) = client.get("/api/v1/concepts").get_json()["concepts"]
    assert concept == {
        "name": "harbour", "unit": "block", "method": "mean", "fitted_by": "rocchio",
        "threshold": concept["threshold"], "threshold_by": "quantile", "average_precision": None, "n_positive": 6,
        "n_negative": 0, "n_random_negatives": 200, "is_current": True,
    }  # fmt: skip
    assert 0 < concept["threshold"] < 1


def test_everything_that_belongs_to_a_concept_is_sent_as_csv(own: tuple[FlaskClient, TownDatabase]) -> None:
    client, towns = own
    answer = client.get("/api/v1/concepts/harbour/items?ordered=true")
    assert answer.content_type == "text/csv; charset=utf-8"
    assert "terrakin-harbour.csv" in answer.headers["Content-Disposition"]
    sent = list(csv.DictReader(io.StringIO(answer.text)))
    with psycopg.connect(towns.settings.database_url or "") as conn:
        rows = conn.execute(
            "SELECT f.block_id, f.city, ST_X(f.location) FROM api.find('harbour', ordered => true) AS f"
        ).fetchall()
    assert len(rows) > 100
    assert [(int(r["block_id"]), r["city"], float(r["lon"])) for r in sent] == [tuple(row) for row in rows]


def test_filters_are_those_of_sql_and_features_come_one_a_line(own: tuple[FlaskClient, TownDatabase]) -> None:
    client, _ = own
    answer = client.get("/api/v1/concepts/harbour/items?countries=DE,ES&max_per_city=2&format=geojsonseq")
    assert answer.content_type == "application/geo+json-seq"
    features = [json.loads(line) for line in answer.text.split("\x1e")[1:]]
    assert [feature["properties"]["country_code"] for feature in features].count("DE") == 2
    assert len(features) == 4
    assert features[0]["geometry"]["type"] == "Point"
    assert features[0]["id"] == features[0]["properties"]["block_id"]


@pytest.mark.parametrize(
    ("path", "status", "word"),
    [
        ("forest/items", 404, "unknown concept 'forest'"),
        ("harbour/items?countries=Germany", 422, "Germany"),
        ("harbour/items?within={}", 422, ""),
        ("Not a name/items", 422, ""),
    ],
)
def test_an_error_is_an_answer_of_its_own(
    own: tuple[FlaskClient, TownDatabase], path: str, status: int, word: str
) -> None:
    client, _ = own
    assert_problem(client.get(f"/api/v1/concepts/{path}"), status, word)


def test_a_fit_is_returned_and_not_stored(own: tuple[FlaskClient, TownDatabase]) -> None:
    client, towns = own
    answer = client.post("/api/v1/concepts/fit", json={"positive": examples(towns)})
    fitted = answer.get_json()
    (stored,) = client.get("/api/v1/concepts").get_json()["concepts"]
    assert {name: fitted[name] for name in ("unit", "method", "fitted_by", "threshold")} == {
        name: stored[name] for name in ("unit", "method", "fitted_by", "threshold")
    }
    by_key, by_name = (
        client.get(f"/tiles/similarity/0/0/0?{query}") for query in (f"key={fitted['key']}", "concept=harbour")
    )
    assert (by_key.status_code, by_name.status_code) == (200, 200)
    assert len(by_key.data) == pytest.approx(len(by_name.data), rel=0.1)
    assert client.get("/tiles/similarity/0/0/0?concept=forest").status_code == 404


@pytest.mark.parametrize(
    ("body", "status"),
    [({"positive": []}, 422), ({"positive": [64]}, 422), ({"positive": [64], "negative": [64]}, 422), ({}, 422)],
)
def test_examples_that_do_not_suffice_are_refused(
    own: tuple[FlaskClient, TownDatabase], body: dict[str, list[int]], status: int
) -> None:
    client, _ = own
    assert_problem(client.post("/api/v1/concepts/fit", json=body), status)
