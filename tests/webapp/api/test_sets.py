"""Imported sets over HTTP: the list, items with their pictures, searches, files and the map."""

import csv
import io
from collections.abc import Iterator
from pathlib import Path
from typing import Any, LiteralString

import pytest
from flask.testing import FlaskClient

from db.connect import connect
from tests.builders.sets import N_POINTS, POINTS, SQUARES, import_sets
from tests.builders.towns import N_SIDE, TOWNS, TownDatabase, town_database
from tests.webapp.problem import assert_problem
from tests.webapp.vector_tiles.mvt import decoded, tile_at
from webapp import create_app
from webapp.database import EXTENSION

Own = tuple[FlaskClient, TownDatabase]


def sql(towns: TownDatabase, query: LiteralString, *parameters: Any) -> list[Any]:
    """Return the rows of a query."""
    with connect(towns.settings) as conn:
        return conn.execute(query, parameters).fetchall()


@pytest.fixture(scope="module")
def own(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Own]:
    """A client over towns of its own, with both imported sets."""
    with town_database(server_home) as towns:
        import_sets(towns.settings, tmp_path_factory.mktemp("sets"))
        app = create_app(towns.settings)
        yield app.test_client(), towns
        app.extensions[EXTENSION].close()


def item_of(towns: TownDatabase, block_id: int) -> int:
    """Return the item that was made from a block."""
    query = "SELECT item_id FROM api.imported_overview WHERE unit = %s AND source_id = %s"
    ((item_id,),) = sql(towns, query, SQUARES, str(block_id))
    return int(item_id)


def middle_block(towns: TownDatabase) -> int:
    return int(towns.tiles[TOWNS[0].city_id][N_SIDE * N_SIDE // 2][0]) << 6


def test_sets_are_listed(own: Own) -> None:
    client, towns = own
    points, squares = client.get("/api/v1/sets").get_json()["sets"]
    assert points == {
        "unit": POINTS, "layout": "parquet", "dimension": 16, "post_processing": "centred",
        "size_m": points["size_m"], "n_items": N_POINTS, "start_item_id": 1,
    }  # fmt: skip
    assert [squares["unit"], squares["n_items"]] == [SQUARES, *sql(towns, "SELECT count(*) FROM api.block_overview")[0]]


def test_an_item_is_its_row_with_its_picture(own: Own) -> None:
    client, towns = own
    block_id = middle_block(towns)
    path = f"/api/v1/sets/{SQUARES}/items/{item_of(towns, block_id)}"
    item = client.get(path).get_json()
    (row,) = sql(towns, "SELECT country, lon, lat FROM api.block_overview WHERE block_id = %s", block_id)
    # Nothing that was imported lies in a synthetic town.
    assert (item["source_id"], item["city"], item["country"]) == (str(block_id), None, row[0])
    assert (item["lon"], item["lat"]) == pytest.approx(row[1:], abs=1e-5)
    assert item["has_thumbnail"]
    assert client.get(f"{path}/thumbnail").data == client.get(f"/api/v1/blocks/{block_id}/thumbnail").data
    assert client.get(f"/api/v1/sets/{SQUARES}/item-at?lon={item['lon']}&lat={item['lat']}").get_json() == item


def test_an_item_at_sea_has_neither_city_nor_picture(own: Own) -> None:
    client, _ = own
    item = client.get(f"/api/v1/sets/{POINTS}/items/1").get_json()
    assert [item[name] for name in ("city_id", "city", "country_code", "country", "has_thumbnail")] == [None] * 4 + [
        False
    ]
    answer = client.get(f"/api/v1/sets/{POINTS}/items/1/thumbnail")
    assert_problem(answer, 404, "no tile lies there")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        (f"{SQUARES}/items/999999", "has no item 999999"),
        ("nowhere/items/1", "imported set 'nowhere' has no item 1"),
        (f"{POINTS}/item-at?lon=0&lat=0", "no item within 5 km of lon 0.0, lat 0.0"),
    ],
)
def test_what_is_not_there_is_404(path: str, text: str, own: Own) -> None:
    assert_problem(own[0].get(f"/api/v1/sets/{path}"), 404, text)


def test_a_set_that_is_not_there_is_422(own: Own) -> None:
    answer = own[0].get("/api/v1/sets/nowhere/item-at?lon=0&lat=0")
    assert_problem(answer, 422, "unknown unit 'nowhere'")


def test_a_search_of_a_set_is_that_of_sql(own: Own) -> None:
    client, towns = own
    item_id = item_of(towns, middle_block(towns))
    body = {"unit": SQUARES, "positive": [item_id], "k": 5, "max_per_city": 1}
    answer = client.post("/api/v1/similar-to-examples", json=body).get_json()
    query = "SELECT item_id, city FROM api.similar_to_examples(%s, k => 5, unit => %s, max_per_city => 1) ORDER BY rank"
    assert [(m["item_id"], m["city"]) for m in answer["matches"]] == sql(towns, query, [item_id], SQUARES)
    assert answer["method"] == "imported"
    assert {(m["tile_id"], m["block_id"], m["period"], m["has_thumbnail"]) for m in answer["matches"]} == {
        (None, None, None, True)
    }
    at = client.get(f"/api/v1/sets/{SQUARES}/items/{item_id}").get_json()
    same = client.get(
        f"/api/v1/similar-at?lon={at['lon']}&lat={at['lat']}&unit={SQUARES}&k=5&max_per_city=1"
    ).get_json()
    assert same["matches"] == answer["matches"]


def test_matches_are_files(own: Own) -> None:
    client, _ = own
    body = {"unit": POINTS, "positive": [1], "k": 3}
    rows = list(csv.DictReader(io.StringIO(client.post("/api/v1/similar-to-examples?format=csv", json=body).text)))
    collection = client.post("/api/v1/similar-to-examples?format=geojson", json=body).get_json(force=True)
    assert [int(row["item_id"]) for row in rows] == [feature["id"] for feature in collection["features"]]
    assert {row["city"] for row in rows} == {""}
    assert client.post("/api/v1/similar-to-examples?format=geoparquet", json=body).status_code == 200


def test_percentiles_are_those_of_the_set(own: Own) -> None:
    answer = own[0].get(f"/api/v1/pair-percentiles?unit={POINTS}").get_json()
    assert len(answer["similarities"]) == 101


@pytest.mark.parametrize("name", ["period", "min_valid_share"])
def test_a_filter_that_a_set_cannot_answer_is_refused(name: str, own: Own) -> None:
    value: Any = {"period": "2024-06-01/2024-08-31", "min_valid_share": 0.5}[name]
    answer = own[0].post("/api/v1/similar-to-examples", json={"unit": POINTS, "positive": [1], name: value})
    assert_problem(answer, 422, name)


@pytest.mark.parametrize("z", [0, 8, 11, 14])
def test_the_map_shows_the_similarity_of_items(z: int, own: Own) -> None:
    client, towns = own
    item_id = item_of(towns, middle_block(towns))
    at = client.get(f"/api/v1/sets/{SQUARES}/items/{item_id}").get_json()
    x, y = tile_at(at["lon"], at["lat"], z)
    layers = decoded(client, f"similarity/{z}/{x}/{y}?positive={item_id}&unit={SQUARES}")
    items = layers["items"]["features"]
    # The most similar one, which is the item itself, is drawn last.
    assert items[-1]["id"] == item_id
    assert items[-1]["properties"]["similarity"] == pytest.approx(1, abs=1e-3)
    assert ("similarity" in layers) == (z >= 11)
    if z >= 11:
        assert {f["id"] for f in layers["similarity"]["features"]} >= {item_id}


def test_the_map_is_empty_where_the_set_has_nothing(own: Own) -> None:
    client, _ = own
    assert client.get(f"/tiles/similarity/11/0/0?positive=1&unit={SQUARES}").status_code == 204
    assert_problem(client.get(f"/tiles/similarity/11/0/0?positive=999999&unit={SQUARES}"), 404, "999999")
    assert_problem(client.get("/tiles/similarity/11/0/0?positive=1&unit=nowhere"), 422, "unknown unit 'nowhere'")


def test_the_plot_has_no_items(own: Own) -> None:
    answer = own[0].get(f"/api/v1/umap/similarity?positive=1&unit={POINTS}")
    assert_problem(answer, 422, "the layout has no items of imported set")
