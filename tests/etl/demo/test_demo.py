"""The demo catalogue: enough towns and tiles, in Earth Search's form, called synthetic, with clouds and their mask."""

import csv
import json
from pathlib import Path

import numpy as np
import pystac
import pytest
import rasterio

from etl.cities.city import read_cities
from etl.cities.grid import TILE_PX, Cell, assign_cells
from etl.demo.catalogue import COLLECTION, DemoCatalogue, build_catalogue
from etl.demo.forms import Style, draw
from etl.demo.materials import MATERIALS
from etl.demo.scenes import town_ground
from etl.demo.towns import DEMO_TOWNS, FORMS, TINY_TOWNS, Form
from etl.imagery.cloud_mask import CLEAR_CLASSES
from etl.imagery.sentinel2 import asset_keys, claimed_offset


def items(demo: DemoCatalogue) -> list[pystac.Item]:
    return list(pystac.Catalog.from_file(str(demo.catalogue)).get_items(recursive=True))


def test_demo_is_large_enough_and_on_many_continents() -> None:
    assert len(DEMO_TOWNS) >= 8
    assert sum(len(town.cells()) for town in DEMO_TOWNS) >= 150
    assert len({town.continent for town in DEMO_TOWNS}) >= 4
    assert {form for town in DEMO_TOWNS for form in town.cells().values()} == set(FORMS)


def test_a_town_claims_just_its_own_tiles() -> None:
    cities = [town.city() for town in DEMO_TOWNS]
    assigned = assign_cells(cities)
    for town, city in zip(DEMO_TOWNS, cities, strict=True):
        assert set(assigned[city.city_id]) == set(town.cells())


def test_synthetic_is_said_in_collection_items_and_names(tiny_demo: DemoCatalogue) -> None:
    collection = json.loads((tiny_demo.catalogue.parent / COLLECTION / "collection.json").read_text())
    assert collection["terrakin:synthetic"] is True
    assert "SYNTHETIC" in collection["description"]
    assert all(item.properties["terrakin:synthetic"] for item in items(tiny_demo))
    cities = read_cities(tiny_demo.cities)
    assert all(c.is_synthetic and c.city_id < 0 and c.name.endswith("(synthetic)") for c in cities)


def test_items_have_earth_searchs_form_and_say_where_their_pixels_are(tiny_demo: DemoCatalogue) -> None:
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


def test_clear_pixels_by_the_mask_are_the_towns_ground(tiny_demo: DemoCatalogue) -> None:
    """Where the SCL says clear, the red band is the ground but for light and noise; where it says cloud, it is not."""
    ground = town_ground(TINY_TOWNS[0], 2026).reflectance[3]
    for item in items(tiny_demo):
        if "LISBON" not in item.id:
            continue
        with rasterio.open(str(item.assets["red"].get_absolute_href())) as file:
            red = file.read(1).astype(float)
        with rasterio.open(str(item.assets["scl"].get_absolute_href())) as file:
            scl = np.kron(file.read(1), np.ones((2, 2), np.uint8))
        clear = np.isin(scl, CLEAR_CLASSES)
        ratio = red / ground
        assert 0.05 < 1 - clear.mean() < 0.95 or item.properties["eo:cloud_cover"] < 6
        assert np.abs(ratio[clear] - np.median(ratio[clear])).max() < 0.1
        assert np.median(np.abs(ratio[~clear] - 1)) > 0.4


def test_forms_file_names_every_tile_of_the_catalogue(tiny_demo: DemoCatalogue) -> None:
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


@pytest.mark.parametrize("form", FORMS)
def test_forms_are_drawn_anew_but_from_the_same_mix(form: Form) -> None:
    style = Style(0.4, 1, 0.5)
    first, again, other = (draw(form, style, np.random.default_rng(seed)) for seed in (1, 1, 2))
    np.testing.assert_array_equal(first, again)
    assert first.shape == (TILE_PX, TILE_PX)
    assert (first != other).mean() > 0.05
    shares = [np.bincount(tile.ravel(), minlength=len(MATERIALS)) / tile.size for tile in (first, other)]
    assert np.abs(shares[0] - shares[1]).max() < 0.3
