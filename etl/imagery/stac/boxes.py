"""Bounding boxes of cities and STAC items, also across the antimeridian."""

import math
from collections.abc import Sequence

import pystac
from shapely import MultiPolygon
from shapely.geometry import shape

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
    """Return whether an item's box meets one of the city's."""
    item_west, item_south, item_east, item_north = item_box(item)
    crosses = item_west > item_east  # the antimeridian, according to RFC 7946
    for west, south, east, north in boxes(city):
        meets = item_west <= east or item_east >= west if crosses else item_west <= east and item_east >= west
        if meets and item_south <= north and item_north >= south:
            return True
    return False


def item_box(item: pystac.Item) -> tuple[float, float, float, float]:
    """Return west, south, east and north of an item's bbox, without heights, else of its geometry.

    Raises:
        CatalogueError: it has neither, or the bbox is not four or six numbers.
    """
    bbox: Sequence[float] | None = item.bbox
    if bbox is None and item.geometry is not None:
        bbox = shape(item.geometry).bounds
    if bbox is None:
        raise CatalogueError(f"item {item.id} has neither bbox nor geometry, so it cannot be found by location")
    box = [float(value) for value in (bbox if len(bbox) == 4 else [*bbox[:2], *bbox[3:5]])]
    if len(box) != 4 or not all(map(math.isfinite, box)):
        raise CatalogueError(f"item {item.id} has bbox {bbox}; it must be four or six numbers")
    west, south, east, north = box
    return west, south, east, north
