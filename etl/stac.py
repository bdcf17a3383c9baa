"""Scenes: finds a city's Sentinel-2 L2A items in a STAC API or a static catalogue, and checks that they can be used."""

import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, time
from pathlib import Path
from typing import Any, TypeGuard

import pystac
import pystac_client
import requests
from pystac.stac_io import DefaultStacIO
from pystac_client.exceptions import APIError

from etl.cities import City
from etl.errors import CatalogueError

log = logging.getLogger(__name__)

# pystac migrates fields of the storage extension, which nothing here uses; Earth Search's have a form it does not know.
warnings.filterwarnings("ignore", message="Could not parse bucket/account", category=UserWarning)

BANDS = ("B01", "B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B09", "B11", "B12")
"""The 12 bands of Level-2A in the order that TerraMind was trained with; every array of ours keeps it."""

EARTH_SEARCH_KEYS = (
    "coastal", "blue", "green", "red", "rededge1", "rededge2", "rededge3", "nir", "nir08", "nir09", "swir16", "swir22",
)  # fmt: skip
"""Asset keys in the order of BANDS; by key, because the three red edges share one common_name."""

KEY_SETS = ((*EARTH_SEARCH_KEYS, "scl"), (*BANDS, "SCL"))
"""Earth Search's and Planetary Computer's asset keys: the bands, then the scene classification."""

TIMEOUT_S = 60


@dataclass(frozen=True)
class Period:
    """Days (UTC) of the scenes, both included."""

    start: date
    end: date

    @property
    def label(self) -> str:
        """Text for file names."""
        return f"{self.start}_{self.end}"


@dataclass(frozen=True)
class Source:
    """Where scenes are looked for.

    Attributes:
        stac: URL or path of a STAC API or of a static catalogue's JSON file.
        collection: id of the collection; None searches all of a static catalogue, and of an API with just one.
        period: days that are searched.
        max_cloud_cover: scenes with a higher ``eo:cloud_cover`` (percent) are left out.
    """

    stac: str
    collection: str | None
    period: Period
    max_cloud_cover: float = 60.0


@dataclass(frozen=True)
class Scenes:
    """The items of one city and period, oldest first, all with all bands.

    Attributes:
        items: STAC items.
        collection: their collection's id.
        stac_url: where they were found.
        is_synthetic: True where collection or items say ``terrakin:synthetic``.
    """

    items: tuple[pystac.Item, ...]
    collection: str
    stac_url: str
    is_synthetic: bool


class StaticReader(DefaultStacIO):
    """Reads the files of a static catalogue, with a timeout and errors that can be told apart."""

    def read_text_from_href(self, href: str) -> str:
        """As the parent; over HTTP it raises requests.RequestException."""
        if not href.startswith(("http://", "https://")):
            return super().read_text_from_href(href)
        answer = requests.get(href, timeout=TIMEOUT_S)
        answer.raise_for_status()
        return answer.text


def open_catalogue(stac: str) -> pystac.Catalog:
    """A static catalogue, or a client of an API.

    Raises:
        CatalogueError: it cannot be reached or is no STAC catalogue.
    """
    is_url = "://" in stac
    if not is_url and not Path(stac).exists():
        raise CatalogueError(f"STAC catalogue {stac} does not exist; give the path of its catalog.json or a URL")
    try:
        if is_url and not stac.endswith(".json"):
            return pystac_client.Client.open(stac, timeout=TIMEOUT_S)
        return pystac.Catalog.from_file(stac if is_url else str(Path(stac).absolute()), StaticReader())
    except (APIError, OSError, requests.RequestException) as error:
        raise CatalogueError(f"cannot reach STAC catalogue {stac}: {_one_line(error)}") from error
    except (pystac.STACError, pystac.STACTypeError, ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"{stac} is not a STAC catalogue: {_one_line(error)}") from error


def check_catalogue(source: Source) -> None:
    """Refuse a catalogue that has nothing to offer, before a job begins.

    Raises:
        CatalogueError: it cannot be reached, is no catalogue, or (a static one) has no item of the collection.
    """
    catalogue = open_catalogue(source.stac)
    if _is_api(catalogue):
        return
    if not any(source.collection in (None, item.collection_id) for item in catalogue.get_items(recursive=True)):
        of_collection = f" of collection {source.collection}" if source.collection else ""
        raise CatalogueError(f"STAC catalogue {source.stac} has no items{of_collection}; give one of Sentinel-2 L2A")


def find_scenes(source: Source, city: City) -> Scenes:
    """The usable scenes over a city's extent.

    Raises:
        CatalogueError: the catalogue cannot be read, has no such scenes, or one of them lacks a band or the SCL.
    """
    catalogue = open_catalogue(source.stac)
    try:
        found = sorted(_search(catalogue, source, city), key=lambda item: (_moment(item), item.id))
    except (APIError, requests.RequestException, OSError) as error:
        raise CatalogueError(f"searching {source.stac} for {city.name} failed: {_one_line(error)}") from error
    clear = [item for item in found if _cloud_cover(item) <= source.max_cloud_cover]
    if not clear:
        detail = f"{len(found)} scenes are cloudier" if found else "no scene covers the place and period"
        raise CatalogueError(
            f"no scenes of {city.name} in {source.stac} from {source.period.start} to {source.period.end} with "
            f"at most {source.max_cloud_cover:g} % cloud: {detail}; widen --period or raise --max-cloud-cover"
        )
    for item in clear:
        asset_keys(item)
    collections = {item.collection_id or "" for item in clear}
    if len(collections) > 1:
        raise CatalogueError(f"{source.stac} has scenes in {', '.join(sorted(collections))}; choose with --collection")
    is_synthetic = any(item.properties.get("terrakin:synthetic", False) for item in clear)
    return Scenes(tuple(clear), collections.pop(), source.stac, is_synthetic)


def asset_keys(item: pystac.Item) -> tuple[str, ...]:
    """An item's asset keys of the 12 bands in the order of BANDS, then of the SCL.

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


def boa_offset(item: pystac.Item) -> int:
    """DN to add to an item's pixels so that reflectance is DN / 10000: 0 or -1000.

    Processing baseline 04.00 and later adds 1000. Earth Search has usually taken it off, and then says so in
    ``earthsearch:boa_offset_applied``, although ``raster:bands`` still gives the offset -0.1. Planetary
    Computer never takes it off and names no offset, so there the baseline decides.
    """
    if item.properties.get("earthsearch:boa_offset_applied", False):
        return 0
    offset = _raster_offset(item.assets[asset_keys(item)[3]])
    if offset is not None:
        return round(offset * 10_000)
    baseline = str(item.properties.get("s2:processing_baseline", "00.00"))
    return -1000 if float(baseline) >= 4.0 else 0


def _raster_offset(asset: pystac.Asset) -> float | None:
    """``offset`` of STAC 1.1's asset, or of the raster extension before it."""
    fields = asset.extra_fields
    if "raster:offset" in fields:
        return float(fields["raster:offset"])
    bands: list[dict[str, Any]] = fields.get("raster:bands") or fields.get("bands") or [{}]
    value = bands[0].get("offset", bands[0].get("raster:offset"))
    return None if value is None else float(value)


def _search(catalogue: pystac.Catalog, source: Source, city: City) -> Iterator[pystac.Item]:
    if _is_api(catalogue):
        collections = [source.collection] if source.collection else None
        days = f"{source.period.start}/{source.period.end}"
        yield from catalogue.search(bbox=city.extent.bounds, datetime=days, collections=collections).items()
        return
    begin = datetime.combine(source.period.start, time.min, UTC)
    end = datetime.combine(source.period.end, time.max, UTC)
    for item in catalogue.get_items(recursive=True):
        is_wanted = source.collection is None or item.collection_id == source.collection
        if is_wanted and begin <= _moment(item) <= end and _overlaps(item, city):
            yield item


def _is_api(catalogue: pystac.Catalog) -> TypeGuard[pystac_client.Client]:
    return isinstance(catalogue, pystac_client.Client) and catalogue.conforms_to("ITEM_SEARCH")


def _overlaps(item: pystac.Item, city: City) -> bool:
    if item.bbox is None:
        raise CatalogueError(f"item {item.id} has no bbox, so it cannot be found by place")
    west, south, east, north = city.extent.bounds
    return item.bbox[0] <= east and item.bbox[2] >= west and item.bbox[1] <= north and item.bbox[3] >= south


def _moment(item: pystac.Item) -> datetime:
    moment = item.datetime or item.common_metadata.start_datetime
    if moment is None:
        raise CatalogueError(f"item {item.id} has no datetime")
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _cloud_cover(item: pystac.Item) -> float:
    return float(item.properties.get("eo:cloud_cover") or 0)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
