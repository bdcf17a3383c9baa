"""Finding a city's Sentinel-2 L2A items in a STAC API or a static catalogue, and checking that they can be used."""

import logging
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, time
from typing import Any

import pystac
import pystac_client

from db.errors import one_line
from db.settings import DEFAULT_HTTP_TIMEOUT_S
from etl.addresses import without_secrets
from etl.cities.city import City
from etl.errors import CatalogueError, StoppingError
from etl.imagery.sentinel2 import HTTP_TIMEOUT_S, TO_BE_SIGNED, acquired_at, cloud_cover, truth
from etl.imagery.stac.boxes import boxes, item_box, overlaps
from etl.imagery.stac.reader import READ_ERRORS, explain, is_api, open_catalogue, search_method
from etl.imagery.stac.signing import check_signing
from etl.period import Period

log = logging.getLogger(__name__)

MAX_ITEMS = 10_000
"""No answer for one city has so many items: a catalogue that goes on is broken."""
SYNTHETIC = "terrakin:synthetic"
"""Property of items or of their collection: made-up pixels (true), or real ones."""


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
        stac_url: the catalogue, without user, password and query.
        is_synthetic: property ``terrakin:synthetic`` of the items, or of their collection; None if neither has it.
        licence: licence of the collection; None if it declares none.
    """

    items: tuple[pystac.Item, ...]
    collection: str
    stac_url: str
    is_synthetic: bool | None
    licence: str | None


def check_catalogue(source: Source) -> None:
    """Raise if a catalogue cannot serve a request, before a job begins.

    Raises:
        CatalogueError: it is not a catalogue, has no such collection (a static catalogue: no item of it), or its
            addresses cannot be signed on this machine.
        StoppingError: its host is away, or denies access.
    """
    if source.sign:
        check_signing()
    catalogue = open_catalogue(source.stac, source.http_timeout_s)
    if is_api(catalogue):
        _check_collection(catalogue, source)
        return
    if not any(source.collection in (None, item.collection_id) for item in _walk(catalogue, set())):
        of_collection = f" of collection {source.collection}" if source.collection else ""
        raise CatalogueError(f"STAC catalogue {source.stac} has no items{of_collection}; give one of Sentinel-2 L2A")


def _check_collection(api: pystac_client.Client, source: Source) -> None:
    if source.collection is None or not api.conforms_to("COLLECTIONS"):
        return
    try:
        known = sorted(collection.id for collection in api.get_collections())
    except READ_ERRORS as error:
        raise explain(error, f"cannot list the collections of {source.stac}") from error
    if source.collection not in known:
        raise CatalogueError(
            f"STAC API {source.stac} has no collection {source.collection}; it has {', '.join(known) or 'none'}"
        )


class SceneFinder:
    """Finds scenes in one catalogue, which is opened once: the items of a static one are read for the first city."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._catalogue: pystac.Catalog | None = None
        self._static_items: list[pystac.Item] | None = None
        self._collections: dict[str, pystac.Collection] = {}

    def find(self, city: City) -> Candidates:
        """Return the scenes over a city's extent in the widened period that are below the cloud limit.

        An item that is malformed is left out; the log contains the reason.

        Raises:
            CatalogueError: the catalogue cannot be read, or has no such scenes.
            StoppingError: its host is away, or denies access.
        """
        source = self._source
        clear = self._clear_items(city)
        for item in clear:
            item.extra_fields |= {TO_BE_SIGNED: source.sign, HTTP_TIMEOUT_S: source.http_timeout_s}
        names = {item.collection_id for item in clear if item.collection_id} or {""}
        if len(names) > 1:
            raise CatalogueError(f"{source.stac} has scenes in {', '.join(sorted(names))}; choose with --collection")
        collection = self._collection(name := names.pop())
        of_collection = collection.extra_fields.get(SYNTHETIC) if collection else None
        declared = {truth(item.properties.get(SYNTHETIC, of_collection)) for item in clear} - {None}
        return Candidates(
            tuple(map(_without_links, clear)), name, without_secrets(source.stac), any(declared) if declared else None,
            collection.license if collection else None,
        )  # fmt: skip

    def _clear_items(self, city: City) -> list[pystac.Item]:
        source = self._source
        found = {item.id: item for item in self._search(city)}
        clear = [item for item in found.values() if cloud_cover(item) <= source.max_cloud_cover]
        if not clear:
            detail = f"{len(found)} scenes are cloudier" if found else "no scene covers the city in this period"
            raise CatalogueError(
                f"no scenes of {city.name} in {source.stac} from {source.period.start} to {source.period.end} with "
                f"at most {source.max_cloud_cover:g} % cloud: {detail}; widen --period or raise --max-cloud-cover"
            )
        return sorted(clear, key=lambda item: (acquired_at(item), item.id))

    def _search(self, city: City) -> list[pystac.Item]:
        """Return the well-formed items over a city in the widened period."""
        source = self._source
        searched = source.period.widened(source.widen_days)
        catalogue = self._opened()
        if is_api(catalogue):
            items = [item for document in _search_api(catalogue, source, searched, city) for item in _parse(document)]
        else:
            items = self._items_of(catalogue)
        begin = datetime.combine(searched.start, time.min, UTC)
        end = datetime.combine(searched.end, time.max, UTC)
        return [
            item
            for item in items
            if source.collection in (None, item.collection_id)
            and begin <= acquired_at(item) <= end
            and overlaps(item, city)
        ]

    def _items_of(self, catalogue: pystac.Catalog) -> list[pystac.Item]:
        if self._static_items is None:
            self._static_items = list(_walk(catalogue, set()))
        return self._static_items

    def _opened(self) -> pystac.Catalog:
        if self._catalogue is None:
            self._catalogue = open_catalogue(self._source.stac, self._source.http_timeout_s)
        return self._catalogue

    def _collection(self, name: str) -> pystac.Collection | None:
        """Return a collection, read once; None if the catalogue has only items."""
        if name not in self._collections:
            try:
                self._collections |= {found.id: found for found in _collections(self._opened())}
            except READ_ERRORS as error:
                raise explain(error, f"cannot list the collections of {self._source.stac}") from error
        return self._collections.get(name)


def find_scenes(source: Source, city: City) -> Candidates:
    """Return the scenes of one city, as ``SceneFinder`` does."""
    return SceneFinder(source).find(city)


def _collections(catalogue: pystac.Catalog) -> Iterator[pystac.Collection]:
    if not is_api(catalogue):
        yield from (child for child in _children(catalogue) if isinstance(child, pystac.Collection))
    elif catalogue.conforms_to("COLLECTIONS"):
        yield from catalogue.get_collections()


def _search_api(api: pystac_client.Client, source: Source, searched: Period, city: City) -> Iterator[Any]:
    """Yield the documents of the items in each of the city's boxes.

    Raises:
        CatalogueError: the answer is malformed or does not end.
        StoppingError: the host is away, or denies access.
    """
    where = f"searching {source.stac} for {city.name} failed"
    for box in boxes(city):
        seen = set[str]()
        try:
            search = api.search(
                method=search_method(api), bbox=box, datetime=f"{searched.start}/{searched.end}",
                collections=[source.collection] if source.collection else None,
            )  # fmt: skip
            for page in search.pages_as_dicts():
                n_before = len(seen)
                yield from page["features"]
                seen.update(str(document) for document in page["features"])
                if len(seen) == n_before or len(seen) > MAX_ITEMS:
                    raise CatalogueError(f"{where}: its pages do not end")
        except READ_ERRORS as error:
            raise explain(error, where) from error


def _parse(found: Any) -> list[pystac.Item]:
    """Return an item, or that of a document, with absolute addresses; nothing if what is needed cannot be read."""
    try:
        item = found if isinstance(found, pystac.Item) else pystac.Item.from_dict(found)
        _check_names(item)
        item.make_asset_hrefs_absolute()
        acquired_at(item), cloud_cover(item), item_box(item)
    except (CatalogueError, *READ_ERRORS) as error:
        item_id = found.get("id") if isinstance(found, dict) else getattr(found, "id", found)
        log.warning("item=%s event=left_out reason=%s", item_id, one_line(error))
        return []
    return [item]


def _check_names(item: pystac.Item) -> None:
    """Raise CatalogueError if the ids of an item and of its collection are no text."""
    if not isinstance(item.id, str) or not isinstance(item.collection_id or "", str):
        raise CatalogueError(f"item {item.id!r} of collection {item.collection_id!r}: ids must be text")


def _walk(catalogue: pystac.Catalog, seen: set[str]) -> Iterator[pystac.Item]:
    """Yield the well-formed items of a static catalogue and its children; dead links are left out.

    Raises:
        StoppingError: the host is away, or denies access.
    """
    for item in _linked(catalogue, pystac.RelType.ITEM, seen):
        yield from _parse(item)
    for child in _linked(catalogue, pystac.RelType.CHILD, seen):
        if isinstance(child, pystac.Catalog):
            yield from _walk(child, seen)


def _children(catalogue: pystac.Catalog) -> Iterator[pystac.STACObject]:
    return _linked(catalogue, pystac.RelType.CHILD, set())


def _linked(catalogue: pystac.Catalog, rel: pystac.RelType, seen: set[str]) -> Iterator[pystac.STACObject]:
    """Yield the objects that a catalogue links to; a link that was seen, or is dead, is left out."""
    for link in catalogue.get_links(rel):
        href = link.get_absolute_href() or ""
        if href in seen:
            continue
        seen.add(href)
        try:
            target = link.resolve_stac_object(root=catalogue.get_root()).target
        except READ_ERRORS as error:
            explained = explain(error.__cause__ or error, f"cannot read {href}")
            if isinstance(explained, StoppingError):
                raise explained from error
            log.warning("link=%s event=left_out reason=%s", without_secrets(href), explained)
            continue
        if isinstance(target, pystac.STACObject):
            yield target


def _without_links(item: pystac.Item) -> pystac.Item:
    """Return a copy without links, so that the whole catalogue is not pickled with it for Dask's workers."""
    document = item.to_dict(include_self_link=False, transform_hrefs=False) | {"links": []}
    return pystac.Item.from_dict(document)
