"""Finding scenes: static catalogues, a real STAC API, asset keys, offsets."""

import json
import socket
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import pystac
import pytest
import requests

from etl.cities.city import City, read_cities
from etl.demo.catalogue import COLLECTION, DemoCatalogue
from etl.errors import CatalogueError
from etl.imagery.catalogue import Source, check_catalogue, find_scenes
from etl.imagery.sentinel2 import BANDS, EARTH_SEARCH_KEYS, asset_keys, claimed_offset
from etl.period import Period

SUMMER = Period(date(2024, 6, 1), date(2024, 8, 31))
RUSTAC = Path(sysconfig.get_path("scripts")) / "rustac"


@pytest.fixture(scope="module")
def lisbon(tiny_demo: DemoCatalogue) -> City:
    return next(c for c in read_cities(tiny_demo.cities) if c.name.startswith("Lisbon"))


@pytest.fixture(scope="module")
def api(tiny_demo: DemoCatalogue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """A real STAC API server over the tiny demo's items, whose assets are file:// URLs."""
    items = []
    for item in pystac.Catalog.from_file(str(tiny_demo.catalogue)).get_items(recursive=True):
        item.make_asset_hrefs_absolute()
        document = item.to_dict(include_self_link=False, transform_hrefs=False)
        document["links"] = []
        for asset in document["assets"].values():
            asset["href"] = f"file://{asset['href']}"
        items.append(document)
    path = tmp_path_factory.mktemp("api") / "items.json"
    path.write_text(json.dumps({"type": "FeatureCollection", "features": items}))
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with subprocess.Popen(
        [RUSTAC, "serve", str(path), "--addr", f"127.0.0.1:{port}"], stderr=subprocess.DEVNULL
    ) as server:
        try:
            _wait_for(url, server)
            yield url
        finally:
            server.kill()


def _wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    deadline = time.monotonic() + 20
    while time.monotonic() < deadline:
        assert server.poll() is None, "rustac ended"
        try:
            requests.get(url, timeout=1).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("rustac does not answer")


def item(keys: tuple[str, ...], asset: dict[str, Any] | None = None, **properties: Any) -> pystac.Item:
    made = pystac.Item("x", None, None, datetime(2024, 7, 1, tzinfo=UTC), properties)
    for key in keys:
        made.assets[key] = pystac.Asset(f"{key}.tif", extra_fields=asset or {})
    return made


EARTH_SEARCH = (*EARTH_SEARCH_KEYS, "scl")
PLANETARY = (*BANDS, "SCL")
NAMES_OFFSET = {"raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}]}


def test_static_catalogue_gives_a_citys_scenes_oldest_first(tiny_demo: DemoCatalogue, lisbon: City) -> None:
    scenes = find_scenes(Source(str(tiny_demo.catalogue), None, SUMMER), lisbon)
    assert [i.id for i in scenes.items] == [f"SYNTHETIC_LISBON_2024{d}" for d in ("0605", "0625", "0715")]
    assert scenes.collection == COLLECTION
    assert scenes.is_synthetic


def test_api_gives_the_same_scenes_as_the_static_catalogue(api: str, tiny_demo: DemoCatalogue, lisbon: City) -> None:
    check_catalogue(Source(api, COLLECTION, SUMMER))
    scenes = find_scenes(Source(api, COLLECTION, SUMMER), lisbon)
    static = find_scenes(Source(str(tiny_demo.catalogue), None, SUMMER), lisbon)
    assert [i.id for i in scenes.items] == [i.id for i in static.items]
    assert scenes.is_synthetic


def test_days_and_cloud_limit_hold(api: str, tiny_demo: DemoCatalogue, lisbon: City) -> None:
    for stac in (api, str(tiny_demo.catalogue)):
        june = Period(date(2024, 6, 1), date(2024, 6, 25))
        assert len(find_scenes(Source(stac, COLLECTION, june), lisbon).items) == 2
        clear = find_scenes(Source(stac, COLLECTION, SUMMER, max_cloud_cover=10), lisbon)
        assert [i.id for i in clear.items] == ["SYNTHETIC_LISBON_20240625"]
        with pytest.raises(CatalogueError, match="3 scenes are cloudier"):
            find_scenes(Source(stac, COLLECTION, SUMMER, max_cloud_cover=0.001), lisbon)


@pytest.mark.parametrize("stac", ["http://127.0.0.1:1/", "http://127.0.0.1:1/catalog.json"])
def test_a_catalogue_that_is_away_is_said(stac: str) -> None:
    with pytest.raises(CatalogueError, match=f"cannot reach STAC catalogue {stac}"):
        check_catalogue(Source(stac, None, SUMMER))


def test_a_file_that_is_no_catalogue_is_said(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}")
    with pytest.raises(CatalogueError, match="is not a STAC catalogue"):
        check_catalogue(Source(str(path), None, SUMMER))


def test_a_collection_that_is_not_there_is_said(tiny_demo: DemoCatalogue) -> None:
    with pytest.raises(CatalogueError, match="no items of collection sentinel-2-l2a"):
        check_catalogue(Source(str(tiny_demo.catalogue), "sentinel-2-l2a", SUMMER))


def test_an_apis_unknown_collection_is_said_with_those_it_has(api: str) -> None:
    with pytest.raises(CatalogueError, match=f"has no collection sentinel-9; it has {COLLECTION}"):
        check_catalogue(Source(api, "sentinel-9", SUMMER))


@pytest.mark.parametrize("keys", [EARTH_SEARCH, PLANETARY])
def test_asset_keys_come_in_the_order_of_the_bands(keys: tuple[str, ...]) -> None:
    assert asset_keys(item((*reversed(keys), "thumbnail"))) == keys


@pytest.mark.parametrize(("keys", "missing"), [(EARTH_SEARCH, "scl"), (EARTH_SEARCH, "nir08"), (PLANETARY, "B8A")])
def test_a_missing_asset_is_named(keys: tuple[str, ...], missing: str) -> None:
    with pytest.raises(CatalogueError, match=f"item x has no asset {missing};"):
        asset_keys(item(tuple(k for k in keys if k != missing)))


@pytest.mark.parametrize(
    ("made", "offset"),
    [
        (item(EARTH_SEARCH, NAMES_OFFSET, **{"earthsearch:boa_offset_applied": True}), 0),
        (item(EARTH_SEARCH, NAMES_OFFSET, **{"earthsearch:boa_offset_applied": False}), -1000),
        (item(EARTH_SEARCH, NAMES_OFFSET), -1000),
        (item(EARTH_SEARCH, {"raster:bands": [{"offset": 0}]}, **{"s2:processing_baseline": "05.00"}), 0),
        (item(EARTH_SEARCH, {"raster:offset": -0.1, "raster:scale": 0.0001}), -1000),
        (item(PLANETARY, **{"s2:processing_baseline": "05.11"}), -1000),
        (item(PLANETARY, **{"s2:processing_baseline": "03.00"}), 0),
    ],
)
def test_offset_is_taken_off_once(made: pystac.Item, offset: int) -> None:
    assert claimed_offset(made) == offset
