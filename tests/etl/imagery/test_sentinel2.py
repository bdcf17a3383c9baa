"""One STAC item: asset keys, offset and acquisition time."""

from datetime import UTC, datetime
from typing import Any

import pystac
import pytest

from etl.errors import CatalogueError
from etl.imagery.sentinel2 import BANDS, EARTH_SEARCH_KEYS, acquired_at, asset_keys, claimed_offset


def item(keys: tuple[str, ...], asset: dict[str, Any] | None = None, **properties: Any) -> pystac.Item:
    made = pystac.Item("x", None, None, datetime(2024, 7, 1, tzinfo=UTC), properties)
    for key in keys:
        made.assets[key] = pystac.Asset(f"{key}.tif", extra_fields=asset or {})
    return made


EARTH_SEARCH = (*EARTH_SEARCH_KEYS, "scl")
PLANETARY = (*BANDS, "SCL")
WITH_OFFSET = {"raster:bands": [{"nodata": 0, "scale": 0.0001, "offset": -0.1}]}


@pytest.mark.parametrize("keys", [EARTH_SEARCH, PLANETARY])
def test_asset_keys_are_in_the_order_of_the_bands(keys: tuple[str, ...]) -> None:
    assert asset_keys(item((*reversed(keys), "thumbnail"))) == keys


@pytest.mark.parametrize(("keys", "missing"), [(EARTH_SEARCH, "scl"), (EARTH_SEARCH, "nir08"), (PLANETARY, "B8A")])
def test_a_missing_asset_is_named(keys: tuple[str, ...], missing: str) -> None:
    with pytest.raises(CatalogueError, match=f"item x .*{missing}"):
        asset_keys(item(tuple(k for k in keys if k != missing)))


@pytest.mark.parametrize(
    ("made", "offset"),
    [
        (item(EARTH_SEARCH, WITH_OFFSET, **{"earthsearch:boa_offset_applied": True}), 0),
        (item(EARTH_SEARCH, WITH_OFFSET, **{"earthsearch:boa_offset_applied": False}), -1000),
        (item(EARTH_SEARCH, WITH_OFFSET), -1000),
        (item(EARTH_SEARCH, {"raster:bands": [{"offset": 0}]}, **{"s2:processing_baseline": "05.00"}), 0),
        (item(EARTH_SEARCH, {"raster:offset": -0.1, "raster:scale": 0.0001}), -1000),
        (item(PLANETARY, **{"s2:processing_baseline": "05.11"}), -1000),
        (item(PLANETARY, **{"s2:processing_baseline": "03.00"}), 0),
    ],
)
def test_the_offset_is_zero_where_it_is_removed_already(made: pystac.Item, offset: int) -> None:
    assert claimed_offset(made) == offset


def test_an_item_without_a_datetime_has_its_start_datetime() -> None:
    made = item(EARTH_SEARCH, start_datetime="2024-07-01T10:30:00Z", end_datetime="2024-07-01T10:31:00Z")
    made.datetime = None
    assert acquired_at(made) == datetime(2024, 7, 1, 10, 30, tzinfo=UTC)
    made.properties.clear()
    with pytest.raises(CatalogueError, match=r"item x .*datetime"):
        acquired_at(made)
