"""The real pg_featureserv serves our views and search functions as OGC API features, as docs/api.md says."""

import json
import os
import subprocess
import time
import urllib.parse
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from benchmarks.web.martin import ROOT
from tests.builders.towns import TOWNS, TownDatabase
from tests.ports import free_ports
from tests.servers.martin import get

PROGRAM = Path(os.environ.get("PG_FEATURESERV") or ROOT.parent / "shared" / "bin" / "pg_featureserv")
pytestmark = pytest.mark.skipif(not PROGRAM.exists(), reason="no pg_featureserv: set PG_FEATURESERV to its program")
RELATIONS = {f"api.{unit}_overview" for unit in ("block", "city", "imported", "tile")}
MATCHES = "SELECT s.tile_id, s.rank FROM api.similar_tiles(%s, k => 3, countries => %s) AS s ORDER BY s.rank"


def configuration() -> str:
    """Return the configuration in docs/api.md."""
    text = (ROOT / "docs" / "api.md").read_text()
    return text.partition("```toml\n")[2].partition("```")[0]


@pytest.fixture(scope="module")
def server(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    folder, (port,) = tmp_path_factory.mktemp("featureserv"), free_ports(1)
    (folder / "terrakin.toml").write_text(f'[Server]\nHttpHost = "127.0.0.1"\nHttpPort = {port}\n{configuration()}')
    parts = conninfo_to_dict(str(towns.settings.database_url))
    place = urllib.parse.urlencode({"host": parts["host"], "port": parts["port"]})
    url = f"postgresql://terrakin_reader@/{parts['dbname']}?{place}"
    with (folder / "log").open("w") as log:
        process = subprocess.Popen(
            [PROGRAM, "--config", folder / "terrakin.toml"], env={"DATABASE_URL": url}, stdout=log, stderr=log
        )
    deadline = time.monotonic() + 30
    while "Serving HTTP" not in (folder / "log").read_text():
        assert process.poll() is None, (folder / "log").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.1)
    yield f"http://127.0.0.1:{port}"
    process.terminate()
    process.wait(10)


def fetch(address: str) -> Any:
    status, body, _ = get(address)
    assert status == 200, body
    return json.loads(body)


def test_views_with_a_geometry_are_collections(server: str) -> None:
    found = {collection["id"] for collection in fetch(f"{server}/collections.json")["collections"]}
    assert found == RELATIONS


def test_tiles_are_features_with_plain_columns(server: str, towns: TownDatabase) -> None:
    tile_id = towns.tiles[TOWNS[0].city_id][0][0]
    filtered = urllib.parse.quote(f"tile_id = {tile_id}")
    (feature,) = fetch(f"{server}/collections/api.tile_overview/items.json?filter={filtered}")["features"]
    assert feature["geometry"]["type"] == "MultiPolygon"
    assert feature["properties"]["city_id"] == TOWNS[0].city_id
    assert feature["properties"]["first_day"] < feature["properties"]["last_day"]


def test_a_search_is_a_collection_of_matches(server: str, towns: TownDatabase) -> None:
    tile_id, code = towns.tiles[TOWNS[0].city_id][0][0], TOWNS[1].country_code
    query = urllib.parse.urlencode({"query_tile_id": tile_id, "k": 3, "countries": f"{{{code}}}"})
    features = fetch(f"{server}/functions/api.similar_tiles/items.json?{query}")["features"]
    with psycopg.connect(str(towns.settings.database_url)) as conn:
        expected = conn.execute(MATCHES, (tile_id, [code])).fetchall()
    found = [(feature["properties"]["tile_id"], feature["properties"]["rank"]) for feature in features]
    assert found == expected
    assert all(feature["geometry"] for feature in features)


def test_the_search_functions_are_listed(server: str) -> None:
    found = {function["id"] for function in fetch(f"{server}/functions.json")["functions"]}
    assert found >= {
        "api.similar_tiles", "api.similar_blocks", "api.similar_at", "api.similar_to_examples", "api.similar_to_area",
        "api.tile_at", "api.block_at",
    }  # fmt: skip
