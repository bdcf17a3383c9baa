"""The packed real places: what each item declares, and a run over three of them."""

import json
from collections.abc import Iterator
from importlib.resources import files
from pathlib import Path

import psycopg
import pystac
import pytest

from db.settings import Settings
from etl.cities.city import City, by_period
from etl.cities.files import read_cities
from etl.cities.geonames import geonames_cities
from etl.cities.grid import assign_cells
from etl.demo.catalogue import DemoCatalogue
from etl.demo.towns import DEMO_TOWNS
from etl.imagery.sentinel2 import check_item
from tests.conftest import cloned_database
from tests.etl.conftest import InThisProcess, environment, run_arguments

REAL_PLACES = Path(str(files("etl"))) / "data" / "real_places"
ROOT = Path(__file__).parents[2]
MAX_BYTES = 25_000_000
SHARE_ALIKE = "CC-BY-SA-4.0"
THREE = ("-1001", "-2001", "-2014")
"""Tankwa Karoo and Paris, without a date, and Ærøskøbing, of August 2022."""


@pytest.fixture(scope="module")
def items() -> list[pystac.Item]:
    return list(pystac.Catalog.from_file(str(REAL_PLACES / "catalog.json")).get_items(recursive=True))


@pytest.fixture(scope="module")
def places() -> list[City]:
    return read_cities(REAL_PLACES / "places.geojson")


def test_every_item_has_a_licence_and_an_attribution_that_stands_in_notice(items: list[pystac.Item]) -> None:
    notice = " ".join((ROOT / "NOTICE").read_text().split())
    names = {"satclip": "SatCLIP S2-100K", "terramind": "IBM/terramind", "eotdl": "earthpulse/eotdl"}
    sources = [*names.values(), "sricke/explainable-earth-embeddings", "Major TOM Core"]
    for item in items:
        assert item.properties["license"] in ("MIT", "Apache-2.0", SHARE_ALIKE), item.id
        assert "Contains modified Copernicus Sentinel data" in item.properties["attribution"], item.id
        (source,) = [source for source in sources if source in item.properties["attribution"]]
        assert source in notice


def test_what_must_be_shared_alike_has_a_collection_of_its_own_with_the_licence(items: list[pystac.Item]) -> None:
    alike = [item for item in items if item.properties["license"] == SHARE_ALIKE]
    assert {item.collection_id for item in alike} == {"real-places-cc-by-sa"}
    assert all(item.collection_id == "real-places" for item in items if item not in alike)
    text = (REAL_PLACES / "real-places-cc-by-sa" / "LICENSE.txt").read_text()
    assert "Attribution-ShareAlike 4.0 International Public License" in text
    assert "MIT License" in (REAL_PLACES / "real-places" / "LICENSE.txt").read_text()


def test_items_are_real_have_all_bands_beside_them_and_say_whether_their_date_is_known(
    items: list[pystac.Item],
) -> None:
    for item in items:
        check_item(item)
        assert item.properties["terrakin:synthetic"] is False
        assert isinstance(item.properties["terrakin:is_date_known"], bool)
        assert all((Path(str(item.get_self_href())).parent / asset.href).exists() for asset in item.assets.values())
    assert sum(path.stat().st_size for path in REAL_PLACES.rglob("*") if path.is_file()) <= MAX_BYTES


def test_every_place_has_tiles_and_the_period_of_its_item(places: list[City], items: list[pystac.Item]) -> None:
    assert all(assign_cells(places).values())
    acquired = {item.id: item.datetime.date() for item in items if item.datetime}
    for period, some in by_period(places, None).items():
        assert all(period.start <= acquired[f"place{city.city_id}"] <= period.end for city in some)


def test_places_have_ids_of_their_own_and_the_countries_of_geonames(places: list[City]) -> None:
    ids = {city.city_id for city in places}
    assert max(ids) < 0
    assert not ids & {town.city().city_id for town in DEMO_TOWNS}
    known = {city.country_code: (city.country, city.continent) for city in geonames_cities()}
    for city in places:
        assert not city.is_synthetic
        assert known.get(city.country_code, (city.country, city.continent)) == (city.country, city.continent)


def real_arguments(*more: str, cities: tuple[str, ...] = THREE) -> list[str]:
    chosen = [argument for number in cities for argument in ("--city", number)]
    return [
        "etl", "run", "--stac", str(REAL_PLACES / "catalog.json"), "--cities", str(REAL_PLACES / "places.geojson"),
        "--encoder", "galileo_nano", "--without-layout", "--workers", "1", *chosen, *more,
    ]  # fmt: skip


@pytest.fixture(scope="module")
def real(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Home and database of a run over three real places."""
    home = tmp_path_factory.mktemp("real") / ".terrakin"
    with cloned_database(server_home) as url:
        done = InThisProcess(environment(home, url))(*real_arguments("--min-valid-share", "0.2"))
        assert done.returncode == 0, done.stderr
        yield Settings(home, database_url=url)


COMPOSITES = """
    SELECT city_id, lower(period)::text, is_date_known, licences, is_synthetic, cardinality(attributions)
    FROM terrakin.composites
    ORDER BY city_id
"""


def test_dates_licences_and_attributions_are_recorded_with_each_composite(real: Settings) -> None:
    with psycopg.connect(str(real.database_url)) as conn:
        assert conn.execute(COMPOSITES).fetchall() == [
            (-2014, "2022-08-01", True, ["MIT"], False, 1),
            (-2001, "2020-07-01", False, ["MIT"], False, 1),
            (-1001, "2020-07-01", False, ["MIT"], False, 1),
        ]
        ((least, n_tiles),) = conn.execute("SELECT min(valid_share), count(*) FROM terrakin.tiles")
        assert 0.2 <= least < 0.5
        assert conn.execute("SELECT count(*) FROM terrakin.tile_thumbnails").fetchone() == (n_tiles,)
        assert conn.execute("SELECT count(umap_x) FROM terrakin.tiles").fetchone() == (0,)


SIMILARITIES = """
    SELECT 1 - (a.embedding_mean <=> b.embedding_mean), 1 - (s.embedding <=> u.embedding)
    FROM terrakin.tiles AS a
    JOIN terrakin.tiles AS b ON a.tile_id < b.tile_id
    JOIN terrakin.tile_aggregates AS s ON s.tile_id = a.tile_id AND s.method = 'std'
    JOIN terrakin.tile_aggregates AS u ON u.tile_id = b.tile_id AND u.method = 'std'
    WHERE a.city_id = ANY (%(places)s) AND b.city_id = ANY (%(places)s)
    ORDER BY a.tile_id, b.tile_id
"""


def test_real_tiles_are_as_similar_with_synthetic_towns_as_without(real: Settings, tiny_demo: DemoCatalogue) -> None:
    terrakin = InThisProcess(environment(real.home, real.database_url))
    arguments = {"places": list(map(int, THREE))}
    with psycopg.connect(str(real.database_url), autocommit=True) as conn:
        before = conn.execute(SIMILARITIES, arguments).fetchall()
        options = ("--city", "Lisbon (synthetic)", "--encoder", "galileo_nano", "--without-layout")
        done = terrakin(*run_arguments(tiny_demo, *options))
        assert done.returncode == 0, done.stderr
        assert conn.execute(
            "SELECT count(*) FROM terrakin.tiles WHERE city_id <> ALL (%(places)s)", arguments
        ).fetchone() == (4,)
        done = terrakin(*real_arguments("--min-valid-share", "0.2"))
        assert done.returncode == 0, done.stderr
        after = conn.execute(SIMILARITIES, arguments).fetchall()
    assert len(before) > 1
    assert [pytest.approx(row, abs=1e-5) for row in before] == after


def test_a_tile_that_imagery_covers_too_little_is_reported_so(real: Settings) -> None:
    terrakin = InThisProcess(environment(real.home, real.database_url))
    refused = terrakin(*real_arguments("--min-valid-share", "0.9", cities=("-1001",)))
    assert refused.returncode == 1
    line = refused.stderr.splitlines()[-1]
    assert all(value in line for value in ("Tankwa Karoo", "imagery covers 7", "90%", "--min-valid-share"))
    assert "cloud" not in line


def test_synthetic_imagery_of_a_real_city_is_refused(
    database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    document = json.loads(tiny_demo.cities.read_text())
    for feature in document["features"]:
        feature["properties"]["is_synthetic"] = False
    (path := tmp_path / "cities.geojson").write_text(json.dumps(document))
    arguments = run_arguments(tiny_demo, "--city", "Lisbon (synthetic)")
    arguments[arguments.index(str(tiny_demo.cities))] = str(path)
    refused = InThisProcess(environment(database.home, database.database_url))(*arguments)
    assert refused.returncode == 1
    line = refused.stderr.splitlines()[-1]
    assert all(value in line for value in ("is synthetic", "Lisbon (synthetic) is real", "is_synthetic"))


def test_a_run_without_a_period_needs_one_in_the_city_file(database: Settings, tiny_demo: DemoCatalogue) -> None:
    arguments = run_arguments(tiny_demo)
    i = arguments.index("--period")
    refused = InThisProcess(environment(database.home, database.database_url))(*arguments[:i], *arguments[i + 2 :])
    assert refused.returncode == 1
    line = refused.stderr.splitlines()[-1]
    assert "--period" in line
    assert "synthetic" in line
