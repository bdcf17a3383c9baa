"""Finding a city's Sentinel-2 L2A items in a STAC API or a static catalogue, and checking that they can be used."""

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
from urllib3 import Retry

from db.errors import one_line
from db.settings import DEFAULT_HTTP_TIMEOUT_S
from etl.cities.city import City
from etl.errors import CatalogueError
from etl.imagery.boxes import boxes, overlaps
from etl.imagery.http import ATTEMPTS, STATUS_CODES, retry_on
from etl.imagery.sentinel2 import HTTP_TIMEOUT_S, TO_BE_SIGNED, acquired_at, check_item, cloud_cover
from etl.imagery.signing import check_signing
from etl.period import Period

log = logging.getLogger(__name__)

# pystac migrates fields of the storage extension, which are not used here; it does not know the form of Earth Search's.
warnings.filterwarnings("ignore", message="Could not parse bucket/account", category=UserWarning)

RETRY = Retry(
    total=ATTEMPTS,
    connect=2,
    backoff_factor=0.3,
    status_forcelist=STATUS_CODES,
    allowed_methods=None,
    backoff_jitter=0.3,
)
SYNTHETIC = "terrakin:synthetic"
"""Property of items or of their collection: made-up pixels (true), or real ones."""
retried = retry_on(
    requests.exceptions.ChunkedEncodingError,
    requests.exceptions.ContentDecodingError,
    requests.exceptions.JSONDecodeError,
    log=log,
)
"""Repeats a request after a truncated response, for which urllib3 does not."""


@dataclass(frozen=True)
class Source:
    """Where scenes are searched.

    Attributes:
        stac: URL of a STAC API, or URL or path of a static catalogue's JSON file.
        collection: id of the collection; None if the catalogue has only one.
        period: days that are searched first.
        max_cloud_cover: scenes with a higher ``eo:cloud_cover`` (percent) are left out.
        widen_days: days before and after the period that are searched too if clear observations are missing.
        sign: sign the addresses of assets with package planetary-computer.
        http_timeout_s: timeout of one request in seconds.
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
    """The scenes of one city and the widened period.

    Attributes:
        items: STAC items with all bands, oldest first, without links, so that they can be sent to another process.
        collection: id of their collection.
        stac_url: the catalogue.
        is_synthetic: property ``terrakin:synthetic`` of the items, or of their collection; None if neither has it.
        licence: licence of the collection; None if it declares none.
    """

    items: tuple[pystac.Item, ...]
    collection: str
    stac_url: str
    is_synthetic: bool | None
    licence: str | None


class StaticReader(DefaultStacIO):
    """Reads the files of a static catalogue, with a timeout, retries and distinct errors."""

    def __init__(self, timeout_s: int) -> None:
        super().__init__()
        self._timeout_s = timeout_s
        self._session = requests.Session()
        for scheme in ("http://", "https://"):
            self._session.mount(scheme, HTTPAdapter(max_retries=RETRY))

    def read_text_from_href(self, href: str) -> str:
        """Read as the parent does, but raise requests.RequestException for HTTP errors."""
        if not href.startswith(("http://", "https://")):
            return super().read_text_from_href(href)
        response = self._read(href)
        response.raise_for_status()
        return response.text

    @retried
    def _read(self, href: str) -> requests.Response:
        return self._session.get(href, timeout=self._timeout_s)


def open_catalogue(stac: str, timeout_s: int = DEFAULT_HTTP_TIMEOUT_S) -> pystac.Catalog:
    """Open a static catalogue, or return a client of an API.

    Raises:
        CatalogueError: it cannot be reached or is not a STAC catalogue.
    """
    is_url = "://" in stac
    if not is_url and not Path(stac).exists():
        raise CatalogueError(f"STAC catalogue {stac} does not exist; give the path of its catalog.json or a URL")
    try:
        if is_url and not stac.endswith(".json"):
            return _open_api(stac, timeout_s)
        return pystac.Catalog.from_file(stac if is_url else str(Path(stac).absolute()), StaticReader(timeout_s))
    except (APIError, OSError, requests.RequestException) as error:
        raise CatalogueError(f"cannot reach STAC catalogue {stac}: {one_line(error)}") from error
    except (pystac.STACError, pystac.STACTypeError, ValueError, KeyError, TypeError) as error:
        raise CatalogueError(f"{stac} is not a STAC catalogue: {one_line(error)}") from error


@retried
def _open_api(url: str, timeout_s: int) -> pystac_client.Client:
    return pystac_client.Client.open(url, stac_io=StacApiIO(max_retries=RETRY, timeout=timeout_s))


def check_catalogue(source: Source) -> None:
    """Raise if a catalogue cannot serve a request, before a job begins.

    Raises:
        CatalogueError: it cannot be reached, is not a catalogue, has no such collection (a static catalogue: no item
            of it), or its addresses cannot be signed on this machine.
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
        raise CatalogueError(f"cannot list the collections of {source.stac}: {one_line(error)}") from error
    if source.collection not in known:
        raise CatalogueError(
            f"STAC API {source.stac} has no collection {source.collection}; it has {', '.join(known) or 'none'}"
        )


class SceneFinder:
    """Finds scenes in one catalogue, which is opened once: the items of a static one are read for the first city."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._catalogue: pystac.Catalog | None = None
        self._collections: dict[str, pystac.Collection] = {}

    def find(self, city: City) -> Candidates:
        """Return the scenes over a city's extent in the widened period that are below the cloud limit.

        Raises:
            CatalogueError: the catalogue cannot be read, has no such scenes, or one of them fails ``check_item``.
        """
        source = self._source
        clear = self._clear_items(city)
        for item in clear:
            check_item(item)
            item.extra_fields |= {TO_BE_SIGNED: source.sign, HTTP_TIMEOUT_S: source.http_timeout_s}
        names = {item.collection_id or "" for item in clear}
        if len(names) > 1:
            raise CatalogueError(f"{source.stac} has scenes in {', '.join(sorted(names))}; choose with --collection")
        collection = self._collection(name := names.pop())
        of_collection = collection.extra_fields.get(SYNTHETIC) if collection else None
        declared = {item.properties.get(SYNTHETIC, of_collection) for item in clear} - {None}
        return Candidates(
            tuple(map(_without_links, clear)), name, source.stac, any(declared) if declared else None,
            collection.license if collection else None,
        )  # fmt: skip

    def _clear_items(self, city: City) -> list[pystac.Item]:
        source = self._source
        try:
            found = sorted(_search(self._opened(), source, city), key=lambda item: (acquired_at(item), item.id))
        except (APIError, requests.RequestException, OSError) as error:
            raise CatalogueError(f"searching {source.stac} for {city.name} failed: {one_line(error)}") from error
        clear = [item for item in found if cloud_cover(item) <= source.max_cloud_cover]
        if not clear:
            detail = f"{len(found)} scenes are cloudier" if found else "no scene covers the city in this period"
            raise CatalogueError(
                f"no scenes of {city.name} in {source.stac} from {source.period.start} to {source.period.end} with "
                f"at most {source.max_cloud_cover:g} % cloud: {detail}; widen --period or raise --max-cloud-cover"
            )
        return clear

    def _opened(self) -> pystac.Catalog:
        if self._catalogue is None:
            self._catalogue = open_catalogue(self._source.stac, self._source.http_timeout_s)
        return self._catalogue

    def _collection(self, name: str) -> pystac.Collection | None:
        """Return a collection, read once; None if the catalogue has only items."""
        if name not in self._collections:
            try:
                self._collections |= {found.id: found for found in _collections(self._opened())}
            except (APIError, requests.RequestException, OSError) as error:
                raise CatalogueError(
                    f"cannot list the collections of {self._source.stac}: {one_line(error)}"
                ) from error
        return self._collections.get(name)


def find_scenes(source: Source, city: City) -> Candidates:
    """Return the scenes of one city, as ``SceneFinder`` does."""
    return SceneFinder(source).find(city)


def _collections(catalogue: pystac.Catalog) -> Iterator[pystac.Collection]:
    if not _is_api(catalogue):
        yield from (child for child in catalogue.get_children() if isinstance(child, pystac.Collection))
    elif catalogue.conforms_to("COLLECTIONS"):
        yield from catalogue.get_collections()


@retried
def _search_api(
    api: pystac_client.Client, collections: list[str] | None, days: str, city: City
) -> Collection[pystac.Item]:
    """Return the items in any of the city's boxes, each once."""
    searches = [api.search(bbox=box, datetime=days, collections=collections) for box in boxes(city)]
    return {item.id: item for search in searches for item in search.items()}.values()


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
        if is_wanted and begin <= acquired_at(item) <= end and overlaps(item, city):
            yield item


def _without_links(item: pystac.Item) -> pystac.Item:
    """Return a copy without links, so that the whole catalogue is not pickled with it for Dask's workers."""
    item.make_asset_hrefs_absolute()
    document = item.to_dict(include_self_link=False, transform_hrefs=False) | {"links": []}
    return pystac.Item.from_dict(document)


def _is_api(catalogue: pystac.Catalog) -> TypeGuard[pystac_client.Client]:
    return isinstance(catalogue, pystac_client.Client) and catalogue.conforms_to("ITEM_SEARCH")
