"""The HTTP contract of Martin: status codes, ETags, TileJSON, composite sources, catalogue."""

import gzip
import json
from pathlib import Path

import psycopg
import pytest
from flask.testing import FlaskClient

from db.connect import connect
from db.embedding_sets.tile_keys import add_tile_keys
from db.settings import Settings
from tests.builders.towns import TOWNS, TownDatabase, build_towns
from tests.webapp.problem import assert_problem
from tests.webapp.vector_tiles.mvt import decoded, tile_of_town
from webapp import create_app
from webapp.database import EXTENSION
from webapp.vector_tiles.routes import MVT, SOURCES


def test_an_empty_tile_is_204(client: FlaskClient) -> None:
    response = client.get("/tiles/grid/14/0/8000")
    assert response.status_code == 204
    assert response.data == b""


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("tile", ["15/0/0", "99/0/0", "3/8/0", "3/0/8", "0/1/0", "5/99999999999999999999/0"])
def test_a_tile_outside_the_zooms_or_the_world_is_404_with_its_address(
    client: FlaskClient, source: str, tile: str
) -> None:
    assert_problem(client.get(f"/tiles/{source}/{tile}"), 404, tile, f"/tiles/{source}")


@pytest.mark.parametrize("path", ["nothing/0/0/0", "nothing", "grid,nothing/0/0/0"])
def test_an_unknown_source_is_404_with_the_sources(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(f"/tiles/{path}"), 404, "'nothing'", *SOURCES)


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_tile_that_the_client_has_is_304(client: FlaskClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    first = client.get("/tiles/grid/0/0/0", headers=headers)
    again = client.get("/tiles/grid/0/0/0", headers={**headers, "If-None-Match": first.headers["ETag"]})
    changed = client.get("/tiles/grid/0/0/0", headers={**headers, "If-None-Match": '"of another tile"'})
    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_tile_is_compressed_if_the_client_accepts_it(client: FlaskClient, towns: TownDatabase) -> None:
    z, x, y = tile_of_town(client, towns, TOWNS[0], 8)
    plain = client.get(f"/tiles/grid/{z}/{x}/{y}")
    packed = client.get(f"/tiles/grid/{z}/{x}/{y}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)


def test_tilejson_is_the_functions_comment_with_address_and_query(client: FlaskClient, towns: TownDatabase) -> None:
    with psycopg.connect(towns.settings.database_url or "") as conn:
        row = conn.execute("SELECT obj_description('tiles.grid'::regproc)").fetchone()
    assert row is not None
    answer = client.get("/tiles/grid?of=1&word=x").get_json()
    assert answer.pop("tilejson") == "3.0.0"
    assert answer.pop("tiles") == ["http://localhost/tiles/grid/{z}/{x}/{y}?of=1&word=x"]
    assert answer.pop("name") == "grid"
    assert answer == json.loads(row[0])


@pytest.mark.parametrize("query", ["a=1", "a=text", 'a={"b":[1]}', "a=NaN", "a=%00", "a=" + "%5B" * 2000])
def test_any_query_string_reaches_the_function(client: FlaskClient, query: str) -> None:
    assert client.get(f"/tiles/grid/0/0/0?{query}").status_code == 200


def test_a_tile_of_two_sources_has_the_layers_of_both(client: FlaskClient, towns: TownDatabase) -> None:
    query = towns.tiles[TOWNS[0].city_id][0][0]
    z, x, y = tile_of_town(client, towns, TOWNS[1], 9)
    both = decoded(client, f"grid,similarity/{z}/{x}/{y}?tile_id={query}")
    assert set(both) == {"grid", "cities", "similarity"}
    for source in ("grid", "similarity"):
        assert both[source] == decoded(client, f"{source}/{z}/{x}/{y}?tile_id={query}")[source]


def test_a_tile_of_two_sources_is_304_and_404_like_one(client: FlaskClient) -> None:
    first = client.get("/tiles/grid,umap/0/0/0")
    again = client.get("/tiles/grid,umap/0/0/0", headers={"If-None-Match": first.headers["ETag"]})
    assert (first.status_code, again.status_code) == (200, 304)
    assert client.get("/tiles/grid,umap/15/0/0").status_code == 404


def test_tilejson_of_two_sources_covers_both(client: FlaskClient) -> None:
    both = client.get("/tiles/grid,umap?a=1").get_json()
    assert both["tiles"] == ["http://localhost/tiles/grid,umap/{z}/{x}/{y}?a=1"]
    assert [layer["id"] for layer in both["vector_layers"]] == ["grid", "cities", "umap"]
    assert (both["minzoom"], both["maxzoom"]) == (0, 14)


def test_the_catalogue_lists_every_source(client: FlaskClient) -> None:
    found = client.get("/tiles/catalog").get_json()
    assert tuple(sorted(found["tiles"])) == SOURCES
    assert all(source["content_type"] == MVT and source["description"] for source in found["tiles"].values())


@pytest.mark.parametrize("path", ["grid/0/0/0", "grid", "catalog", "grid/15/0/0", "grid/14/0/8000"])
def test_every_origin_may_read_tiles(client: FlaskClient, path: str) -> None:
    assert client.get(f"/tiles/{path}").headers["Access-Control-Allow-Origin"] == "*"


def test_tiles_are_cached_for_a_minute_except_those_of_similarity(database: Settings) -> None:
    with connect(database, autocommit=True) as conn:
        tile_id = min(tile_id for tiles in build_towns(conn).values() for tile_id, _ in tiles)
        app = create_app(database)
        client = app.test_client()
        paths = ["/tiles/grid/0/0/0", f"/tiles/similarity/0/0/0?tile_id={tile_id}"]
        before = [client.get(path).headers["ETag"] for path in paths]
        conn.execute("UPDATE terrakin.tiles SET embedding_mean = embedding_dominant * embedding_mean")
        add_tile_keys(conn)
        conn.execute("UPDATE terrakin.cities SET name = upper(name)")
        after = [client.get(path).headers["ETag"] for path in paths]
    assert after[0] == before[0]
    assert after[1] != before[1]
    fresh = create_app(Settings(Path("/nonexistent"), database_url=database.database_url))
    assert fresh.test_client().get(paths[0]).headers["ETag"] != before[0]
    for each in (app, fresh):
        each.extensions[EXTENSION].close()
