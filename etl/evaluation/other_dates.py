"""The same place on other dates: the recorded scenes of a composite, split by date into two composites."""

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pystac

from etl.cities.grid import TILE_PX, Cell, city_geobox
from etl.errors import CatalogueError, EtlError
from etl.evaluation.dataset import CityTiles
from etl.imagery.composite import examine_all, load_composite
from etl.imagery.selection import Scene, solar_day
from etl.imagery.stac.catalogue import Source, find_scenes
from etl.period import Period


def halves(city: CityTiles, cells: Sequence[Cell], sign: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """Return the pixels of cells in composites of the earlier and the later half of the city's dates.

    The two composites share no scene.

    Returns:
        Two arrays (n, 12, 224, 224) uint16, reflectance x 10000, 0 where no observation is clear; None if all scenes
        have the same date.

    Raises:
        EtlError: the recorded scenes cannot be found or read any more.
    """
    geobox = city_geobox(cells)
    try:
        items = _recorded_items(city, sign)
        scenes = [scene for scene in examine_all(items, geobox) if scene.refused is None]
        parts = split(scenes, city.city.lon)
        if parts is None:
            return None
        images = [load_composite(part, geobox, city.city.lon).reflectance for part in parts]
    except EtlError as error:
        raise EtlError(
            f"cannot load other dates of {city.city.name} ({error}); fix it, or skip them with --no-dates"
        ) from error
    top, left = max(cell.row for cell in cells), min(cell.col for cell in cells)
    corners = [((top - cell.row) * TILE_PX, (cell.col - left) * TILE_PX) for cell in cells]
    earlier, later = (np.stack([image[:, y : y + TILE_PX, x : x + TILE_PX] for y, x in corners]) for image in images)
    return earlier, later


def split(scenes: Sequence[Scene], lon: float) -> tuple[list[Scene], list[Scene]] | None:
    """Return the scenes of the first and the second half of their solar days, or None if there is only one day.

    If the number of days is odd, the middle one belongs to the second half.
    """
    days = sorted({solar_day(scene.item, lon) for scene in scenes})
    if len(days) < 2:
        return None
    middle = days[len(days) // 2]
    earlier = [scene for scene in scenes if solar_day(scene.item, lon) < middle]
    return earlier, [scene for scene in scenes if solar_day(scene.item, lon) >= middle]


def _recorded_items(city: CityTiles, sign: bool) -> list[pystac.Item]:
    attributes = city.attributes()
    wanted = set(attributes["item_ids"])
    found = [item for item in find_scenes(_source(attributes, sign), city.city).items if item.id in wanted]
    lost = sorted(wanted - {item.id for item in found})
    if lost:
        raise CatalogueError(f"{attributes['stac_url']} no longer returns {', '.join(lost[:3])}")
    return found


def _source(attributes: Mapping[str, Any], sign: bool) -> Source:
    """Return catalogue, days and cloud cover of the composite's last search."""
    last = attributes["search_steps"][-1]
    period = Period(date.fromisoformat(last["start"]), date.fromisoformat(last["end"]))
    return Source(
        attributes["stac_url"], attributes["collection"] or None, period, attributes["max_cloud_cover"], sign=sign
    )
