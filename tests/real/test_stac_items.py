"""Bands, nodata, scale and offset of every recorded STAC item (Earth Search, Planetary Computer, stactools)."""

import json
from collections import Counter
from datetime import timedelta
from pathlib import Path

import pystac
import pytest
from shapely import MultiPolygon, box

from etl.cities.city import City
from etl.errors import CatalogueError
from etl.imagery.sentinel2 import (
    BANDS,
    EARTH_SEARCH_KEYS,
    NODATA,
    acquired_at,
    asset_keys,
    check_item,
    claimed_offset,
    claimed_scale,
)
from etl.imagery.stac.catalogue import Source, find_scenes
from etl.period import Period

EARTH, PLANETARY = (*EARTH_SEARCH_KEYS, "scl"), (*BANDS, "SCL")
NO_ASSETS, OTHER_OFFSET = "has no asset", "has offset -0.7"
Read = tuple[tuple[str, ...], float | None, int] | str
OFF, SHIFTED, UNNAMED = (EARTH, 0.0001, 0), (EARTH, 0.0001, -1000), (PLANETARY, None, 0)
TABLE: dict[str, dict[Read, int]] = {
    "items_earth-search.aws.element84.com_sentinel-2-l2a.json": {OFF: 7},
    "items_earth-search.aws.element84.com_sentinel-2-c1-l2a.json": {SHIFTED: 6, NO_ASSETS: 10},
    "items_planetarycomputer.microsoft.com_sentinel-2-l2a.json": {UNNAMED: 33},
    "site1-20200606-tall-strip-africa.geojson": {UNNAMED: 9},
    "site2-2020_jun_jul-35MNM.geojson": {UNNAMED: 13},
    "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531.json": {UNNAMED: 1},
    "S2B_MSIL2A_20190629T212529_R043_T06VVN_20201006T080531_raster_ext.json": {UNNAMED: 1},
    "only_crs_proj.json": {NO_ASSETS: 1},
    "S2A_MSIL2A_20190212T192651_N0212_R013_T07HFE_20201007T160857.SAFE": {OFF: 1},
    "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157.SAFE": {SHIFTED: 1},
    "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022158.SAFE": {SHIFTED: 1},
    "S2A_MSIL2A_20230625T234621_N0509_R073_T01WCS_20230626T022157.SAFE": {SHIFTED: 1},
    "S2A_MSIL2A_20230821T221941_N0509_R029_T01KAB_20230822T021825.SAFE": {SHIFTED: 1},
    "S2A_OPER_MSI_L2A_TL_2APS_20240108T121951_A044635_T34VEL": {SHIFTED: 1},
    "S2A_OPER_MSI_L2A_TL_SGS__20181231T210250_A018414_T10SDG": {OFF: 1},
    "S2A_OPER_MSI_L2A_TL_VGS1_20220401T110010_A035382_T34LBP": {SHIFTED: 1},
    "S2A_OPER_MSI_L2A_TL_VGS1_20220401T110010_A035382_T34LBQ": {OTHER_OFFSET: 1},
    "S2A_T60CWS_20240109T203651_L2A": {SHIFTED: 1},
    "S2B_MSIL2A_20191228T210519_N0212_R071_T01CCV_20201003T104658.SAFE": {OFF: 1},
    "S2B_MSIL2A_20200914T231559_N0500_R087_T01VCG_20230315T224658": {SHIFTED: 1},
    "S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126.SAFE": {SHIFTED: 1},
    "esa_S2B_MSIL2A_20210122T133229_N0214_R081_T22HBD_20210122T155500.SAFE": {OFF: 1},
    "examples_sentinel2-l2a-example_S2A_T07HFE_20190212T192646_L2A_S2A_T07HFE_20190212T192646_L2A.json": {OFF: 1},
}
"""By file (without ``_expected_output.json``): number of items by asset keys, scale and offset (DN) as read."""


def recorded(folder: Path) -> dict[str, list[pystac.Item]]:
    """Return all items of all files, by their name in TABLE; files of collections have none."""
    found = {}
    for path in sorted([*folder.rglob("*.json"), *folder.rglob("*.geojson")]):
        document = json.loads(path.read_text())
        items = document.get("features", [document])
        if items[0]["type"] == "Feature":
            found[path.name.removesuffix("_expected_output.json")] = [pystac.Item.from_dict(item) for item in items]
    return found


def read(item: pystac.Item) -> Read:
    """Return keys, scale and offset as the pipeline reads them, or the reason why it refuses the item."""
    try:
        check_item(item)
    except CatalogueError as error:
        reasons = (reason for reason in (NO_ASSETS, OTHER_OFFSET) if f"item {item.id} {reason}" in str(error))
        return next(reasons, str(error))
    return asset_keys(item), claimed_scale(item), claimed_offset(item)


def test_every_recorded_item_is_read_as_in_the_table(real_data: Path) -> None:
    items = recorded(real_data / "stac-items")
    got = {name: dict(Counter(map(read, found))) for name, found in items.items()}
    assert got == TABLE


def test_no_item_has_another_nodata_value_than_0(real_data: Path) -> None:
    named = Counter(
        bands[0]["nodata"]
        for found in recorded(real_data / "stac-items").values()
        for item in found
        if not isinstance(read(item), str)
        for key in asset_keys(item)
        if "nodata" in (bands := item.assets[key].extra_fields.get("raster:bands") or [{}])[0]
    )
    assert named.keys() == {NODATA}
    assert named.total() > 200


@pytest.mark.parametrize(
    ("name", "lon", "lat"),
    [
        ("S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157.SAFE", 179.5, 66.2),  # west of the antimeridian
        ("S2A_MSIL2A_20230625T234621_N0509_R073_T01WCP_20230626T022157.SAFE", -179.5, 66.2),  # and east of it
        ("S2A_MSIL2A_20230821T221941_N0509_R029_T01KAB_20230822T021825.SAFE", 179.5, -16.8),
        ("S2A_T60CWS_20240109T203651_L2A", 179.0, -79.8),
        ("S2B_MSIL2A_20220413T150759_N0400_R025_T33XWJ_20220414T082126.SAFE", 16.0, 80.15),
    ],
)
def test_scenes_at_the_antimeridian_and_near_the_poles_are_found_there_and_nowhere_else(
    real_data: Path, tmp_path: Path, name: str, lon: float, lat: float
) -> None:
    (item,) = recorded(real_data / "stac-items")[name]
    catalogue = pystac.Catalog("one", "one item")
    catalogue.add_item(item)
    catalogue.normalize_and_save(str(tmp_path), pystac.CatalogType.SELF_CONTAINED)
    day = acquired_at(item).date()
    period = Period(day - timedelta(1), day + timedelta(1))
    source = Source(str(tmp_path / "catalog.json"), None, period, max_cloud_cover=100)

    def city_at(lon: float) -> City:
        extent = MultiPolygon([box(lon - 0.01, lat - 0.01, lon + 0.01, lat + 0.01)])
        return City(1, "There", "FJ", "Fiji", "Oceania", None, lon, lat, extent, False)

    assert [found.id for found in find_scenes(source, city_at(lon)).items] == [item.id]
    with pytest.raises(CatalogueError, match=r"There .*--period"):
        find_scenes(source, city_at(-lon / 2))
