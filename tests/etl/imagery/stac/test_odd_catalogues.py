"""Answers of another form: they cost at most an item, then a city; what would fail every city stops the run."""

import copy
import json
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from etl.cities.city import City
from etl.cities.files import read_cities
from etl.demo.catalogue import COLLECTION, DemoCatalogue
from etl.errors import CatalogueError, StoppingError
from etl.imagery.stac.catalogue import SceneFinder, Source, check_catalogue, find_scenes
from etl.period import Period
from tests.etl.imagery.stac.odd_api import Answer, Api, documents, serving

SUMMER = Period.parse("2024-06-01/2024-08-31")
DAYS = ["0605", "0625", "0715"]
HTML = b"<!doctype html><title>Sign in</title>"


@pytest.fixture(scope="module")
def lisbon(tiny_demo: DemoCatalogue) -> City:
    return next(city for city in read_cities(tiny_demo.cities) if city.name.startswith("Lisbon"))


@pytest.fixture
def items(tiny_demo: DemoCatalogue) -> list[dict[str, Any]]:
    return sorted(documents(tiny_demo, "LISBON"), key=lambda item: item["id"])


def days(api: Api, city: City, collection: str | None = COLLECTION) -> list[str]:
    """Return the days of the scenes that are found in an API."""
    with serving(api) as url:
        source = Source(url, collection, SUMMER)
        check_catalogue(source)
        return [item.id[-4:] for item in find_scenes(source, city).items]


@pytest.mark.parametrize("methods", [["GET"], ["POST"], ["GET", "POST"]])
def test_the_search_uses_a_method_that_the_api_offers(items: Any, lisbon: City, methods: list[str]) -> None:
    api = Api(items, methods)
    assert days(api, lisbon) == DAYS
    assert f"{methods[-1]} /search" in api.requests


@pytest.mark.parametrize("collection", [COLLECTION, None])
def test_an_api_without_conformance_classes_is_searched(items: Any, lisbon: City, collection: str | None) -> None:
    assert days(Api(items, conforms_to=None), lisbon, collection) == DAYS


def with_first(items: list[dict[str, Any]], change: Callable[[dict[str, Any]], Any]) -> list[Any]:
    """Return the items with a change to the first one."""
    first = copy.deepcopy(items[0])
    change(first)
    return [first, *items[1:]]


@pytest.mark.parametrize(
    "change",
    [
        lambda item: item.clear(),
        lambda item: item.update(assets=None),
        lambda item: item.update(properties=None),
        lambda item: item["properties"].update(datetime="05/06/2024 10h30"),
        lambda item: item["properties"].update(datetime=None),
        lambda item: item["properties"].update(datetime=20240605),
        lambda item: item["properties"].update({"eo:cloud_cover": "n/a"}),
        lambda item: item["properties"].update({"eo:cloud_cover": -1}),
        lambda item: item["properties"].update({"eo:cloud_cover": [1]}),
        lambda item: item.update(bbox=[1, 2]),
        lambda item: item.update(bbox=["west", 1, 2, 3]),
        lambda item: item.update(bbox=None, geometry=None),
        lambda item: item["assets"].update(blue={"title": "no address"}),
        lambda item: item.update(stac_version="9.9.9-odd", stac_extensions=7),
    ],
)
def test_a_malformed_item_is_left_out_with_one_line(
    items: Any, lisbon: City, change: Callable[[Any], Any], caplog: pytest.LogCaptureFixture
) -> None:
    assert days(Api(with_first(items, change)), lisbon) == DAYS[1:]
    assert caplog.text.count("event=left_out") == 1


@pytest.mark.parametrize("odd", [None, "text", 7, []])
def test_a_feature_that_is_no_object_is_left_out(items: Any, lisbon: City, odd: Any) -> None:
    assert days(Api([odd, *items]), lisbon) == DAYS


@pytest.mark.parametrize(
    "change",
    [
        lambda item: item["properties"].update({"eo:cloud_cover": "7.5"}),
        lambda item: item["properties"].update({"eo:cloud_cover": None}),
        lambda item: item["properties"].update(datetime="2024-06-05T11:20:00"),
        lambda item: item["properties"].update(datetime="2024-06-05"),
        lambda item: item["properties"].update({"terrakin:synthetic": "true"}),
        lambda item: item.update(bbox=[*item["bbox"][:2], 0, *item["bbox"][2:], 900]),
        lambda item: item.pop("bbox"),
        lambda item: item.pop("links"),
    ],
)
def test_what_catalogues_write_in_several_forms_is_understood(
    items: Any, lisbon: City, change: Callable[[Any], Any]
) -> None:
    assert days(Api(with_first(items, change)), lisbon) == DAYS


def html(number: int) -> Answer:
    return 200, {"Content-Type": "text/html"}, HTML


@pytest.mark.parametrize(
    "api",
    [
        Api([], search=html),
        Api([], search=lambda number: (200, {}, b"[]")),
        Api([], search=lambda number: (200, {}, b"null")),
        Api([], search=lambda number: (200, {}, b"\xff\xfe")),
        Api([], search=lambda number: (200, {}, b'{"features": 7}')),
        Api([], search=lambda number: (400, {}, b"{}")),
        Api([], search=lambda number: (404, {}, HTML)),
        Api([], search=lambda number: (200, {}, b'{"type": "FeatureCollection", "features": []}')),
    ],
)
def test_an_answer_that_is_no_list_of_items_costs_one_city(api: Api, items: Any, lisbon: City) -> None:
    with serving(api) as url:
        finder = SceneFinder(Source(url, COLLECTION, SUMMER))
        with pytest.raises(CatalogueError, match="Lisbon"):
            finder.find(lisbon)
        api.items, api.search = items, lambda number: None
        assert len(finder.find(lisbon).items) == 3


@pytest.mark.parametrize(("status", "hint"), [(401, "denied .*password"), (403, "denied"), (503, "host")])
def test_what_would_fail_every_city_stops_the_run(items: Any, lisbon: City, status: int, hint: str) -> None:
    with serving(Api(items, search=lambda number: (status, {}, b"{}"))) as url:
        finder = SceneFinder(Source(url, COLLECTION, SUMMER))
        with pytest.raises(StoppingError, match=hint):
            finder.find(lisbon)
    with pytest.raises(StoppingError, match="host"):
        find_scenes(Source(url, COLLECTION, SUMMER), lisbon)


def test_a_server_that_asks_to_wait_for_hours_is_not_waited_for(items: Any, lisbon: City) -> None:
    def busy(number: int) -> Answer | None:
        return (429, {"Retry-After": "36000"}, b"{}") if number == 1 else None

    assert days(Api(items, search=busy), lisbon) == DAYS


def next_page(page: dict[str, Any], address: str) -> dict[str, Any]:
    """Add a link to a page with the same items."""
    body = {"rel": "next", "href": f"{address}/search", "method": "POST", "body": {}, "merge": True}
    return page | {"links": [body]}


def test_an_answer_that_comes_byte_by_byte_costs_one_city(
    items: Any, lisbon: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.imagery.stac.whole_answers.ATTEMPTS", 0.1)
    api = Api(items, pause_s=0.2)
    with serving(api) as url:
        started = time.monotonic()
        with pytest.raises(CatalogueError, match=r"not complete after \d+ s"):
            find_scenes(Source(url, COLLECTION, SUMMER, http_timeout_s=1), lisbon)
        assert time.monotonic() - started < 30


def test_an_answer_that_is_larger_than_any_catalogue_costs_one_city(
    items: Any, lisbon: City, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("etl.imagery.stac.whole_answers.MAX_BYTES", 10_000)
    with pytest.raises(CatalogueError, match="larger"):
        days(Api(items), lisbon)


def test_pages_that_do_not_end_cost_one_city(items: Any, lisbon: City) -> None:
    api = Api(items)
    with serving(api) as url:
        api.edit = lambda page, number: next_page(page, url)
        with pytest.raises(CatalogueError, match="do not end"):
            find_scenes(Source(url, COLLECTION, SUMMER), lisbon)
    assert sum("/search" in asked for asked in api.requests) == 2


@pytest.fixture
def static(tiny_demo: DemoCatalogue, tmp_path: Path) -> Path:
    """Path of the catalog.json of a copy of the tiny demo."""
    shutil.copytree(tiny_demo.catalogue.parent, tmp_path / "static")
    return tmp_path / "static" / "catalog.json"


def static_days(catalogue: Path, city: City) -> list[str]:
    source = Source(str(catalogue), None, SUMMER)
    check_catalogue(source)
    return [item.id[-4:] for item in find_scenes(source, city).items]


def item_file(catalogue: Path) -> Path:
    return next((catalogue.parent / COLLECTION / "SYNTHETIC_LISBON_20240605").glob("*.json"))


@pytest.mark.parametrize("content", [None, "", "null", "[]", "{}", '{"type": "Feature"}', "\x00"])
def test_a_dead_link_of_a_static_catalogue_is_left_out(
    static: Path, lisbon: City, content: str | None, caplog: pytest.LogCaptureFixture
) -> None:
    path = item_file(static)
    path.unlink() if content is None else path.write_text(content)
    assert static_days(static, lisbon) == DAYS[1:]
    assert path.name in caplog.text


def test_a_static_catalogue_that_links_to_itself_ends(static: Path, lisbon: City) -> None:
    collection = static.parent / COLLECTION / "collection.json"
    document = json.loads(collection.read_text())
    for target in ("./collection.json", "../catalog.json"):
        document["links"].append({"rel": "child", "href": target, "type": "application/json"})
    collection.write_text(json.dumps(document))
    assert static_days(static, lisbon) == DAYS


IDS = {f"SYNTHETIC_LISBON_2024{day}" for day in DAYS}


@pytest.fixture(scope="module")
def odd_api(tiny_demo: DemoCatalogue) -> Iterator[tuple[Api, SceneFinder]]:
    api = Api(sorted(documents(tiny_demo, "LISBON"), key=lambda item: item["id"]))
    with serving(api) as url:
        yield api, SceneFinder(Source(url, COLLECTION, SUMMER))


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=4),
    lambda children: st.lists(children, max_size=2) | st.dictionaries(st.text(max_size=3), children, max_size=2),
    max_leaves=4,
)
PLACES = [
    ("id",), ("bbox",), ("geometry",), ("properties",), ("assets",), ("links",), ("collection",), ("stac_version",),
    ("stac_extensions",), ("type",), ("properties", "datetime"), ("properties", "eo:cloud_cover"), ("assets", "blue"),
    ("assets", "scl"), ("assets", "blue", "href"), ("assets", "blue", "raster:bands"),
]  # fmt: skip


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(place=st.sampled_from(PLACES), value=JSON)
def test_a_mutated_item_costs_at_most_itself(
    lisbon: City, odd_api: tuple[Api, SceneFinder], place: tuple[str, ...], value: Any
) -> None:
    def change(item: dict[str, Any]) -> None:
        parent = item
        for key in place[:-1]:
            parent = parent[key]
        parent[place[-1]] = value

    api, finder = odd_api
    api.edit = lambda page, number: page | {"features": with_first(page["features"], change)}
    found = {item.id[-4:] for item in finder.find(lisbon).items if item.id in IDS}
    assert found >= set(DAYS[1:])
