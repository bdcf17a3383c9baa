"""Recorded STAC items of Earth Search and Planetary Computer: bands, collection and offset as they are read."""

from pathlib import Path

import pystac
import pytest

from etl.errors import CatalogueError
from etl.items import BANDS, EARTH_SEARCH_KEYS, asset_keys, claimed_offset

KEYS = {"earth-search": (*EARTH_SEARCH_KEYS, "scl"), "planetary": (*BANDS, "SCL")}


@pytest.mark.parametrize(
    ("file", "keys", "offset"),
    [
        ("items_earth-search.aws.element84.com_sentinel-2-l2a.json", "earth-search", 0),
        ("items_earth-search.aws.element84.com_sentinel-2-c1-l2a.json", "earth-search", -1000),
        ("items_planetarycomputer.microsoft.com_sentinel-2-l2a.json", "planetary", 0),  # of baseline 02.12,
    ],
)
def test_recorded_items_have_all_bands_and_the_offset_that_is_in_their_pixels(
    real_data: Path, file: str, keys: str, offset: int
) -> None:
    recorded = pystac.ItemCollection.from_file(str(real_data / "stac-items" / file))
    items = [item for item in recorded if item.assets]  # one was recorded without any
    assert items
    for item in items:
        assert asset_keys(item) == KEYS[keys]
        assert claimed_offset(item) == offset, (item.id, item.properties.get("s2:processing_baseline"))


def test_an_item_of_another_product_is_refused_by_name(real_data: Path) -> None:
    item = pystac.Item.from_file(str(real_data / "stac-items" / "only_crs_proj.json"))
    with pytest.raises(CatalogueError, match=item.id):
        asset_keys(item)
