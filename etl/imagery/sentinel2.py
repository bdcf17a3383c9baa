"""One STAC item of Sentinel-2 L2A: its band assets, acquisition time, cloud cover, scale, offset and baseline."""

import math
import re
from datetime import UTC, datetime
from typing import Any

import pystac

from db.errors import one_line
from etl.errors import CatalogueError

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
"""The 12 bands of Level-2A in the order that TerraMind was trained with; all arrays use this order."""

EARTH_SEARCH_KEYS = (
    "coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08", "nir09", "swir16", "swir22",
)  # fmt: skip
"""Asset keys in the order of BANDS. Bands are found by key, because the three red edges share one common_name."""

KEY_SETS = ((*EARTH_SEARCH_KEYS, "scl"), (*BANDS, "SCL"))
"""Asset keys of Earth Search and Planetary Computer: the bands, then the scene classification."""

NODATA = 0
"""Nodata value of every band and of the SCL, in all products and baselines."""
OFFSET_BASELINE, BOA_OFFSET = 4.0, -1000
"""Processing baseline from which 1000 is added to every DN, and the offset that removes it."""

TO_BE_SIGNED, HTTP_TIMEOUT_S = "terrakin:to_be_signed", "terrakin:http_timeout_s"
"""Extra fields that items carry to Dask's workers: whether asset addresses need a token, and the timeout in seconds."""
SCALE = 0.0001
BASELINE = re.compile(r"N?(\d\d?)[._]?(\d\d?)?")
"""``05.11``, ``5.11``, ``N0511`` or ``5``."""


def check_item(item: pystac.Item) -> None:
    """Raise if an item's pixels cannot be converted to reflectance x 10000.

    Raises:
        CatalogueError: a band or the SCL is missing, or scale, offset or baseline are not those of Sentinel-2 L2A.
    """
    scale, offset = claimed_scale(item), claimed_offset(item)
    baseline(item)
    if scale is not None and not math.isclose(scale, SCALE):
        raise CatalogueError(f"item {item.id} has scale {scale:g}; Sentinel-2 L2A has {SCALE}")
    if offset not in (0, BOA_OFFSET):
        raise CatalogueError(
            f"item {item.id} has offset {offset / 10_000:g}; Sentinel-2 L2A has 0 or {BOA_OFFSET / 10_000:g}, "
            "and any other cannot be checked against its pixels; leave the item out of the catalogue"
        )


def asset_keys(item: pystac.Item) -> tuple[str, ...]:
    """Return an item's asset keys of the 12 bands in the order of BANDS, then of the SCL.

    Raises:
        CatalogueError: a band or the SCL is missing.
    """
    missing = [[key for key in keys if key not in item.assets] for keys in KEY_SETS]
    fewest = min(range(len(KEY_SETS)), key=lambda i: len(missing[i]))
    if missing[fewest]:
        raise CatalogueError(
            f"item {item.id} has no asset {', '.join(missing[fewest])}; "
            "a Sentinel-2 L2A item needs 12 bands and the scene classification (SCL)"
        )
    return KEY_SETS[fewest]


def claimed_offset(item: pystac.Item) -> int:
    """Return the DN to add to an item's pixels so that reflectance is DN / 10000, from its metadata: 0 or -1000.

    Processing baseline 04.00 and later adds 1000. Earth Search has usually removed it and then sets
    ``earthsearch:boa_offset_applied``, although ``raster:bands`` still gives the offset -0.1. Planetary Computer
    never removes it and gives no offset, so the baseline decides. Metadata can be wrong: see etl.imagery.quality.
    """
    if truth(item.properties.get("earthsearch:boa_offset_applied")):
        return 0
    offset = _raster_value(item.assets[asset_keys(item)[3]], "offset")
    if offset is not None:
        return round(offset * 10_000)
    return BOA_OFFSET if (baseline(item) or 0) >= OFFSET_BASELINE else 0


def baseline(item: pystac.Item) -> float | None:
    """Return the processing baseline, such as 5.1 for ``05.10`` or ``N0510``, or None if the item has none.

    Raises:
        CatalogueError: it is not a number.
    """
    text = item.properties.get("s2:processing_baseline", item.properties.get("processing:version"))
    if text is None:
        return None
    parts = BASELINE.fullmatch(str(text))
    if parts is None:
        raise CatalogueError(f"item {item.id} has processing baseline {text!r}; it must be a number such as 05.11")
    return float(f"{parts[1]}.{parts[2] or 0}")


def acquired_at(item: pystac.Item) -> datetime:
    """Return when a scene was acquired, UTC.

    Raises:
        CatalogueError: the item has no datetime.
    """
    acquired = item.datetime or item.common_metadata.start_datetime
    if acquired is None:
        raise CatalogueError(f"item {item.id} has no datetime")
    return acquired if acquired.tzinfo else acquired.replace(tzinfo=UTC)


def cloud_cover(item: pystac.Item) -> float:
    """Return a scene's cloud cover in percent according to its producer; 0 if the item has none.

    Raises:
        CatalogueError: it is not a number from 0 to 100.
    """
    value = item.properties.get("eo:cloud_cover")
    try:
        percent = float(0 if value is None else value)
    except (TypeError, ValueError):
        percent = math.nan
    if not 0 <= percent <= 100:
        raise CatalogueError(f"item {item.id} has cloud cover {value!r}; it must be a number from 0 to 100")
    return percent


def truth(value: Any) -> bool | None:
    """Return True or False for a property that catalogues write as true, "true" or 1; None for null.

    Raises:
        CatalogueError: it is something else.
    """
    known = {"true": True, "1": True, "false": False, "0": False}
    if value is None:
        return None
    if str(value).lower() not in known:
        raise CatalogueError(f"{value!r} must be true or false")
    return known[str(value).lower()]


def claimed_scale(item: pystac.Item) -> float | None:
    """Return the reflectance of one DN from the metadata of the red band; None if there is none (then 0.0001)."""
    return _raster_value(item.assets[asset_keys(item)[3]], "scale")


def _raster_value(asset: pystac.Asset, name: str) -> float | None:
    """Return ``raster:scale`` or ``raster:offset`` of an asset of STAC 1.1, or of the raster extension of STAC 1.0."""
    fields = asset.extra_fields
    try:
        bands: list[dict[str, Any]] = fields.get("raster:bands") or fields.get("bands") or [{}]
        value = fields.get(f"raster:{name}", bands[0].get(name, bands[0].get(f"raster:{name}")))
        return None if value is None else float(value)
    except (AttributeError, IndexError, KeyError, TypeError, ValueError) as error:
        raise CatalogueError(f"{asset.href} has a {name} that is no number ({one_line(error)})") from error
