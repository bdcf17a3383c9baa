"""The demo catalogue: in the format of Earth Search, marked as synthetic, built once."""

import csv
import json
from pathlib import Path

import pystac
import rasterio

from etl.cities.files import read_cities
from etl.cities.grid import Cell
from etl.demo.catalogue import COLLECTION, DemoCatalogue, build_catalogue
from etl.demo.towns import TINY_TOWNS
from etl.imagery.sentinel2 import asset_keys, claimed_offset


def items(demo: DemoCatalogue) -> list[pystac.Item]:
    return list(pystac.Catalog.from_file(str(demo.catalogue)).get_items(recursive=True))


def test_collection_items_and_names_are_marked_as_synthetic(tiny_demo: DemoCatalogue) -> None:
    collection = json.loads((tiny_demo.catalogue.parent / COLLECTION / "collection.json").read_text())
    assert collection["terrakin:synthetic"] is True
    assert "SYNTHETIC" in collection["description"]
    assert all(item.properties["terrakin:synthetic"] for item in items(tiny_demo))
    cities = read_cities(tiny_demo.cities)
    assert all(c.is_synthetic and c.city_id < 0 and c.name.endswith("(synthetic)") for c in cities)


def test_items_follow_earth_search_and_describe_their_pixels(tiny_demo: DemoCatalogue) -> None:
    for item in items(tiny_demo):
        keys = asset_keys(item)
        assert keys[0] == "coastal"
        assert claimed_offset(item) == 0
        for key in keys:
            asset = item.assets[key]
            assert not Path(asset.href).is_absolute()
            with rasterio.open(str(asset.get_absolute_href())) as file:
                assert file.profile["tiled"]
                assert list(file.shape) == asset.extra_fields["proj:shape"]
                assert list(file.transform)[:6] == asset.extra_fields["proj:transform"]
                assert file.transform.c % asset.extra_fields["gsd"] == 0
                assert file.crs.to_string() == item.properties["proj:code"]
                assert file.nodata == 0


def test_the_forms_file_contains_every_tile_of_the_catalogue(tiny_demo: DemoCatalogue) -> None:
    with tiny_demo.forms.open() as handle:
        rows = list(csv.DictReader(handle))
    got = {
        (Cell(int(r["zone"]), r["is_south"] == "1", int(r["row"]), int(r["col"])), r["form"], r["town"]) for r in rows
    }
    assert got == {(cell, form, town.name) for town in TINY_TOWNS for cell, form in town.cells().items()}


def test_a_complete_catalogue_is_not_built_again(tiny_demo: DemoCatalogue) -> None:
    before = {p: p.stat().st_mtime_ns for p in tiny_demo.catalogue.parent.rglob("*")}
    assert build_catalogue(tiny_demo.catalogue.parent, TINY_TOWNS, 3) == tiny_demo
    assert {p: p.stat().st_mtime_ns for p in tiny_demo.catalogue.parent.rglob("*")} == before
