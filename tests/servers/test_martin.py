"""The real Martin serves what the Flask routes serve, alone and behind the proxy of ``deploy/Caddyfile``."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import psycopg
import pytest
from flask.testing import FlaskClient

from benchmarks.web.martin import ROOT, running_martin
from tests.builders.towns import TOWNS, TownDatabase
from tests.db.databases import run_sql
from tests.deploy.caddy import running_caddy
from tests.ports import free_ports
from tests.servers.martin import PROGRAM, get, needs_martin
from webapp import create_app
from webapp.database import EXTENSION
from webapp.vector_tiles.routes import CACHE_CONTROL, SOURCES

pytestmark = needs_martin

ADDRESSES = """
    SELECT z, floor((ST_X(p) + 20037508.34) / w)::integer, floor((20037508.34 - ST_Y(p)) / w)::integer
    FROM generate_series(0, 14) AS z
    CROSS JOIN LATERAL (SELECT 40075016.68 / 2 ^ z AS w) AS width
    CROSS JOIN LATERAL (SELECT ST_Transform(c.location::geometry, 3857) AS p FROM terrakin.cities AS c) AS city
"""


@pytest.fixture(scope="module")
def flask(towns: TownDatabase) -> Iterator[FlaskClient]:
    app = create_app(replace(towns.settings, rate_limit="none", picture_rate_limit="none"))
    yield app.test_client()
    app.extensions[EXTENSION].close()


@pytest.fixture(scope="module")
def tile_id(towns: TownDatabase) -> int:
    return towns.tiles[TOWNS[0].city_id][0][0]


def places(towns: TownDatabase) -> list[tuple[int, int, int]]:
    """Return the vector tiles of all zooms that contain the centre of a town."""
    with psycopg.connect(str(towns.settings.database_url)) as conn:
        return list(dict.fromkeys(conn.execute(ADDRESSES).fetchall()))


def test_every_tile_is_that_of_the_route_byte_for_byte(
    martin: str, flask: FlaskClient, towns: TownDatabase, tile_id: int
) -> None:
    sources = ("grid", "umap", f"similarity?tile_id={tile_id}", f"similarity?block_id={tile_id << 6}&origin=any")
    sources += (f"similarity?tile_id={tile_id}&method=dominant", f"grid,similarity?tile_id={tile_id}")
    n_filled = 0
    for z, x, y in [*places(towns), (3, 0, 0), (14, 5, 9)]:
        for source in sources:
            name, _, query = source.partition("?")
            status, body, _ = get(f"{martin}/{name}/{z}/{x}/{y}?{query}")
            answer = flask.get(f"/tiles/{name}/{z}/{x}/{y}?{query}")
            assert (status, body) == (answer.status_code, answer.data), (source, z, x, y)
            n_filled += status == 200
    assert n_filled > 150


@pytest.mark.parametrize("suffix", ["pbf", "mvt"])
def test_addresses_may_end_in_the_suffix_of_a_vector_tile(martin: str, flask: FlaskClient, suffix: str) -> None:
    status, body, _ = get(f"{martin}/grid/0/0/0.{suffix}")
    answer = flask.get(f"/tiles/grid/0/0/0.{suffix}")
    assert (status, body) == (200, answer.data)


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("grid/3/9/9", 204),
        ("umap/3/0/8", 204),
        ("similarity/3/9/9?tile_id={tile_id}", 204),
        ("similarity/0/0/0?tile_id=5", 204),
        ("similarity/0/0/0?block_id=5", 204),
        ("similarity/0/0/0?tile_id={tile_id}&method=x", 204),
        ("grid/15/0/0", 404),
        ("nothing/0/0/0", 404),
        ("similarity/0/0/0", 500),
        ("similarity/0/0/0?tile_id=x", 500),
    ],
)
def test_martin_alone_answers_so(martin: str, tile_id: int, address: str, expected: int) -> None:
    assert get(f"{martin}/{address.format(tile_id=tile_id)}")[0] == expected


def test_a_tile_that_the_client_has_is_304(martin: str) -> None:
    _, _, headers = get(f"{martin}/grid/0/0/0")
    assert get(f"{martin}/grid/0/0/0", If_None_Match=headers["etag"])[0] == 304


@pytest.mark.parametrize("names", [*SOURCES, "grid,umap"])
def test_tilejson_has_what_clients_read(martin: str, flask: FlaskClient, names: str) -> None:
    found = json.loads(get(f"{martin}/{names}?tile_id=7")[1])
    wanted = flask.get(f"/tiles/{names}?tile_id=7").get_json()
    for key in ("tilejson", "minzoom", "maxzoom", "attribution"):
        assert found[key] == wanted[key], key
    assert found["bounds"] == pytest.approx(wanted["bounds"])
    assert layers(found) == layers(wanted)
    assert urlsplit(found["tiles"][0]).path == urlsplit(wanted["tiles"][0]).path
    assert urlsplit(found["tiles"][0]).query == "tile_id=7"


def layers(tilejson: dict[str, Any]) -> dict[str, Any]:
    keys = ("minzoom", "maxzoom", "fields", "description")
    return {layer["id"]: {key: layer[key] for key in keys} for layer in tilejson["vector_layers"]}


def test_below_a_prefix_tilejson_contains_it(towns: TownDatabase, tmp_path: Path) -> None:
    assert PROGRAM
    with running_martin(PROGRAM, str(towns.settings.database_url), tmp_path / "log", prefix="/maps") as address:
        (tiles,) = json.loads(get(f"{address}/tiles/grid")[1])["tiles"]
    assert urlsplit(tiles).path == "/maps/tiles/grid/{z}/{x}/{y}"


def test_functions_that_are_made_anew_fail_no_request(towns: TownDatabase, martin: str) -> None:
    before = get(f"{martin}/grid/1/1/0")[:2]
    (source,) = (ROOT / "sql" / "tiles").glob("grid.sql")
    run_sql(
        towns.settings, f"DROP FUNCTION tiles.grid; {source.read_text()}", (ROOT / "sql" / "grants.sql").read_text()
    )
    assert get(f"{martin}/grid/1/1/0")[:2] == before


@pytest.fixture(scope="module")
def proxy(martin: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the tiles behind the proxy of the production set-up."""
    home = tmp_path_factory.mktemp("caddy")
    port, health_port = free_ports(2)
    text = (ROOT / "deploy" / "Caddyfile").read_text().replace("127.0.0.1:2020", f"127.0.0.1:{health_port}")
    configuration = text.replace("martin:3000", urlsplit(martin).netloc)
    with running_caddy(home, configuration, {port}, TERRAKIN_SITE=f"http://127.0.0.1:{port}"):
        yield f"http://127.0.0.1:{port}/tiles"


@pytest.mark.parametrize(
    "query",
    [
        "",
        "?tile_id=",
        "?tile_id=x",
        "?tile_id=1&tile_id=2",
        "?tile_id=%27",
        "?tile_id=1&block_id=2",
        "?tile_id=1&method=x",
        "?tile_id=1&origin=x",
        "?block_id=64&method=std",
        "?tile_id=" + "9" * 19,
    ],
)
@pytest.mark.parametrize("names", ["similarity", "grid,similarity"])
def test_the_proxy_refuses_what_can_be_told_by_form(proxy: str, names: str, query: str) -> None:
    status, body, headers = get(f"{proxy}/{names}/0/0/0{query}")
    assert status == 400
    assert headers["content-type"] == "application/problem+json"
    assert "give tile_id or block_id" in json.loads(body)["detail"]


@pytest.mark.parametrize("query", ["", "&method=dominant", "&method=mean&origin=any", "&unknown=1"])
def test_the_proxy_lets_good_requests_through_with_the_header_of_the_route(
    proxy: str, flask: FlaskClient, tile_id: int, query: str
) -> None:
    status, body, headers = get(f"{proxy}/similarity/0/0/0?tile_id={tile_id}{query}")
    assert (status, body) == (200, flask.get(f"/tiles/similarity/0/0/0?tile_id={tile_id}{query}").data)
    assert headers["cache-control"] == CACHE_CONTROL
    assert get(f"{proxy}/grid/0/0/0")[2]["cache-control"] == CACHE_CONTROL
    assert "cache-control" not in get(f"{proxy}/nothing/0/0/0")[2]
