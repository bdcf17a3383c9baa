"""Changes between two periods over HTTP: the periods of a city, the most changed blocks, and their vector tiles."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from db.connect import connect
from tests.builders.periods import CITY_ID, MONTHS, Changed, add_later_period
from tests.builders.towns import TOWNS, town_database
from tests.webapp.problem import assert_problem, invalid_fields
from tests.webapp.vector_tiles.mvt import decoded, tile_at
from webapp import create_app
from webapp.database import EXTENSION

A, B = "2024-06-01/2024-08-31", "2025-06-01/2025-08-31"
ASKED = f"city_id={CITY_ID}&period_a={A}&period_b={B}"
CHANGES = """
    SELECT c.rank, c.block_id, c.tile_id, c.earlier_tile_id
    FROM api.changes(%s, '[2024-06-01,2024-09-01)', '[2025-06-01,2025-09-01)', k => 5) AS c
    ORDER BY c.rank
"""


@dataclass(frozen=True)
class Town:
    """A client over a town in two periods."""

    client: FlaskClient
    changed: Changed
    rows: list[tuple[Any, ...]]


@pytest.fixture(scope="module")
def town(server_home: Path) -> Iterator[Town]:
    with town_database(server_home) as towns:
        with connect(towns.settings) as conn:
            changed = add_later_period(conn)
            rows = conn.execute(CHANGES, (CITY_ID,)).fetchall()
        app = create_app(towns.settings)
        yield Town(app.test_client(), changed, rows)
        app.extensions[EXTENSION].close()


def test_a_city_has_its_periods(town: Town) -> None:
    periods = town.client.get(f"/api/v1/cities/{CITY_ID}/periods").get_json()["periods"]
    assert [(p["period"], p["is_date_known"], p["n_tiles"]) for p in periods] == [(A, True, 9), (B, True, 9)]
    assert len(town.client.get(f"/api/v1/cities/{TOWNS[1].city_id}/periods").get_json()["periods"]) == 1
    assert town.client.get("/api/v1/cities/0/periods").get_json() == {"periods": []}


def test_changes_are_those_of_sql(town: Town) -> None:
    answer = town.client.get(f"/api/v1/changes?{ASKED}&k=5").get_json()
    names = ("rank", "block_id", "tile_id", "earlier_tile_id")
    assert [tuple(change[name] for name in names) for change in answer["changes"]] == town.rows
    for change in answer["changes"]:
        assert change["block_id"] - change["earlier_block_id"] == MONTHS << 6
    assert {change["block_id"] for change in answer["changes"]} <= set(
        town.changed.ids[town.changed.is_changed].tolist()
    )


def test_tiles_change_too(town: Town) -> None:
    changes = town.client.get(f"/api/v1/changes?{ASKED}&unit=tile").get_json()["changes"]
    assert len(changes) == 9
    assert {change["block_id"] for change in changes} == {None}


@pytest.mark.parametrize(
    ("query", "status", "text"),
    [
        (f"city_id=0&period_a={A}&period_b={B}", 404, "city 0 does not exist"),
        (f"city_id={CITY_ID}&period_a={A}&period_b=2020-01-01/2020-12-31", 404, "no tile with days in"),
        (f"city_id={CITY_ID}&period_a={A}&period_b={A}", 422, "both periods have the same tiles"),
    ],
)
def test_a_mistake_gets_a_clear_error(query: str, status: int, text: str, town: Town) -> None:
    assert_problem(town.client.get(f"/api/v1/changes?{query}"), status, text)


def test_a_malformed_period_is_refused(town: Town) -> None:
    assert invalid_fields(town.client.get(f"/api/v1/changes?city_id=1&period_a=2024&period_b={B}")) == ["period_a"]


@pytest.mark.parametrize("z", [9, 11, 14])
def test_the_map_shows_what_changed(z: int, town: Town) -> None:
    (first,) = town.client.get(f"/api/v1/changes?{ASKED}&k=1").get_json()["changes"]
    x, y = tile_at(first["lon"], first["lat"], z)
    features = decoded(town.client, f"change/{z}/{x}/{y}?{ASKED}")["change"]["features"]
    # The most changed block is drawn last.
    last = features[-1]["properties"]
    assert (last["block_id"], last["tile_id"]) == (first["block_id"], first["tile_id"])
    assert (last["score"], last["change"]) == pytest.approx((first["score"], first["change"]), rel=1e-5)
    assert len({feature["properties"]["tile_id"] for feature in features}) == len(features) or z >= 11


def test_elsewhere_the_map_is_empty_and_mistakes_are_refused(town: Town) -> None:
    assert decoded(town.client, f"change/11/0/0?{ASKED}") == {}
    assert town.client.get("/tiles/change").get_json()["vector_layers"][0]["id"] == "change"
    assert_problem(town.client.get("/tiles/change/11/0/0?city_id=1"), 422, "period_a or period_b is missing")
