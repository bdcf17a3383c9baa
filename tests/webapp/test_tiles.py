"""Martin's contract (shared facts), on real tiles decoded by mapbox-vector-tile."""

import gzip
import json
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
from flask.testing import FlaskClient
from pyproj import Geod, Transformer

from db.connect import connect
from db.settings import Settings
from tests.webapp.towns import N_SIDE, TOWNS, Town, TownDatabase, build_towns
from webapp import create_app
from webapp.database import EXTENSION

EXTENT = 4096
HALF_WORLD_M = 20037508.342789244
TO_MERCATOR = Transformer.from_crs(4326, 3857, always_xy=True)
TO_LONLAT = Transformer.from_crs(3857, 4326, always_xy=True)


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    x, y = TO_MERCATOR.transform(lon, lat)
    width = 2 * HALF_WORLD_M / 2**z
    return int((x + HALF_WORLD_M) / width), int((HALF_WORLD_M - y) / width)


def lonlat(place: tuple[float, float], z: int, x: int, y: int) -> tuple[float, float]:
    """A position inside a tile (pixels, from its upper left corner) in degrees."""
    width = 2 * HALF_WORLD_M / 2**z
    return TO_LONLAT.transform(
        -HALF_WORLD_M + (x + place[0] / EXTENT) * width, HALF_WORLD_M - (y + place[1] / EXTENT) * width
    )


def layers(client: FlaskClient, z: int, x: int, y: int) -> dict[str, Any]:
    response = client.get(f"/tiles/grid/{z}/{x}/{y}")
    if response.status_code == 204:
        return {}
    assert response.status_code == 200
    assert response.content_type == "application/x-protobuf"
    return mapbox_vector_tile.decode(response.data, default_options={"y_coord_down": True})


def towns_tile(client: FlaskClient, towns: TownDatabase, town: Town, z: int) -> tuple[int, int, int]:
    middle = towns.tiles[town.city_id][N_SIDE * N_SIDE // 2][0]
    tile = client.get(f"/api/v1/tiles/{middle}").get_json()
    return (z, *tile_at(tile["lon"], tile["lat"], z))


@pytest.mark.parametrize("town", TOWNS, ids=lambda town: town.name)
def test_footprints_lie_where_the_tiles_lie(client: FlaskClient, towns: TownDatabase, town: Town) -> None:
    z, x, y = towns_tile(client, towns, town, 10)
    geod = Geod(ellps="WGS84")
    for feature in layers(client, z, x, y)["grid"]["features"]:
        (ring,) = feature["geometry"]["coordinates"]
        if any(not 0 <= v <= EXTENT for place in ring for v in place):
            continue  # cut at the border of the vector tile
        (outline,) = client.get(f"/api/v1/tiles/{feature['id']}").get_json()["footprint"]["coordinates"]
        corners = [lonlat(place, z, x, y) for place in ring]
        for lon, lat in outline:
            nearest = min(geod.inv(lon, lat, *corner)[2] for corner in corners)
            assert nearest < 2 * HALF_WORLD_M / 2**z / EXTENT * 2  # two steps of the tile's integer grid


def test_a_feature_carries_its_tile_id_exactly_as_id_and_property(client: FlaskClient, towns: TownDatabase) -> None:
    town = TOWNS[0]
    features = layers(client, *towns_tile(client, towns, town, 8))["grid"]["features"]
    assert {f["id"] for f in features} >= {tile_id for tile_id, _ in towns.tiles[town.city_id]}
    for feature in features:
        assert feature["properties"]["tile_id"] == feature["id"]
        assert feature["properties"]["city_id"] == town.city_id
        assert feature["properties"]["city"] == town.name


def test_low_zooms_show_cities_with_their_number_of_tiles_and_no_footprints(client: FlaskClient) -> None:
    world = layers(client, 0, 0, 0)
    assert "grid" not in world
    cities = {f["properties"]["city_id"]: f["properties"] for f in world["cities"]["features"]}
    assert set(cities) == {town.city_id for town in TOWNS}
    for town in TOWNS:
        assert cities[town.city_id]["n_tiles"] == N_SIDE * N_SIDE
        assert cities[town.city_id]["is_synthetic"] is True


@pytest.mark.parametrize("z", [6, 9, 12, 14])
def test_every_tile_is_found_in_the_vector_tile_at_its_centre(client: FlaskClient, towns: TownDatabase, z: int) -> None:
    for tile_id, _ in [tile for tiles in towns.tiles.values() for tile in tiles][::7]:
        tile = client.get(f"/api/v1/tiles/{tile_id}").get_json()
        features = layers(client, z, *tile_at(tile["lon"], tile["lat"], z))["grid"]["features"]
        assert tile_id in {f["id"] for f in features}


def test_places_at_the_edges_of_the_world_are_in_the_outermost_tiles_only(database: Settings) -> None:
    with connect(database) as conn:
        build_towns(conn)
        for city_id, lon in ((-101, 179.9), (-102, -179.9)):
            conn.execute(
                """
                WITH c AS (
                    INSERT INTO terrakin.cities (city_id, name, country_code, location, extent)
                    SELECT %(id)s, 'Edge', 'JP', p::geography, ST_Multi(ST_Expand(p, 0.02))
                    FROM ST_SetSRID(ST_MakePoint(%(lon)s, 10), 4326) AS p
                )
                INSERT INTO terrakin.tiles SELECT -%(id)s, t.city_id, composite_id, period,
                    ST_Expand(ST_SetSRID(ST_MakePoint(%(lon)s, 10), 4326), 0.01),
                    ST_SetSRID(ST_MakePoint(%(lon)s, 10), 4326)::geography, valid_share,
                    embedding_mean, embedding_dominant, dominant_share
                FROM terrakin.tiles AS t LIMIT 1
                """,
                {"id": city_id, "lon": lon},
            )
            conn.execute("UPDATE terrakin.tiles SET city_id = %s WHERE tile_id = %s", (city_id, -city_id))
    app = create_app(database)
    client = app.test_client()
    row = tile_at(0, 10, 6)[1]
    found = {
        x: {f["id"] for f in layers(client, 6, x, row).get("grid", {"features": []})["features"]} for x in range(64)
    }
    world = {f["properties"]["city_id"] for f in layers(client, 0, 0, 0)["cities"]["features"]}
    app.extensions[EXTENSION].close()
    assert {x: ids for x, ids in found.items() if ids & {101, 102}} == {63: {101}, 0: {102}}
    assert world == {-101, -102, *(town.city_id for town in TOWNS)}


def test_an_empty_tile_is_204(client: FlaskClient) -> None:
    response = client.get("/tiles/grid/14/0/8000")
    assert response.status_code == 204
    assert response.data == b""


@pytest.mark.parametrize(
    "path",
    [
        "grid/15/0/0",
        "grid/99/0/0",
        "grid/3/8/0",
        "grid/3/0/8",
        "grid/0/1/0",
        "grid/5/99999999999999999999/0",
        "nothing/0/0/0",
        "nothing",
    ],
)
def test_what_cannot_be_is_404(client: FlaskClient, path: str) -> None:
    response = client.get(f"/tiles/{path}")
    assert response.status_code == 404
    assert response.content_type == "application/problem+json"


@pytest.mark.parametrize("place", ["99/0/0", "3/8/0", "5/99999999999999999999/0"])
def test_a_place_that_cannot_be_is_named(client: FlaskClient, place: str) -> None:
    detail = client.get(f"/tiles/grid/{place}").get_json()["detail"]
    assert detail == f"tile {place} of source grid does not exist; /tiles/grid says which zooms do"


@pytest.mark.parametrize("encoding", ["identity", "gzip"])
def test_a_tile_the_client_has_is_304(client: FlaskClient, encoding: str) -> None:
    headers = {"Accept-Encoding": encoding}
    first = client.get("/tiles/grid/0/0/0", headers=headers)
    again = client.get("/tiles/grid/0/0/0", headers={**headers, "If-None-Match": first.headers["ETag"]})
    changed = client.get("/tiles/grid/0/0/0", headers={**headers, "If-None-Match": '"of another tile"'})
    assert (first.status_code, again.status_code, changed.status_code) == (200, 304, 200)
    assert again.data == b""
    assert again.headers["ETag"] == first.headers["ETag"]


def test_a_tile_is_gzipped_where_the_client_can_read_it(client: FlaskClient, towns: TownDatabase) -> None:
    z, x, y = towns_tile(client, towns, TOWNS[0], 8)
    plain = client.get(f"/tiles/grid/{z}/{x}/{y}")
    packed = client.get(f"/tiles/grid/{z}/{x}/{y}", headers={"Accept-Encoding": "gzip"})
    assert packed.headers["Content-Encoding"] == "gzip"
    assert gzip.decompress(packed.data) == plain.data
    assert len(packed.data) < len(plain.data)


def test_tilejson_is_the_comment_with_the_address_and_query_of_the_tiles(
    client: FlaskClient, towns: TownDatabase
) -> None:
    with psycopg.connect(towns.settings.database_url or "") as conn:
        row = conn.execute("SELECT obj_description('tiles.grid'::regproc)").fetchone()
    assert row is not None
    answer = client.get("/tiles/grid?of=1&word=x").get_json()
    assert answer.pop("tilejson") == "3.0.0"
    assert answer.pop("tiles") == ["http://localhost/tiles/grid/{z}/{x}/{y}?of=1&word=x"]
    assert answer.pop("name") == "grid"
    assert answer == json.loads(row[0])


def test_the_comment_names_the_layers_and_fields_that_the_tiles_have(client: FlaskClient, towns: TownDatabase) -> None:
    said = {layer["id"]: set(layer["fields"]) for layer in client.get("/tiles/grid").get_json()["vector_layers"]}
    z, x, y = towns_tile(client, towns, TOWNS[0], 7)
    found = {
        name: {field for feature in layer["features"] for field in feature["properties"]}
        for name, layer in layers(client, z, x, y).items()
    }
    assert found == said


@pytest.mark.parametrize("query", ["a=1", "a=text", 'a={"b":[1]}', "a=NaN", "a=%00", "a=" + "%5B" * 2000])
def test_any_query_reaches_the_function_as_json(client: FlaskClient, query: str) -> None:
    assert client.get(f"/tiles/grid/0/0/0?{query}").status_code == 200
