"""Which of a city's scenes are used: the clearest of the period first, more and cloudier ones only where looks lack.

Every scene is looked at coarsely before it is used: its offset is checked against its pixels, and tiles whose clean
mask hides cloud are left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pystac
from odc.geo.geobox import GeoBox

from etl.cities.grid import RESOLUTION_M, TILE_PX
from etl.errors import ImageryError
from etl.imagery.catalogue import Source, cloud_cover, moment
from etl.imagery.cloud_mask import clear_pixels
from etl.imagery.pixels import read_bands
from etl.imagery.quality import BANDS_CHECKED, MIN_PIXELS, OffsetDecision, decide_offset, hidden_by_cloud
from etl.imagery.sentinel2 import BANDS, asset_keys, baseline, claimed_offset

COARSE = 8
"""The first look is taken at 80 m: a hundredth of the bytes, and overviews hold it."""
COARSE_TILE_PX = TILE_PX // COARSE
CLOUD_LIMITS = (20.0, 40.0, 60.0, 80.0)
"""Cloud cover (percent) that is allowed, step by step, up to the source's own limit."""
WIDEN_DAYS = (15, 30, 60, 90)
"""Then scenes of so many days before and after the period are taken too, up to the source's own limit."""
ENOUGH_LOOKS = 3
"""The median of three looks is free of what one mask has missed."""
ENOUGH_SHARE = 0.95
"""A tile has enough when so many of its pixels have ENOUGH_LOOKS clear looks."""
MOSTLY = 0.5


@dataclass(frozen=True)
class Scene:
    """An item that was looked at.

    Attributes:
        item: the STAC item.
        offset: which offset its pixels carry.
        clear: (height, width) bool at 80 m over the city: the ground is seen.
        hidden: (rows, columns) bool: tiles whose mask says clear where the pixels say cloud.
        refused: why it is not used; None where it is.
    """

    item: pystac.Item
    offset: OffsetDecision
    clear: np.ndarray
    hidden: np.ndarray
    refused: str | None


@dataclass(frozen=True)
class Step:
    """One step of the search: days and cloud limit (percent) so far, and what came of it.

    Attributes:
        start: first day searched.
        end: last day searched.
        max_cloud_cover: scenes above were left out.
        n_scenes: usable scenes so far.
        enough_share: share of the city's tiles with enough clear looks so far.
    """

    start: date
    end: date
    max_cloud_cover: float
    n_scenes: int = 0
    enough_share: float = 0.0


@dataclass(frozen=True)
class Selection:
    """What the search ended with.

    Attributes:
        scenes: usable ones, oldest first.
        refused: those that were looked at and not used.
        steps: the search, in order; the last one's limits hold.
    """

    scenes: tuple[Scene, ...]
    refused: tuple[Scene, ...]
    steps: tuple[Step, ...]


Examine = Callable[[Sequence[pystac.Item]], Iterable[Scene]]
"""Looks at scenes; given from outside, because it may run on Dask's workers."""


@dataclass
class _Looks:
    """Clear looks so far: (height, width) bool by solar day."""

    tiles: np.ndarray
    by_day: dict[date, np.ndarray] = field(default_factory=dict)

    def add(self, scene: Scene, lon: float) -> None:
        day = solar_day(scene.item, lon)
        clear = scene.clear & ~np.kron(scene.hidden, np.ones((COARSE_TILE_PX, COARSE_TILE_PX), bool))
        self.by_day[day] = self.by_day.get(day, False) | clear

    def enough_share(self) -> float:
        """Share of the city's tiles (``tiles`` is true) with enough looks."""
        if not self.by_day:
            return 0.0
        has_enough = np.sum([*self.by_day.values()], axis=0) >= ENOUGH_LOOKS
        return float((_share_by_tile(has_enough) >= ENOUGH_SHARE)[self.tiles].mean())


def select_scenes(
    items: Sequence[pystac.Item], source: Source, lon: float, tiles: np.ndarray, look: Examine
) -> Selection:
    """Take more and more scenes until every tile has enough clear looks, or no more are there.

    Args:
        items: all candidates of the widest search.
        source: what was asked for.
        lon: longitude of the city, degrees: says when a day begins there.
        tiles: (rows, columns) bool: tiles of the city in its box.
        look: examines scenes.

    Raises:
        ImageryError: no scene is usable; the text says why of each.
    """
    looks, seen, steps = _Looks(tiles), dict[str, Scene](), list[Step]()
    for step in search_steps(source):
        new = [item for item in items if item.id not in seen and _is_within(item, step)]
        for scene in look(new) if new else ():
            seen[scene.item.id] = scene
            if scene.refused is None:
                looks.add(scene, lon)
        n_scenes = sum(scene.refused is None for scene in seen.values())
        steps.append(Step(step.start, step.end, step.max_cloud_cover, n_scenes, looks.enough_share()))
        if steps[-1].enough_share == 1:
            break
    ordered = sorted(seen.values(), key=lambda scene: (moment(scene.item), scene.item.id))
    usable = tuple(scene for scene in ordered if scene.refused is None)
    refused = tuple(scene for scene in ordered if scene.refused is not None)
    if not usable:
        raise ImageryError("no scene is usable: " + "; ".join(f"{s.item.id} {s.refused}" for s in refused))
    return Selection(usable, refused, tuple(steps))


def search_steps(source: Source) -> list[Step]:
    """First cloudier scenes, as long as the source allows; then the days around the period."""
    start, end, most = source.period.start, source.period.end, source.max_cloud_cover
    limits = [limit for limit in CLOUD_LIMITS if limit < most] + [most]
    widened = [days for days in WIDEN_DAYS if days < source.widen_days] + [source.widen_days]
    steps = [Step(start, end, limit) for limit in limits]
    return steps + [Step(start - timedelta(days), end + timedelta(days), most) for days in widened if days > 0]


def examine(item: pystac.Item, geobox: GeoBox) -> Scene:
    """Look at one scene over a city.

    Args:
        item: a Sentinel-2 L2A item.
        geobox: the city's whole tiles at 10 m.

    Raises:
        ImageryError: a file cannot be read.
    """
    coarse = geobox.zoom_out(COARSE)
    keys = asset_keys(item)
    dn = read_bands([item], [keys[BANDS.index(band)] for band in BANDS_CHECKED], coarse, "nearest")
    (scl,) = read_bands([item], keys[-1:], coarse, "nearest")
    clear = clear_pixels(scl, RESOLUTION_M * COARSE) & (dn != 0).all(axis=0)
    offset = decide_offset(dn, claimed_offset(item), baseline(item))
    darkest = {
        place: found
        for place in np.ndindex(clear.shape[0] // COARSE_TILE_PX, clear.shape[1] // COARSE_TILE_PX)
        if (found := hidden_by_cloud(*_of_tile(place, dn, clear), offset.offset_dn)) is not None
    }
    n_seen = int((_share_by_tile(clear) * COARSE_TILE_PX**2 >= MIN_PIXELS).sum())
    hidden = np.zeros(_share_by_tile(clear).shape, bool)
    for place in darkest:
        hidden[place] = True
    return Scene(item, offset, clear, hidden, _refusal(clear, darkest, n_seen))


def solar_day(item: pystac.Item, lon: float) -> date:
    """The day at a longitude (degrees) by the sun: scenes of one pass are one look, whatever the date in UTC."""
    taken: datetime = moment(item) + timedelta(hours=lon / 15)
    return taken.date()


def describe(scene: Scene) -> dict[str, Any]:
    """What is recorded of a scene in ``terrakin.composites.scenes``."""
    return {
        "item_id": scene.item.id,
        "cloud_cover": cloud_cover(scene.item),
        "offset_dn": scene.offset.offset_dn,
        "claimed_offset_dn": scene.offset.claimed_dn,
        "dark_dn": scene.offset.dark_dn,
        "hidden_tiles": int(scene.hidden.sum()),
        "refused": scene.refused,
    }


def _refusal(clear: np.ndarray, darkest: dict[tuple[int, ...], np.ndarray], n_seen: int) -> str | None:
    if not clear.any():
        return "shows nothing of the city through its clouds"
    if n_seen and len(darkest) > MOSTLY * n_seen:
        median = dict(zip(BANDS_CHECKED, np.median(list(darkest.values()), axis=0), strict=True))
        return (
            f"is clouded although its mask says clear: in {len(darkest)} of {n_seen} tiles even the darkest pixels are "
            f"bright and grey (B01 {median['B01']:.2f}, B04 {median['B04']:.2f}, B11 {median['B11']:.2f})"
        )
    return None


def _is_within(item: pystac.Item, step: Step) -> bool:
    return step.start <= moment(item).date() <= step.end and cloud_cover(item) <= step.max_cloud_cover


def _of_tile(place: tuple[int, ...], dn: np.ndarray, clear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = (slice(i * COARSE_TILE_PX, (i + 1) * COARSE_TILE_PX) for i in place)
    return dn[:, rows, columns], clear[rows, columns]


def _share_by_tile(values: np.ndarray) -> np.ndarray:
    """(height, width) bool -> (rows, columns) float: share that is true in each tile."""
    height, width = values.shape
    blocks = values.reshape(height // COARSE_TILE_PX, COARSE_TILE_PX, width // COARSE_TILE_PX, COARSE_TILE_PX)
    share: np.ndarray = blocks.mean(axis=(1, 3))
    return share
