"""``tiles.similarity`` and ``tiles.umap`` as a map client sees them, and what Martin would publish of all sources."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
import yaml
from apiflask import APIFlask
from flask.testing import FlaskClient

from db.connect import connect
from db.settings import Settings
from tests.conftest import cloned_database
from tests.webapp.test_tiles import EXTENT, HALF_WORLD_M, towns_tile
from tests.webapp.towns import TOWNS, TownDatabase, build_towns
from webapp import create_app
from webapp.database import EXTENSION
from webapp.tiles import ANSWERS_A_QUESTION, MVT, SOURCES

MARTIN = yaml.safe_load((Path(__file__).parents[2] / "webapp" / "martin.yaml").read_text())
UMAP_UNIT_M = 500_000

ARGUMENTS = """
    SELECT p.pronargs, p.proargnames[1:4], p.proargtypes::regtype[]::text[], p.proallargtypes[5:]::regtype[]::text[]
    FROM pg_proc AS p
    WHERE p.pronamespace = 'tiles'::regnamespace AND p.proname = %s
"""


def decoded(client: FlaskClient, path: str) -> dict[str, Any]:
    response = client.get(f"/tiles/{path}")
    assert response.status_code in (200, 204), response.data
    return mapbox_vector_tile.decode(response.data, default_options={"y_coord_down": True}) if response.data else {}


@pytest.fixture
def laid_out(server_home: Path) -> Iterator[tuple[APIFlask, str, dict[int, tuple[float, float]]]]:
    """An app over towns with a layout, the database, and where each tile lies in the layout."""
    with cloned_database(server_home) as url:
        own = Settings(server_home / "web", database_url=url)
        with connect(own) as conn:
            ids = [tile_id for tiles in build_towns(conn).values() for tile_id, _ in tiles]
            places = {tile_id: (i * 0.5 - 8.0, (i % 7) * 1.25 - 3.0) for i, tile_id in enumerate(ids)}
            with conn.cursor() as cursor:
                cursor.executemany(
                    "UPDATE terrakin.tiles SET umap_x = %s, umap_y = %s WHERE tile_id = %s",
                    [(*place, tile_id) for tile_id, place in places.items()],
                )
        app = create_app(own)
        yield app, url, places
        app.extensions[EXTENSION].close()


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_every_footprint_carries_its_similarity(client: FlaskClient, towns: TownDatabase, method: str) -> None:
    query = towns.tiles[TOWNS[0].city_id][0][0]
    z, x, y = towns_tile(client, towns, TOWNS[1], 9)
    features = decoded(client, f"similarity/{z}/{x}/{y}?tile_id={query}&method={method}")["similarity"]["features"]
    assert {tile_id for tile_id, _ in towns.tiles[TOWNS[1].city_id]} >= {f["id"] for f in features} != set()
    with psycopg.connect(towns.settings.database_url or "") as conn:
        for feature in features:
            row = conn.execute("SELECT api.similarity(%s, %s, %s)", (query, feature["id"], method)).fetchone()
            assert row
            assert feature["properties"]["similarity"] == pytest.approx(row[0], abs=1e-6)


def test_low_zooms_show_each_city_with_its_most_similar_tile(client: FlaskClient, towns: TownDatabase) -> None:
    query = towns.tiles[TOWNS[0].city_id][0][0]
    cities = decoded(client, f"similarity/0/0/0?tile_id={query}")["cities"]["features"]
    assert {f["properties"]["city_id"] for f in cities} == {town.city_id for town in TOWNS}
    with psycopg.connect(towns.settings.database_url or "") as conn:
        for feature in cities:
            best = conn.execute(
                "SELECT t.tile_id, api.similarity(t.tile_id, %s) AS s FROM terrakin.tiles AS t WHERE t.city_id = %s "
                "ORDER BY s DESC, t.tile_id LIMIT 1",
                (query, feature["properties"]["city_id"]),
            ).fetchone()
            assert best
            assert feature["properties"]["best_tile_id"] == best[0]
            assert feature["properties"]["similarity"] == pytest.approx(best[1], abs=1e-6)
    similarities = [f["properties"]["similarity"] for f in cities]
    assert similarities == sorted(similarities)


@pytest.mark.parametrize(
    ("query", "status", "says"),
    [
        ("", 422, "tile_id is missing"),
        ("?tile_id=x", 422, "tile_id is 'x'"),
        ("?tile_id=1;drop", 422, "tile_id is"),
        ("?tile_id=999999999999999999999", 422, "tile_id is"),
        ("?tile_id=12", 404, "tile 12 does not exist"),
        ("?tile_id={known}&method=mode", 422, "unknown method 'mode'"),
    ],
)
def test_a_senseless_question_says_why(
    client: FlaskClient, towns: TownDatabase, query: str, status: int, says: str
) -> None:
    known = towns.tiles[TOWNS[0].city_id][0][0]
    response = client.get("/tiles/similarity/0/0/0" + query.replace("{known}", str(known)))
    assert response.status_code == status
    assert says in response.get_json()["detail"]


@pytest.mark.parametrize("source", ["similarity", "umap"])
@pytest.mark.parametrize("place", ["15/0/0", "3/8/0", "0/1/0"])
def test_what_cannot_be_is_404(client: FlaskClient, source: str, place: str) -> None:
    assert client.get(f"/tiles/{source}/{place}").status_code == 404


def test_without_a_layout_the_umap_is_empty(client: FlaskClient) -> None:
    assert client.get("/tiles/umap/0/0/0").status_code == 204


def test_each_tile_is_a_point_at_its_place_in_the_layout(
    laid_out: tuple[APIFlask, str, dict[int, tuple[float, float]]],
) -> None:
    app, _, places = laid_out
    client, z, found = app.test_client(), 5, {}
    width = 2 * HALF_WORLD_M / 2**z
    for x in range(11, 24):
        for y in range(11, 24):
            for feature in decoded(client, f"umap/{z}/{x}/{y}").get("umap", {"features": []})["features"]:
                px, py = feature["geometry"]["coordinates"]
                found[feature["id"]] = (
                    (-HALF_WORLD_M + (x + px / EXTENT) * width) / UMAP_UNIT_M,
                    (HALF_WORLD_M - (y + py / EXTENT) * width) / UMAP_UNIT_M,
                )
    assert set(found) == set(places)
    step = width / EXTENT / UMAP_UNIT_M
    for tile_id, place in places.items():
        assert found[tile_id] == pytest.approx(place, abs=step)


def test_from_afar_one_point_stands_for_its_neighbours(
    laid_out: tuple[APIFlask, str, dict[int, tuple[float, float]]],
) -> None:
    app, url, places = laid_out
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE terrakin.tiles SET umap_x = 1.0 + umap_x / 1000, umap_y = 1.0 + umap_y / 1000")
    client = app.test_client()
    assert len(decoded(client, "umap/0/0/0")["umap"]["features"]) == 1
    assert len(decoded(client, "umap/8/131/124")["umap"]["features"]) == len(places)


@pytest.mark.parametrize("source", SOURCES)
def test_martin_publishes_each_source_as_it_is(client: FlaskClient, towns: TownDatabase, source: str) -> None:
    """Martin's rules for function sources: z, x, y integer, then json; bytea and text; the zooms of the comment."""
    published = MARTIN["postgres"]["functions"][source]
    assert (published["schema"], published["function"]) == ("tiles", source)
    said = client.get(f"/tiles/{source}").get_json()
    assert {key: published[key] for key in ("minzoom", "maxzoom", "bounds")} == {
        key: said[key] for key in ("minzoom", "maxzoom", "bounds")
    }
    with psycopg.connect(towns.settings.database_url or "") as conn:
        (row,) = conn.execute(ARGUMENTS, (source,)).fetchall()  # one row: no overloads
    assert row == (4, ["z", "x", "y", "query"], ["integer", "integer", "integer", "json"], ["bytea", "text"])


def test_martin_publishes_nothing_else() -> None:
    assert tuple(MARTIN["postgres"]["functions"]) == SOURCES
    assert MARTIN["postgres"]["auto_publish"] is False
    assert MARTIN["postgres"]["functions"]["similarity"]["cache"] == "disable"
    assert MARTIN["cache"]["tile_expiry"] == "1m"
    assert MARTIN["route_prefix"] == "/tiles"


def test_what_martin_does_not_keep_in_memory_the_route_does_not_either() -> None:
    kept = {name for name, source in MARTIN["postgres"]["functions"].items() if source.get("cache") != "disable"}
    assert kept == set(SOURCES) - ANSWERS_A_QUESTION


def test_a_tile_of_two_sources_has_the_layers_of_both(client: FlaskClient, towns: TownDatabase) -> None:
    query = towns.tiles[TOWNS[0].city_id][0][0]
    z, x, y = towns_tile(client, towns, TOWNS[1], 9)
    both = decoded(client, f"grid,similarity/{z}/{x}/{y}?tile_id={query}")
    assert set(both) == {"grid", "cities", "similarity"}
    for source, layer in (("grid", "grid"), ("similarity", "similarity")):
        assert both[layer] == decoded(client, f"{source}/{z}/{x}/{y}?tile_id={query}")[layer]


def test_a_tile_of_two_sources_is_304_and_404_as_one_is(client: FlaskClient) -> None:
    first = client.get("/tiles/grid,umap/0/0/0")
    again = client.get("/tiles/grid,umap/0/0/0", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert client.get("/tiles/grid,nothing/0/0/0").status_code == 404
    assert client.get("/tiles/grid,umap/15/0/0").status_code == 404


def test_tilejson_of_two_sources_covers_both(client: FlaskClient) -> None:
    both = client.get("/tiles/grid,umap?a=1").get_json()
    assert both["tiles"] == ["http://localhost/tiles/grid,umap/{z}/{x}/{y}?a=1"]
    assert [layer["id"] for layer in both["vector_layers"]] == ["grid", "cities", "umap"]
    assert (both["minzoom"], both["maxzoom"]) == (0, 14)


def test_the_catalogue_names_every_source(client: FlaskClient) -> None:
    found = client.get("/tiles/catalog").get_json()
    assert tuple(sorted(found["tiles"])) == SOURCES
    assert all(source["content_type"] == MVT and source["description"] for source in found["tiles"].values())


@pytest.mark.parametrize("path", ["grid/0/0/0", "grid", "catalog", "grid/15/0/0", "grid/14/0/8000"])
def test_every_origin_may_read_tiles(client: FlaskClient, path: str) -> None:
    assert client.get(f"/tiles/{path}").headers["Access-Control-Allow-Origin"] == "*"


def test_a_tile_is_kept_for_a_minute_and_an_answer_to_a_question_is_not(
    laid_out: tuple[APIFlask, str, dict[int, tuple[float, float]]],
) -> None:
    app, url, places = laid_out
    client, one = app.test_client(), min(places)
    paths = ["umap/5/16/15", f"similarity/0/0/0?tile_id={one}"]
    before = [client.get(f"/tiles/{path}").headers["ETag"] for path in paths]
    with psycopg.connect(url) as conn:
        conn.execute(
            "UPDATE terrakin.tiles SET umap_x = umap_x + 0.01, embedding_mean = embedding_dominant * embedding_mean"
        )
    after = [client.get(f"/tiles/{path}").headers["ETag"] for path in paths]
    assert after[0] == before[0]
    assert after[1] != before[1]
    fresh = create_app(Settings(Path("/nonexistent"), database_url=url))
    assert fresh.test_client().get(f"/tiles/{paths[0]}").headers["ETag"] != before[0]
    fresh.extensions[EXTENSION].close()
