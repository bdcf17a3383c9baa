"""Selecting a city's scenes: the clearest of the period first, more only if clear observations are missing.

Every scene is examined at coarse resolution: its offset is checked against its pixels, and tiles that are cloudy
although the mask calls them clear are left out.
"""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

import numpy as np
import pystac
from odc.geo.geobox import GeoBox

from etl.addresses import without_secrets
from etl.cities.grid import RESOLUTION_M, TILE_PX
from etl.errors import CatalogueError, ImageryError, StoppingError, UnreadableFileError
from etl.imagery.cloud_mask import DEFECTIVE_CLASS, MAX_DN, clear_pixels, is_possible
from etl.imagery.pixels import read_bands
from etl.imagery.quality import BANDS_CHECKED, MIN_PIXELS, OffsetDecision, decide_offset, hidden_by_cloud
from etl.imagery.sentinel2 import (
    BANDS,
    NODATA,
    acquired_at,
    asset_keys,
    baseline,
    check_item,
    claimed_offset,
    cloud_cover,
)
from etl.imagery.stac.catalogue import Source

COARSE = 8
"""Scenes are examined at 80 m, for which overviews exist: about a hundredth of the bytes."""
COARSE_TILE_PX = TILE_PX // COARSE
CLOUD_LIMITS = (20.0, 40.0, 60.0, 80.0)
"""Steps of the allowed cloud cover (percent), up to the limit of the source."""
WIDEN_DAYS = (15, 30, 60, 90)
"""Steps of days before and after the period that are searched next, up to the limit of the source."""
ENOUGH_OBSERVATIONS = 3
"""The median of three observations is free of what a single mask has missed."""
ENOUGH_SHARE = 0.95
"""Share of a tile's pixels that need ENOUGH_OBSERVATIONS clear observations."""
MOSTLY = 0.5
MAX_BAD_SHARE = 0.01
"""Share of pixels with saturated, defective or impossible values from which a scene is refused: its values are wrong
elsewhere too, as with another scale."""


@dataclass(frozen=True)
class Scene:
    """An item that was examined.

    Attributes:
        item: the STAC item.
        offset: the offset of its pixels.
        covered: (height, width) bool at 80 m over the city: pixels with data.
        clear: those of them that show the ground.
        hidden: (rows, columns) bool: tiles that are cloudy although the mask calls them clear.
        refused: why it is not used; None if it is used.
        is_denied: True if it is not used because access to one of its files is denied.
    """

    item: pystac.Item
    offset: OffsetDecision
    covered: np.ndarray
    clear: np.ndarray
    hidden: np.ndarray
    refused: str | None
    is_denied: bool = False


@dataclass(frozen=True)
class Step:
    """One step of the search: its limits and its result.

    Attributes:
        start: first day searched.
        end: last day searched.
        max_cloud_cover: cloud limit (percent); cloudier scenes were left out.
        n_scenes: number of usable scenes so far.
        enough_share: share of the city's tiles with enough clear observations so far.
    """

    start: date
    end: date
    max_cloud_cover: float
    n_scenes: int = 0
    enough_share: float = 0.0


@dataclass(frozen=True)
class Selection:
    """The result of the search.

    Attributes:
        scenes: usable scenes, oldest first.
        refused: scenes that were examined but are not used.
        steps: steps of the search, in order.
    """

    scenes: tuple[Scene, ...]
    refused: tuple[Scene, ...]
    steps: tuple[Step, ...]

    def covered_share(self) -> list[list[float]]:
        """Return the share of each tile of the city's box of which there is imagery, cloud or not: rows, columns."""
        covered = np.any([scene.covered for scene in (*self.scenes, *self.refused)], axis=0)
        shares: list[list[float]] = np.round(_share_by_tile(covered), 4).tolist()
        return shares


Examine = Callable[[Sequence[pystac.Item]], Iterable[Scene]]
"""Examines scenes; a parameter, because the caller may run it on Dask's workers."""


@dataclass
class _Observations:
    """Clear pixels (height, width) bool of each solar day so far."""

    tiles: np.ndarray
    by_day: dict[date, np.ndarray] = field(default_factory=dict)

    def add(self, scene: Scene, lon: float) -> None:
        day = solar_day(scene.item, lon)
        clear = scene.clear & ~np.kron(scene.hidden, np.ones((COARSE_TILE_PX, COARSE_TILE_PX), bool))
        self.by_day[day] = self.by_day.get(day, False) | clear

    def enough_share(self) -> float:
        """Return the share of the city's tiles (where ``tiles`` is true) with enough clear observations."""
        if not self.by_day:
            return 0.0
        has_enough = np.sum([*self.by_day.values()], axis=0) >= ENOUGH_OBSERVATIONS
        return float((_share_by_tile(has_enough) >= ENOUGH_SHARE)[self.tiles].mean())


def select_scenes(
    items: Sequence[pystac.Item], source: Source, lon: float, tiles: np.ndarray, examine_scenes: Examine
) -> Selection:
    """Add scenes step by step until every tile has enough clear observations, or there are no more scenes.

    Args:
        items: all candidates of the widest search.
        source: where scenes are searched.
        lon: longitude of the city in degrees, which determines the solar day.
        tiles: (rows, columns) bool: tiles of the city in its box.
        examine_scenes: examines scenes.

    Raises:
        ImageryError: no scene is usable; the text gives the reason for each.
        StoppingError: access to every scene is denied.
    """
    observations, seen, steps = _Observations(tiles), dict[str, Scene](), list[Step]()
    for step in search_steps(source):
        new = [item for item in items if item.id not in seen and _is_within(item, step)]
        for scene in examine_scenes(new) if new else ():
            seen[scene.item.id] = scene
            if scene.refused is None:
                observations.add(scene, lon)
        n_scenes = sum(scene.refused is None for scene in seen.values())
        steps.append(Step(step.start, step.end, step.max_cloud_cover, n_scenes, observations.enough_share()))
        if steps[-1].enough_share == 1:
            break
    ordered = sorted(seen.values(), key=lambda scene: (acquired_at(scene.item), scene.item.id))
    usable = tuple(scene for scene in ordered if scene.refused is None)
    refused = tuple(scene for scene in ordered if scene.refused is not None)
    if not usable:
        kind = StoppingError if all(scene.is_denied for scene in refused) else ImageryError
        raise kind("no scene is usable: " + "; ".join(f"{s.item.id} {s.refused}" for s in refused))
    return Selection(usable, refused, tuple(steps))


def search_steps(source: Source) -> list[Step]:
    """Return the steps of the search: first cloudier scenes up to the limit, then days around the period."""
    start, end, most = source.period.start, source.period.end, source.max_cloud_cover
    limits = [limit for limit in CLOUD_LIMITS if limit < most] + [most]
    widened = [days for days in WIDEN_DAYS if days < source.widen_days] + [source.widen_days]
    steps = [Step(start, end, limit) for limit in limits]
    return steps + [Step(start - timedelta(days), end + timedelta(days), most) for days in widened if days > 0]


def examine(item: pystac.Item, geobox: GeoBox) -> Scene:
    """Examine one scene over a city; it is refused if its item is no Sentinel-2 L2A or a file cannot be read.

    Args:
        item: a STAC item.
        geobox: the box of the city's tiles, 10 m.

    Raises:
        StoppingError: no answer comes from the host of its files.
    """
    try:
        check_item(item)
        return _examine(item, geobox)
    except (CatalogueError, ImageryError) as error:
        nothing = np.zeros(tuple(geobox.zoom_out(COARSE).shape), bool)
        hidden = np.zeros([side // COARSE_TILE_PX for side in nothing.shape], bool)
        is_denied = isinstance(error, UnreadableFileError) and error.is_denied
        return Scene(item, OffsetDecision(0, 0, None), nothing, nothing, hidden, str(error), is_denied)


def _examine(item: pystac.Item, geobox: GeoBox) -> Scene:
    coarse = geobox.zoom_out(COARSE)
    keys = asset_keys(item)
    dn = read_bands([item], [keys[BANDS.index(band)] for band in BANDS_CHECKED], coarse, "nearest")
    (scl,) = read_bands([item], keys[-1:], coarse, "nearest")
    covered = (dn != NODATA).any(axis=0) & (scl != NODATA)
    clear = clear_pixels(scl, RESOLUTION_M * COARSE) & covered
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
    is_bad = ~is_possible(dn, offset.offset_dn).all(axis=0) | (scl == DEFECTIVE_CLASS)
    bad_share = is_bad[covered].mean() if covered.any() else 0.0
    return Scene(item, offset, covered, clear, hidden, _refusal(clear, darkest, n_seen, bad_share))


def scene_of(address: str, scenes: Sequence[Scene]) -> Scene:
    """Return the scene that has a file at an address."""
    return next(
        scene for scene in scenes if address in {without_secrets(asset.href) for asset in scene.item.assets.values()}
    )


def solar_day(item: pystac.Item, lon: float) -> date:
    """Return the solar day at a longitude (degrees), so that all scenes of one overpass are one observation."""
    local: datetime = acquired_at(item) + timedelta(hours=lon / 15)
    return local.date()


def describe(scene: Scene) -> dict[str, Any]:
    """Return what ``terrakin.composites.scenes`` records of a scene."""
    return {
        "item_id": scene.item.id,
        "cloud_cover": cloud_cover(scene.item),
        "offset_dn": scene.offset.offset_dn,
        "claimed_offset_dn": scene.offset.claimed_dn,
        "dark_dn": scene.offset.dark_dn,
        "hidden_tiles": int(scene.hidden.sum()),
        "refused": scene.refused,
    }


def _refusal(
    clear: np.ndarray, darkest: dict[tuple[int, ...], np.ndarray], n_seen: int, bad_share: float
) -> str | None:
    if not clear.any():
        return "has no clear pixel over the city"
    if bad_share > MAX_BAD_SHARE:
        return (
            f"has saturated, defective or impossible values in {bad_share:.1%} of its pixels over the city "
            f"(reflectance above {MAX_DN / 10_000:.1f})"
        )
    if n_seen and len(darkest) > MOSTLY * n_seen:
        median = dict(zip(BANDS_CHECKED, np.median(list(darkest.values()), axis=0), strict=True))
        return (
            f"is cloudy although its mask is clear: in {len(darkest)} of {n_seen} tiles even the darkest pixels are "
            f"bright and grey (B01 {median['B01']:.2f}, B04 {median['B04']:.2f}, B11 {median['B11']:.2f})"
        )
    return None


def _is_within(item: pystac.Item, step: Step) -> bool:
    return step.start <= acquired_at(item).date() <= step.end and cloud_cover(item) <= step.max_cloud_cover


def _of_tile(place: tuple[int, ...], dn: np.ndarray, clear: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    rows, columns = (slice(i * COARSE_TILE_PX, (i + 1) * COARSE_TILE_PX) for i in place)
    return dn[:, rows, columns], clear[rows, columns]


def _share_by_tile(values: np.ndarray) -> np.ndarray:
    """Return the share of true pixels in each tile: (height, width) bool -> (rows, columns) float."""
    height, width = values.shape
    blocks = values.reshape(height // COARSE_TILE_PX, COARSE_TILE_PX, width // COARSE_TILE_PX, COARSE_TILE_PX)
    share: np.ndarray = blocks.mean(axis=(1, 3))
    return share
