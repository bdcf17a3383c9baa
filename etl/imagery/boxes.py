"""Bounding boxes of cities and STAC items, also across the antimeridian."""

import pystac
from shapely import MultiPolygon

from etl.cities.city import City
from etl.errors import CatalogueError


def boxes(city: City) -> list[tuple[float, float, float, float]]:
    """Return the city's bounds (west, south, east, north); two boxes if it crosses the antimeridian."""
    parts = list(city.extent.geoms)
    west, _, east, _ = city.extent.bounds
    sides = (
        [parts]
        if east - west <= 180
        else [[p for p in parts if p.bounds[0] < 0], [p for p in parts if p.bounds[0] >= 0]]
    )
    return [MultiPolygon(side).bounds for side in sides]


def overlaps(item: pystac.Item, city: City) -> bool:
    """Return whether an item's box meets one of the city's.

    Raises:
        CatalogueError: the item has no box.
    """
    if item.bbox is None:
        raise CatalogueError(f"item {item.id} has no bbox, so it cannot be found by location")
    item_west, item_south, item_east, item_north = _flat(item.bbox)
    crosses = item_west > item_east  # the antimeridian, according to RFC 7946
    for west, south, east, north in boxes(city):
        meets = item_west <= east or item_east >= west if crosses else item_west <= east and item_east >= west
        if meets and item_south <= north and item_north >= south:
            return True
    return False


def _flat(bbox: list[float]) -> list[float]:
    """Return a bbox without its heights."""
    return bbox if len(bbox) == 4 else [bbox[0], bbox[1], bbox[3], bbox[4]]
