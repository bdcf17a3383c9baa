"""Scenes: finds a city's Sentinel-2 L2A items in a STAC API or a static catalogue, and checks that they can be used."""

import logging
import warnings
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from pathlib import Path
from typing import TypeGuard

import pystac
import pystac_client
import requests
from pystac.stac_io import DefaultStacIO
from pystac_client.exceptions import APIError
from pystac_client.stac_api_io import StacApiIO
from requests.adapters import HTTPAdapter
from shapely import MultiPolygon
from urllib3 import Retry

from db.settings import DEFAULT_HTTP_TIMEOUT_S
from etl.cities.city import City
from etl.errors import CatalogueError
from etl.imagery.http import ATTEMPTS, STATUS_CODES, retry_on
from etl.imagery.pixels import check_signing
from etl.imagery.sentinel2 import HTTP_TIMEOUT_S, TO_BE_SIGNED, check_item
from etl.period import Period

log = logging.getLogger(__name__)

# pystac migrates fields of the storage extension, which nothing here uses; Earth Search's have a form it does not know.
warnings.filterwarnings("ignore", message="Could not parse bucket/account", category=UserWarning)

RETRY = Retry(
    total=ATTEMPTS,
    connect=2,
    backoff_factor=0.3,
    status_forcelist=STATUS_CODES,
    allowed_methods=None,
    backoff_jitter=0.3,
)
again = retry_on(
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
    log=log,
)
"""For answers that were cut short, which urllib3 does not ask for again."""


@dataclass(frozen=True)
class Source:
    """Where scenes are looked for.

    Attributes:
        stac: URL or path of a STAC API or of a static catalogue's JSON file.
        collection: id of the collection; None searches all of a static catalogue, and of an API with just one.
        period: days that are searched first.
        max_cloud_cover: scenes with a higher ``eo:cloud_cover`` (percent) are left out.
        widen_days: so many days before and after the period are searched too, where clear looks lack.
        sign: sign the addresses of assets with package planetary-computer, as its storage wants it.
        http_timeout_s: seconds that a server may take.
    """

    stac: str
    collection: str | None
    period: Period
    max_cloud_cover: float = 60.0
    widen_days: int = 0
    sign: bool = False
    http_timeout_s: int = DEFAULT_HTTP_TIMEOUT_S


@dataclass(frozen=True)
class Candidates:
    """The candidates of one city and the widened period, oldest first, all with all bands.

    Attributes:
        items: STAC items, each by itself: they can be sent to another process.
        collection: their collection's id.
        stac_url: where they were found.
        is_synthetic: True where collection or items say ``terrakin:synthetic``.
    """

    items: tuple[pystac.Item, ...]
    collection: str
    stac_url: str
    is_synthetic: bool


class StaticReader(DefaultStacIO):
    """Reads the files of a static catalogue, with a timeout, retries and errors that can be told apart."""

    def __init__(self, timeout_s: int) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRY))

    def read_text_from_href(self, href: str) -> str:
        """As the parent; over HTTP it raises requests.RequestException."""
        if not href.startswith(("http://", "https://")):
            return super().read_text_from_href(href)
        answer = self._read(href)
        answer.raise_for_status()
        return answer.text

    @again
    def _read(self, href: str) -> requests.Response:
        return self._session.get(href, timeout=self._timeout_s)


def open_catalogue(stac: str, timeout_s: int = DEFAULT_HTTP_TIMEOUT_S) -> pystac.Catalog:
    """A static catalogue, or a client of an API.

    Raises:
        CatalogueError: it cannot be reached or is no STAC catalogue.
    """
    is_url = "://" in stac
    if not is_url and not Path(stac).exists():
        raise CatalogueError(f"STAC catalogue {stac} does not exist; give the path of its catalog.json or a URL")
    try:
        if is_url and not stac.endswith(".json"):
            return _open_api(stac, timeout_s)
        return pystac.Catalog.from_file(stac if is_url else str(Path(stac).absolute()), StaticReader(timeout_s))
    except (APIError, OSError, requests.RequestException) as error:
        raise CatalogueError(f"cannot reach STAC catalogue {stac}: {_one_line(error)}") from error
    except (pystac.STACError, pystac.STACTypeError, ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"{stac} is not a STAC catalogue: {_one_line(error)}") from error


@again
def _open_api(url: str, timeout_s: int) -> pystac_client.Client:
    return pystac_client.Client.open(url, stac_io=StacApiIO(max_retries=RETRY, timeout=timeout_s))


def check_catalogue(source: Source) -> None:
    """Refuse a catalogue that has nothing to offer, before a job begins.

    Raises:
        CatalogueError: it cannot be reached, is no catalogue, or has no such collection (a static one: no item of it);
            or its addresses cannot be signed here.
    """
    if source.sign:
        check_signing()
    catalogue = open_catalogue(source.stac, source.http_timeout_s)
    if _is_api(catalogue):
        _check_collection(catalogue, source)
        return
    if not any(source.collection in (None, item.collection_id) for item in catalogue.get_items(recursive=True)):
        of_collection = f" of collection {source.collection}" if source.collection else ""
        raise CatalogueError(f"STAC catalogue {source.stac} has no items{of_collection}; give one of Sentinel-2 L2A")


def _check_collection(api: pystac_client.Client, source: Source) -> None:
    if source.collection is None:
        return
    try:
        known = sorted(collection.id for collection in api.get_collections())
    except (APIError, requests.RequestException) as error:
        raise CatalogueError(f"cannot list the collections of {source.stac}: {_one_line(error)}") from error
    if source.collection not in known:
        raise CatalogueError(
            f"STAC API {source.stac} has no collection {source.collection}; it has {', '.join(known) or 'none'}"
        )


def find_scenes(source: Source, city: City) -> Candidates:
    """The scenes over a city's extent, of the widened period and not too cloudy.

    Raises:
        CatalogueError: the catalogue cannot be read, has no such scenes, or one of them is refused by ``check_item``.
    """
    catalogue = open_catalogue(source.stac, source.http_timeout_s)
    try:
        found = sorted(_search(catalogue, source, city), key=lambda item: (moment(item), item.id))
    except (APIError, requests.RequestException, OSError) as error:
        raise CatalogueError(f"searching {source.stac} for {city.name} failed: {_one_line(error)}") from error
    clear = [item for item in found if cloud_cover(item) <= source.max_cloud_cover]
    if not clear:
        detail = f"{len(found)} scenes are cloudier" if found else "no scene covers the place and period"
        raise CatalogueError(
            f"no scenes of {city.name} in {source.stac} from {source.period.start} to {source.period.end} with "
            f"at most {source.max_cloud_cover:g} % cloud: {detail}; widen --period or raise --max-cloud-cover"
        )
    for item in clear:
        check_item(item)
        item.extra_fields |= {TO_BE_SIGNED: source.sign, HTTP_TIMEOUT_S: source.http_timeout_s}
    collections = {item.collection_id or "" for item in clear}
    if len(collections) > 1:
        raise CatalogueError(f"{source.stac} has scenes in {', '.join(sorted(collections))}; choose with --collection")
    is_synthetic = any(item.properties.get("terrakin:synthetic", False) for item in clear)
    return Candidates(tuple(map(_by_itself, clear)), collections.pop(), source.stac, is_synthetic)


@again
def _search_api(
    api: pystac_client.Client, collections: list[str] | None, days: str, city: City
) -> Collection[pystac.Item]:
    """The items of all the city's boxes, each once."""
    searches = [api.search(bbox=box, datetime=days, collections=collections) for box in _boxes(city)]
    return {item.id: item for search in searches for item in search.items()}.values()


def _boxes(city: City) -> list[tuple[float, float, float, float]]:
    """West, south, east, north around a city; two of them where it lies on both sides of the antimeridian."""
    parts = list(city.extent.geoms)
    west, _, east, _ = city.extent.bounds
    sides = (
        [parts]
        if east - west <= 180
        else [[p for p in parts if p.bounds[0] < 0], [p for p in parts if p.bounds[0] >= 0]]
    )
    return [MultiPolygon(side).bounds for side in sides]


def _search(catalogue: pystac.Catalog, source: Source, city: City) -> Iterator[pystac.Item]:
    searched = source.period.widened(source.widen_days)
    if _is_api(catalogue):
        collections = [source.collection] if source.collection else None
        days = f"{searched.start}/{searched.end}"
        yield from _search_api(catalogue, collections, days, city)
        return
    begin = datetime.combine(searched.start, time.min, UTC)
    end = datetime.combine(searched.end, time.max, UTC)
    for item in catalogue.get_items(recursive=True):
        is_wanted = source.collection is None or item.collection_id == source.collection
        if is_wanted and begin <= moment(item) <= end and _overlaps(item, city):
            yield item


def _by_itself(item: pystac.Item) -> pystac.Item:
    """A copy without links: it does not drag its whole catalogue along to Dask's workers."""
    item.make_asset_hrefs_absolute()
    document = item.to_dict(include_self_link=False, transform_hrefs=False) | {"links": []}
    return pystac.Item.from_dict(document)


def _is_api(catalogue: pystac.Catalog) -> TypeGuard[pystac_client.Client]:
    return isinstance(catalogue, pystac_client.Client) and catalogue.conforms_to("ITEM_SEARCH")


def _overlaps(item: pystac.Item, city: City) -> bool:
    if item.bbox is None:
        raise CatalogueError(f"item {item.id} has no bbox, so it cannot be found by place")
    item_west, item_south, item_east, item_north = _flat(item.bbox)
    crosses = item_west > item_east  # the antimeridian, as RFC 7946 writes it
    for west, south, east, north in _boxes(city):
        meets = item_west <= east or item_east >= west if crosses else item_west <= east and item_east >= west
        if meets and item_south <= north and item_north >= south:
            return True
    return False


def _flat(bbox: list[float]) -> list[float]:
    """A bbox without heights."""
    return bbox if len(bbox) == 4 else [bbox[0], bbox[1], bbox[3], bbox[4]]


def moment(item: pystac.Item) -> datetime:
    """When a scene was taken, UTC.

    Raises:
        CatalogueError: the item does not say it.
    """
    taken = item.datetime or item.common_metadata.start_datetime
    if taken is None:
        raise CatalogueError(f"item {item.id} has no datetime")
    return taken if taken.tzinfo else taken.replace(tzinfo=UTC)


def cloud_cover(item: pystac.Item) -> float:
    """Percent of a scene under cloud by its producer; 0 where the item does not say it."""
    return float(item.properties.get("eo:cloud_cover") or 0)


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split()) or type(error).__name__
