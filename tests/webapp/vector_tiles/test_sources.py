"""The sources grid, similarity and umap: decoded tiles compared with the tables."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest
from flask.testing import FlaskClient
from pyproj import Geod
from shapely.geometry import Polygon, shape

from db.connect import connect
from db.settings import Settings
from tests.builders import build_world
from tests.builders.towns import N_SIDE, TOWNS, Town, TownDatabase, build_towns
from tests.conftest import cloned_database
from tests.webapp.problem import assert_problem
from tests.webapp.vector_tiles.mvt import (
    EXTENT,
    HALF_WORLD_M,
    decoded,
    features,
    lonlat,
    tile_at,
    tile_of_town,
)
from webapp import create_app
from webapp.database import EXTENSION

UMAP_UNIT_M = 500_000
KEY_PRECISION = 1e-3
"""Keys are stored in half precision."""
BLOCK_KEYS = """
    SELECT e.item_id, e.key::text FROM terrakin.embedding_keys AS e
    WHERE e.set_id = internal.set_id('block', 'mean') ORDER BY e.item_id
"""


@pytest.mark.parametrize("town", TOWNS, ids=lambda town: town.name)
def test_footprints_are_where_the_tiles_are(client: FlaskClient, towns: TownDatabase, town: Town) -> None:
    z, x, y = tile_of_town(client, towns, town, 10)
    geod = Geod(ellps="WGS84")
    for feature in features(decoded(client, f"grid/{z}/{x}/{y}"), "grid"):
        (ring,) = feature["geometry"]["coordinates"]
        if any(not 0 <= v <= EXTENT for pixel in ring for v in pixel):
            continue  # clipped at the border of the vector tile
        ((outline,),) = client.get(f"/api/v1/tiles/{feature['id']}").get_json()["footprint"]["coordinates"]
        corners = [lonlat(pixel, z, x, y) for pixel in ring]
        for lon, lat in outline:
            nearest = min(geod.inv(lon, lat, *corner)[2] for corner in corners)
            assert nearest < 2 * HALF_WORLD_M / 2**z / EXTENT * 2  # two steps of the tile's integer grid


def test_a_footprint_has_its_exact_tile_id_as_id_and_property(client: FlaskClient, towns: TownDatabase) -> None:
    town = TOWNS[0]
    z, x, y = tile_of_town(client, towns, town, 8)
    found = features(decoded(client, f"grid/{z}/{x}/{y}"), "grid")
    assert {f["id"] for f in found} >= {tile_id for tile_id, _ in towns.tiles[town.city_id]}
    for feature in found:
        assert feature["properties"]["tile_id"] == feature["id"]
        assert feature["properties"]["city_id"] == town.city_id
        assert feature["properties"]["city"] == town.name


def test_low_zooms_have_cities_with_tile_counts_and_no_footprints(client: FlaskClient) -> None:
    world = decoded(client, "grid/0/0/0")
    assert "grid" not in world
    cities = {f["properties"]["city_id"]: f["properties"] for f in features(world, "cities")}
    assert set(cities) == {town.city_id for town in TOWNS}
    for town in TOWNS:
        assert cities[town.city_id]["n_tiles"] == N_SIDE * N_SIDE
        assert cities[town.city_id]["is_synthetic"] is True


@pytest.mark.parametrize("z", [6, 9, 12, 14])
def test_every_tile_is_in_the_vector_tile_at_its_centre(client: FlaskClient, towns: TownDatabase, z: int) -> None:
    for tile_id, _ in [tile for tiles in towns.tiles.values() for tile in tiles][::7]:
        tile = client.get(f"/api/v1/tiles/{tile_id}").get_json()
        x, y = tile_at(tile["lon"], tile["lat"], z)
        assert tile_id in {f["id"] for f in features(decoded(client, f"grid/{z}/{x}/{y}"), "grid")}


def test_tiles_at_the_antimeridian_are_only_in_the_outermost_vector_tiles(database: Settings) -> None:
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
                    ST_Multi(ST_Expand(ST_SetSRID(ST_MakePoint(%(lon)s, 10), 4326), 0.01)),
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
    found = {x: {f["id"] for f in features(decoded(client, f"grid/6/{x}/{row}"), "grid")} for x in range(64)}
    world = {f["properties"]["city_id"] for f in features(decoded(client, "grid/0/0/0"), "cities")}
    app.extensions[EXTENSION].close()
    assert {x: ids for x, ids in found.items() if ids & {101, 102}} == {63: {101}, 0: {102}}
    assert world == {-101, -102, *(town.city_id for town in TOWNS)}


def test_tilejson_lists_the_layers_and_fields_of_the_tiles(client: FlaskClient, towns: TownDatabase) -> None:
    listed = {layer["id"]: set(layer["fields"]) for layer in client.get("/tiles/grid").get_json()["vector_layers"]}
    z, x, y = tile_of_town(client, towns, TOWNS[0], 7)
    layers = decoded(client, f"grid/{z}/{x}/{y}")
    assert {name: {field for f in features(layers, name) for field in f["properties"]} for name in layers} == listed


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_every_footprint_has_its_similarity(client: FlaskClient, towns: TownDatabase, method: str) -> None:
    query = towns.tiles[TOWNS[0].city_id][0][0]
    z, x, y = tile_of_town(client, towns, TOWNS[1], 9)
    found = features(decoded(client, f"similarity/{z}/{x}/{y}?tile_id={query}&method={method}"), "similarity")
    assert {tile_id for tile_id, _ in towns.tiles[TOWNS[1].city_id]} >= {f["id"] for f in found} != set()
    with psycopg.connect(towns.settings.database_url or "") as conn:
        for feature in found:
            row = conn.execute("SELECT api.similarity(%s, %s, %s)", (query, feature["id"], method)).fetchone()
            assert row
            assert feature["properties"]["similarity"] == pytest.approx(row[0], abs=1e-6)


def test_low_zooms_have_each_city_with_its_most_similar_tile(client: FlaskClient, towns: TownDatabase) -> None:
    query = towns.tiles[TOWNS[0].city_id][0][0]
    cities = features(decoded(client, f"similarity/0/0/0?tile_id={query}"), "cities")
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
            assert feature["properties"]["similarity"] == pytest.approx(best[1], abs=KEY_PRECISION)
    similarities = [f["properties"]["similarity"] for f in cities]
    assert similarities == sorted(similarities)


@pytest.fixture(scope="module")
def block_similarities(towns: TownDatabase) -> dict[int, float]:
    """The similarity of every block to the first block of the first town, computed from the keys."""
    with psycopg.connect(towns.settings.database_url or "") as conn:
        rows = conn.execute(BLOCK_KEYS).fetchall()
    keys = np.array([json.loads(key) for _, key in rows])
    keys /= np.linalg.norm(keys, axis=1, keepdims=True)
    ids = [block_id for block_id, _ in rows]
    return dict(zip(ids, keys @ keys[ids.index(first_block(towns))], strict=True))


def first_block(towns: TownDatabase) -> int:
    return towns.tiles[TOWNS[0].city_id][0][0] << 6


def test_from_zoom_11_every_block_has_its_similarity_and_footprint(
    client: FlaskClient, towns: TownDatabase, block_similarities: dict[int, float]
) -> None:
    z, x, y = tile_of_town(client, towns, TOWNS[1], 11)
    found = features(decoded(client, f"similarity/{z}/{x}/{y}?block_id={first_block(towns)}"), "similarity")
    ids = {f["id"] for f in found}
    assert {block_id >> 6 for block_id in ids} <= {tile_id for tile_id, _ in towns.tiles[TOWNS[1].city_id]}
    assert len(ids) == len(found) > 49
    for feature in found[::17]:
        properties = feature["properties"]
        assert (properties["block_id"], properties["tile_id"]) == (feature["id"], feature["id"] >> 6)
        assert properties["similarity"] == pytest.approx(block_similarities[feature["id"]], abs=KEY_PRECISION)
        (ring,) = feature["geometry"]["coordinates"]
        if all(0 < v < EXTENT for pixel in ring for v in pixel):
            outline = shape(client.get(f"/api/v1/blocks/{feature['id']}").get_json()["footprint"])
            drawn = Polygon([lonlat(pixel, z, x, y) for pixel in ring])
            assert drawn.intersection(outline).area > 0.9 * outline.area


def test_below_zoom_11_a_tile_has_the_similarity_of_its_best_block(
    client: FlaskClient, towns: TownDatabase, block_similarities: dict[int, float]
) -> None:
    z, x, y = tile_of_town(client, towns, TOWNS[1], 9)
    found = features(decoded(client, f"similarity/{z}/{x}/{y}?block_id={first_block(towns)}"), "similarity")
    assert {f["id"] for f in found} == {tile_id for tile_id, _ in towns.tiles[TOWNS[1].city_id]}
    for feature in found:
        best = max(block_similarities[feature["id"] << 6 | number] for number in range(49))
        assert feature["properties"]["similarity"] == pytest.approx(best, abs=KEY_PRECISION)
        assert block_similarities[feature["properties"]["block_id"]] == pytest.approx(best, abs=KEY_PRECISION)


def test_low_zooms_have_each_city_with_its_most_similar_block(
    client: FlaskClient, towns: TownDatabase, block_similarities: dict[int, float]
) -> None:
    cities = features(decoded(client, f"similarity/0/0/0?block_id={first_block(towns)}"), "cities")
    assert {f["properties"]["city_id"] for f in cities} == {town.city_id for town in TOWNS[:-1]}
    for properties in (f["properties"] for f in cities):
        tile_ids = {tile_id for tile_id, _ in towns.tiles[properties["city_id"]]}
        best = max(s for block_id, s in block_similarities.items() if block_id >> 6 in tile_ids)
        assert properties["similarity"] == pytest.approx(best, abs=KEY_PRECISION)
        assert properties["best_block_id"] >> 6 == properties["best_tile_id"]
        assert block_similarities[properties["best_block_id"]] == pytest.approx(best, abs=KEY_PRECISION)


def found_by_a_search(client: FlaskClient, path: str, body: dict[str, object]) -> tuple[str, dict[int, float]]:
    """Return the key of a question, and the similarities of all that a search for it finds, by id."""
    everything = {"k": 1000, "exclude_same_city": False, "max_per_tile": 49, **body}
    answer = client.post(f"/api/v1/{path}?with_key=true", json=everything).get_json()
    return answer["key"], {match["block_id"] or match["tile_id"]: match["similarity"] for match in answer["matches"]}


def assert_same(client: FlaskClient, tile: str, query: str, wanted: dict[int, float], precision: float) -> None:
    """Check the similarities of a vector tile against those of a search."""
    found = features(decoded(client, f"similarity/{tile}?{query}"), "similarity")
    shown = {f["id"]: f["properties"]["similarity"] for f in found if f["id"] in wanted}
    assert len(shown) > 3
    assert shown == pytest.approx({item_id: wanted[item_id] for item_id in shown}, abs=precision)


@pytest.mark.parametrize(("unit", "z", "precision"), [("tile", 9, 1e-6), ("block", 12, KEY_PRECISION)])
def test_examples_colour_the_map_by_what_a_search_for_them_finds(
    client: FlaskClient, towns: TownDatabase, unit: str, z: int, precision: float
) -> None:
    ids = [towns.tiles[town.city_id][2][0] << (6 if unit == "block" else 0) for town in TOWNS[:3]]
    body = {"positive": ids[:2], "negative": ids[2:], "unit": unit}
    _, wanted = found_by_a_search(client, "similar-to-examples", body)
    tile = "/".join(map(str, tile_of_town(client, towns, TOWNS[3], z)))
    query = f"positive={ids[0]},{ids[1]}&negative={ids[2]}&unit={unit}"
    assert_same(client, tile, query, wanted, precision)


@pytest.mark.parametrize(("unit", "z"), [("tile", 7), ("tile", 12), ("block", 12)])
def test_the_key_of_any_question_colours_the_map_by_what_its_search_finds(
    client: FlaskClient, towns: TownDatabase, unit: str, z: int
) -> None:
    tile_id = towns.tiles[TOWNS[0].city_id][0][0]
    area = client.get(f"/api/v1/tiles/{tile_id}").get_json()["footprint"]
    key, wanted = found_by_a_search(client, "similar-to-area", {"area": area, "unit": unit})
    assert len(key) < 4000
    tile = "/".join(map(str, tile_of_town(client, towns, TOWNS[1], z)))
    assert_same(client, tile, f"key={key}", wanted, 3 * KEY_PRECISION)


def test_a_key_of_keys_that_were_fitted_again_colours_nothing(client: FlaskClient, towns: TownDatabase) -> None:
    tile_id = towns.tiles[TOWNS[0].city_id][0][0]
    key, _ = found_by_a_search(client, "similar", {"tile_id": tile_id})
    assert client.get(f"/tiles/similarity/0/0/0?key={key}").status_code == 200
    set_id, numbers = key.split(":")
    assert client.get(f"/tiles/similarity/0/0/0?key={int(set_id) + 1000}:{numbers}").status_code == 204


def test_a_part_of_a_key_is_refused(client: FlaskClient, towns: TownDatabase) -> None:
    key, _ = found_by_a_search(client, "similar", {"tile_id": towns.tiles[TOWNS[0].city_id][0][0]})
    cut = key.rsplit(",", 3)[0]
    assert_problem(client.get(f"/tiles/similarity/0/0/0?key={cut}"), 422, "key has", str(cut.count(",") + 1))
    zeros = key.split(":")[0] + ":" + ",".join("0" * (key.count(",") + 1))
    assert client.get(f"/tiles/similarity/0/0/0?key={zeros}").status_code in (200, 204)


@pytest.mark.parametrize("method", ["mean", "mean_std"])
def test_similarities_are_of_the_origin_of_the_tile_unless_another_is_given(database: Settings, method: str) -> None:
    with connect(database) as conn:
        world = build_world(conn, 60, 6, seed=15, n_real=3)
    app = create_app(database)
    row = int(np.flatnonzero(~world.is_synthetic)[0])
    other = int(np.flatnonzero(world.is_synthetic)[0])
    query = f"?tile_id={world.tile_ids[row]}&method={method}"
    x, y = tile_at(world.lon[other], world.lat[other], 9)
    cities, synthetic = {}, {}
    for origin in ("", "&origin=real", "&origin=synthetic", "&origin=any"):
        found = features(decoded(app.test_client(), f"similarity/0/0/0{query}{origin}"), "cities")
        cities[origin] = {f["properties"]["city_id"] for f in found}
        assert all(f["properties"]["is_synthetic"] == (f["properties"]["city_id"] > 3) for f in found)
        found = features(decoded(app.test_client(), f"similarity/9/{x}/{y}{query}{origin}"), "similarity")
        synthetic[origin] = {f["id"]: f["properties"]["similarity"] for f in found}
    app.extensions[EXTENSION].close()
    assert list(cities.values()) == [{1, 2, 3}, {1, 2, 3}, {4, 5, 6}, {1, 2, 3, 4, 5, 6}]
    assert synthetic[""] == synthetic["&origin=real"] == {}
    assert synthetic["&origin=synthetic"] == synthetic["&origin=any"]
    similarity = world.similarity(row, method)[other]
    assert synthetic["&origin=any"][int(world.tile_ids[other])] == pytest.approx(similarity, abs=1e-6)


@pytest.mark.parametrize(
    ("query", "status", "words"),
    [
        ("", 422, ["tile_id"]),
        ("?tile_id=x", 422, ["tile_id", "'x'"]),
        ("?tile_id=1;drop", 422, ["tile_id", "'1;drop'"]),
        ("?tile_id=999999999999999999999", 422, ["tile_id", "999999999999999999999"]),
        ("?tile_id=12", 404, ["tile 12"]),
        ("?block_id=x", 422, ["block_id", "'x'"]),
        ("?block_id=12", 404, ["block 12"]),
        ("?tile_id={known}&block_id=12", 422, ["tile_id", "block_id"]),
        ("?tile_id={known}&positive=12", 422, ["tile_id", "positive"]),
        ("?positive=12,13", 404, ["tile 12"]),
        ("?positive={known}&negative=12", 404, ["tile 12"]),
        ("?positive={known}&unit=block", 404, ["block"]),
        ("?positive=x", 422, ["examples", "'x'"]),
        ("?positive={known}&negative=x", 422, ["examples"]),
        ("?positive=", 422, ["examples"]),
        ("?key=1", 422, ["key", "'1'"]),
        ("?key=1:x", 422, ["key", "'1:x'"]),
        ("?tile_id={known}&method=mode", 422, ["method", "'mode'"]),
        ("?tile_id={known}&origin=made%20up", 422, ["origin", "'made up'"]),
    ],
)
def test_an_invalid_query_is_a_problem_with_its_value(
    client: FlaskClient, tile_id: int, query: str, status: int, words: list[str]
) -> None:
    assert_problem(client.get("/tiles/similarity/0/0/0" + query.replace("{known}", str(tile_id))), status, *words)


@pytest.fixture
def laid_out(server_home: Path) -> Iterator[tuple[FlaskClient, str, dict[int, tuple[float, float]]]]:
    """An app over towns with a layout, the database, and the position of each tile in the layout."""
    with cloned_database(server_home) as url:
        settings = Settings(server_home / "web", database_url=url)
        with connect(settings) as conn:
            ids = [tile_id for tiles in build_towns(conn).values() for tile_id, _ in tiles]
            positions = {tile_id: (i * 0.5 - 8.0, (i % 7) * 1.25 - 3.0) for i, tile_id in enumerate(ids)}
            with conn.cursor() as cursor:
                cursor.executemany(
                    "UPDATE terrakin.tiles SET umap_x = %s, umap_y = %s WHERE tile_id = %s",
                    [(*position, tile_id) for tile_id, position in positions.items()],
                )
        app = create_app(settings)
        yield app.test_client(), url, positions
        app.extensions[EXTENSION].close()


def test_the_umap_is_empty_without_a_layout(client: FlaskClient) -> None:
    assert client.get("/tiles/umap/0/0/0").status_code == 204


def test_each_tile_is_a_point_at_its_position_in_the_layout(
    laid_out: tuple[FlaskClient, str, dict[int, tuple[float, float]]],
) -> None:
    client, _, positions = laid_out
    z, found = 5, {}
    width = 2 * HALF_WORLD_M / 2**z
    for x in range(11, 24):
        for y in range(11, 24):
            for feature in features(decoded(client, f"umap/{z}/{x}/{y}"), "umap"):
                px, py = feature["geometry"]["coordinates"]
                found[feature["id"]] = (
                    (-HALF_WORLD_M + (x + px / EXTENT) * width) / UMAP_UNIT_M,
                    (HALF_WORLD_M - (y + py / EXTENT) * width) / UMAP_UNIT_M,
                )
    assert set(found) == set(positions)
    step = width / EXTENT / UMAP_UNIT_M
    for tile_id, position in positions.items():
        assert found[tile_id] == pytest.approx(position, abs=step)


def test_at_low_zooms_one_point_stands_for_all_tiles_nearby(
    laid_out: tuple[FlaskClient, str, dict[int, tuple[float, float]]],
) -> None:
    client, url, positions = laid_out
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE terrakin.tiles SET umap_x = 1.0 + umap_x / 1000, umap_y = 1.0 + umap_y / 1000")
    assert len(features(decoded(client, "umap/0/0/0"), "umap")) == 1
    assert len(features(decoded(client, "umap/8/131/124"), "umap")) == len(positions)
