"""Finding scenes in static catalogues and in a real STAC API."""

import json
import subprocess
import sysconfig
import time
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pystac
import pytest
import requests

from etl.cities.city import City
from etl.cities.files import read_cities
from etl.demo.catalogue import COLLECTION, DemoCatalogue
from etl.errors import CatalogueError, StoppingError
from etl.imagery.stac.catalogue import Source, check_catalogue, find_scenes
from etl.period import Period
from tests.ports import free_ports

SUMMER = Period(date(2024, 6, 1), date(2024, 8, 31))
RUSTAC = Path(sysconfig.get_path("scripts")) / "rustac"


@pytest.fixture(scope="module")
def lisbon(tiny_demo: DemoCatalogue) -> City:
    return next(c for c in read_cities(tiny_demo.cities) if c.name.startswith("Lisbon"))


@pytest.fixture(scope="module")
def api(tiny_demo: DemoCatalogue, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """URL of a real STAC API server with the items of the tiny demo, whose assets are file:// URLs."""
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
    (port,) = free_ports(1)
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
    deadline = time.monotonic() + 300
    while time.monotonic() < deadline:
        assert server.poll() is None, "rustac has exited"
        try:
            requests.get(url, timeout=1).raise_for_status()
        except requests.ConnectionError:
            time.sleep(0.1)
        else:
            return
    pytest.fail("rustac does not answer")


def test_a_static_catalogue_returns_a_citys_scenes_oldest_first(tiny_demo: DemoCatalogue, lisbon: City) -> None:
    scenes = find_scenes(Source(str(tiny_demo.catalogue), None, SUMMER), lisbon)
    assert [i.id for i in scenes.items] == [f"SYNTHETIC_LISBON_2024{d}" for d in ("0605", "0625", "0715")]
    assert scenes.collection == COLLECTION
    assert scenes.is_synthetic
    assert scenes.licence == pystac.Catalog.from_file(str(tiny_demo.catalogue)).get_child(COLLECTION).license  # type: ignore[union-attr]


def test_an_api_returns_the_same_scenes_as_a_static_catalogue(api: str, tiny_demo: DemoCatalogue, lisbon: City) -> None:
    check_catalogue(Source(api, COLLECTION, SUMMER))
    scenes = find_scenes(Source(api, COLLECTION, SUMMER), lisbon)
    static = find_scenes(Source(str(tiny_demo.catalogue), None, SUMMER), lisbon)
    assert [i.id for i in scenes.items] == [i.id for i in static.items]
    assert scenes.is_synthetic


def test_period_and_cloud_limit_are_respected(api: str, tiny_demo: DemoCatalogue, lisbon: City) -> None:
    for stac in (api, str(tiny_demo.catalogue)):
        june = Period(date(2024, 6, 1), date(2024, 6, 25))
        assert len(find_scenes(Source(stac, COLLECTION, june), lisbon).items) == 2
        clear = find_scenes(Source(stac, COLLECTION, SUMMER, max_cloud_cover=10), lisbon)
        assert [i.id for i in clear.items] == ["SYNTHETIC_LISBON_20240625"]
        with pytest.raises(CatalogueError, match="3 scenes"):
            find_scenes(Source(stac, COLLECTION, SUMMER, max_cloud_cover=0.001), lisbon)


@pytest.mark.parametrize("stac", ["http://127.0.0.1:1/", "http://127.0.0.1:1/catalog.json"])
def test_an_unreachable_catalogue_is_reported_with_its_url(stac: str) -> None:
    with pytest.raises(StoppingError, match=f"reach .*{stac}"):
        check_catalogue(Source(stac, None, SUMMER))


def test_a_file_that_is_not_a_catalogue_is_reported(tmp_path: Path) -> None:
    path = tmp_path / "other.json"
    path.write_text("{}")
    with pytest.raises(CatalogueError, match=r"other\.json is not a STAC"):
        check_catalogue(Source(str(path), None, SUMMER))


def test_an_unknown_collection_of_a_static_catalogue_is_reported(tiny_demo: DemoCatalogue) -> None:
    with pytest.raises(CatalogueError, match="sentinel-2-l2a"):
        check_catalogue(Source(str(tiny_demo.catalogue), "sentinel-2-l2a", SUMMER))


def test_an_unknown_collection_of_an_api_is_reported_with_the_known_ones(api: str) -> None:
    with pytest.raises(CatalogueError, match=f"sentinel-9; .*{COLLECTION}"):
        check_catalogue(Source(api, "sentinel-9", SUMMER))
