"""The same place on other dates: a composite's recorded scenes, split by date, composed again as two halves."""

import logging
from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np
import pystac

from etl.cities.grid import TILE_PX, Cell, city_geobox
from etl.errors import CatalogueError, EtlError
from etl.evaluation.dataset import CityTiles
from etl.imagery.catalogue import Source, find_scenes
from etl.imagery.composite import examine_all, load_composite
from etl.imagery.selection import Scene, solar_day
from etl.period import Period

log = logging.getLogger(__name__)


def halves(city: CityTiles, cells: Sequence[Cell], sign: bool) -> tuple[np.ndarray, np.ndarray] | None:
    """The cells' pixels of the earlier and of the later half of a composite's dates, which share no scene.

    Returns:
        Twice (n, 12, 224, 224) uint16, reflectance x 10000, 0 where no look of that half is clear; None where the
        composite has scenes of one date only.

    Raises:
        EtlError: the recorded scenes cannot be found or read any more; the text names the switch to do without.
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
            f"other dates of {city.city.name} cannot be had ({error}); mend that, or give --no-dates to do without"
        ) from error
    top, left = max(cell.row for cell in cells), min(cell.col for cell in cells)
    corners = [((top - cell.row) * TILE_PX, (cell.col - left) * TILE_PX) for cell in cells]
    earlier, later = (np.stack([image[:, y : y + TILE_PX, x : x + TILE_PX] for y, x in corners]) for image in images)
    return earlier, later


def split(scenes: Sequence[Scene], lon: float) -> tuple[list[Scene], list[Scene]] | None:
    """Scenes of the first and of the second half of their solar days (the odd one goes to the second); None of one."""
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
        raise CatalogueError(f"{attributes['stac_url']} does not give {', '.join(lost[:3])} any more")
    return found


def _source(attributes: Mapping[str, Any], sign: bool) -> Source:
    """Where, and among which days and cloud covers, the composite's last search took place."""
    last = attributes["search_steps"][-1]
    period = Period(date.fromisoformat(last["start"]), date.fromisoformat(last["end"]))
    return Source(
        attributes["stac_url"], attributes["collection"] or None, period, attributes["max_cloud_cover"], sign=sign
    )
