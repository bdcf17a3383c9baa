"""The pixels of the demo: a town's ground as one image, and that image on several days with clouds and shadows."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime

import numpy as np
from scipy.ndimage import gaussian_filter, shift, zoom

from etl.cities.grid import RESOLUTION_M, TILE_M, TILE_PX
from etl.demo.changes import BLOCK_PX, build, changed_blocks
from etl.demo.forms import Style, draw
from etl.demo.materials import REFLECTANCE, SCL_CLASS, Material, number
from etl.demo.scene_writer import NATIVE_RESOLUTION_M, SCL_RESOLUTION_M, Scene
from etl.demo.towns import Town
from etl.imagery.sentinel2 import BANDS

COARSEST_M = 60
MARGIN_M = 240
"""Distance by which a scene extends beyond the tiles, as real scenes do."""
CLOUD_REFLECTANCE = 8000
CLOUD_SIGMA_PX = 45
CLOUD_CELL_PX = 8
SHADOW_FACTOR = 0.45
SHADOW_OFFSET_PX = (22, 9)
"""Rows (towards the pole) and columns (westwards, the sun being in the east at the morning overpass)."""
SCL_SHADOW, SCL_CLOUD_MEDIUM, SCL_CLOUD_HIGH, SCL_CIRRUS = 3, 8, 9, 10


HAZE = np.array([180, 140, 95, 60, 45, 35, 30, 25, 22, 22, 8, 3], np.float32)
"""Reflectance x 10000 that thin haze adds to each band: more to the shorter waves. With twice as much, the centres of
towns are taken for cloud."""


@dataclass(frozen=True)
class Season:
    """A period of the demo.

    Attributes:
        year: of all days.
        days: month and day of each scene.
        cloud_shares: cloud cover of each day as a share; one day is clear, as in most real summers.
        is_later: whether the season is the second one: crops are harvested, leaves turn, the sun is lower, the air is
            hazy, and the changed blocks are built.
    """

    year: int
    days: tuple[tuple[int, int], ...]
    cloud_shares: tuple[float, ...]
    is_later: bool = False


SUMMER = Season(2024, ((6, 5), (6, 25), (7, 15), (8, 4), (8, 24)), (0.25, 0.05, 0.4, 0.0, 0.15))
AUTUMN = Season(2025, ((9, 28), (10, 18)), (0.1, 0.0), is_later=True)
AUTUMN_SUN = 0.8
AUTUMN_MIX: dict[Material, dict[Material, float]] = {
    "green_crop": {"bare_soil": 0.8, "green_crop": 0.2},
    "ripe_crop": {"bare_soil": 0.9, "ripe_crop": 0.1},
    "grass": {"grass": 0.6, "ripe_crop": 0.4},
    "trees": {"trees": 0.7, "ripe_crop": 0.2, "bare_soil": 0.1},
}
"""What vegetation looks like in autumn, as shares of materials."""


@dataclass(frozen=True)
class Ground:
    """A town without clouds, at 10 m.

    Attributes:
        reflectance: (12, height, width) float32, x 10000.
        classes: (height, width) uint8 scene classes.
        x: easting of the upper left corner, metres.
        y: northing of the upper left corner, metres.
    """

    reflectance: np.ndarray
    classes: np.ndarray
    x: float
    y: float


def town_ground(town: Town, seed: int, season: Season = SUMMER) -> Ground:
    """Draw all tiles of a town and give their materials reflectances, slightly different in every town and pixel."""
    rng = np.random.default_rng([seed, town.geonames_id])
    style = Style(rng.uniform(0, np.pi / 2), rng.uniform(0.88, 1.14), rng.uniform(0.35, 0.65))
    cells = town.cells()
    n_rows, n_cols = np.shape(town.plan)
    top, left = max(c.row for c in cells), min(c.col for c in cells)
    materials = np.empty((n_rows * TILE_PX, n_cols * TILE_PX), np.uint8)
    for cell, form in cells.items():
        y, x = (top - cell.row) * TILE_PX, (cell.col - left) * TILE_PX
        materials[y : y + TILE_PX, x : x + TILE_PX] = draw(form, style, rng)
    if season.is_later:
        later = np.random.default_rng([seed, town.geonames_id, 2])
        for changed in changed_blocks(town, seed):
            y = (top - changed.cell.row) * TILE_PX + changed.row * BLOCK_PX
            x = (changed.cell.col - left) * TILE_PX + changed.col * BLOCK_PX
            materials[y : y + BLOCK_PX, x : x + BLOCK_PX] = build(changed.kind, style, later)
    west, north = left * TILE_M, (top + 1) * TILE_M
    x0 = (west - MARGIN_M) // COARSEST_M * COARSEST_M
    y0 = -((-north - MARGIN_M) // COARSEST_M) * COARSEST_M
    pixels_per_coarsest = COARSEST_M // RESOLUTION_M
    before = (y0 - north) // RESOLUTION_M, (west - x0) // RESOLUTION_M
    pads = []
    for size, first in zip(materials.shape, before, strict=True):
        last = MARGIN_M // RESOLUTION_M + -(size + first + MARGIN_M // RESOLUTION_M) % pixels_per_coarsest
        pads.append((first, last))
    materials = np.pad(materials, pads, mode="reflect")
    palette = (
        REFLECTANCE * rng.normal(1, 0.05, size=(len(REFLECTANCE), 1)) * rng.normal(1, 0.02, size=REFLECTANCE.shape)
    )
    if season.is_later:
        palette = _in_autumn(palette) * AUTUMN_SUN + HAZE
    reflectance = palette.astype(np.float32)[materials].transpose(2, 0, 1)
    relief = gaussian_filter(rng.normal(size=materials.shape), 1.5)
    reflectance = reflectance * (1 + 0.12 * relief).astype(np.float32)
    return Ground(reflectance, SCL_CLASS[materials], x0, y0)


def _in_autumn(palette: np.ndarray) -> np.ndarray:
    """Return the reflectance (materials, bands) in which each plant is a mixture of what it is and what it becomes."""
    mixed = palette.copy()
    for material, shares in AUTUMN_MIX.items():
        mixed[number(material)] = sum(share * palette[number(other)] for other, share in shares.items())
    return mixed


def town_scenes(town: Town, seed: int, n_days: int, season: Season = SUMMER) -> Iterator[Scene]:
    """Yield the town's scenes of a season, oldest first."""
    ground = town_ground(town, seed, season)
    for i in range(min(n_days, len(season.days))):
        rng = np.random.default_rng([seed, town.geonames_id, i, *([season.year] if season.is_later else [])])
        (month, day), share = season.days[i], season.cloud_shares[i]
        opacity = _clouds(rng, ground.classes.shape, share)
        shadow = _shadow(opacity, is_south=town.lat < 0)
        light = rng.normal(1, 0.015)
        pixels = ground.reflectance * light * rng.normal(1, 0.01, size=ground.reflectance.shape).astype(np.float32)
        pixels = np.where(shadow, pixels * SHADOW_FACTOR, pixels)
        pixels = pixels * (1 - opacity) + CLOUD_REFLECTANCE * opacity
        yield Scene(
            item_id=f"SYNTHETIC_{town.name.upper()}_{season.year}{month:02}{day:02}",
            acquired_at=datetime(season.year, month, day, 10, 30, tzinfo=UTC),
            srid=town.srid,
            x=ground.x,
            y=ground.y,
            bands={name: _native(pixels[j], NATIVE_RESOLUTION_M[name]) for j, name in enumerate(BANDS)},
            scl=_scene_classes(ground.classes, opacity, shadow),
            is_synthetic=True,
        )


def _clouds(rng: np.random.Generator, shape: tuple[int, ...], share: float) -> np.ndarray:
    """Return opacity (height, width) float32 in 0..1: clouds over a share of the area, exactly 0 elsewhere."""
    if share == 0:
        return np.zeros(shape, np.float32)
    # Smooth at 80 m: the filter is so wide that it takes a second at 10 m.
    height, width = shape
    noise = rng.normal(size=(height // CLOUD_CELL_PX + 1, width // CLOUD_CELL_PX + 1))
    smooth = zoom(gaussian_filter(noise, CLOUD_SIGMA_PX / CLOUD_CELL_PX), CLOUD_CELL_PX, order=1)[:height, :width]
    edge = np.quantile(smooth, 1 - share)
    opacity: np.ndarray = np.clip((smooth - edge) / (0.4 * smooth.std()), 0, 1).astype(np.float32)
    return opacity


def _shadow(opacity: np.ndarray, is_south: bool) -> np.ndarray:
    rows = SHADOW_OFFSET_PX[0] if is_south else -SHADOW_OFFSET_PX[0]
    moved = shift(opacity, (rows, -SHADOW_OFFSET_PX[1]), order=0)
    shadow: np.ndarray = (moved > 0.3) & (opacity == 0)
    return shadow


def _native(pixels: np.ndarray, resolution_m: int) -> np.ndarray:
    """Return a band at its native resolution: the mean over each pixel, uint16, never 0 (which is nodata)."""
    n = resolution_m // RESOLUTION_M
    height, width = pixels.shape
    means = pixels if n == 1 else pixels.reshape(height // n, n, width // n, n).mean(axis=(1, 3))
    native: np.ndarray = np.clip(np.rint(means), 1, 65535).astype(np.uint16)
    return native


def _scene_classes(classes: np.ndarray, opacity: np.ndarray, shadow: np.ndarray) -> np.ndarray:
    """Return the SCL at 20 m, in which a pixel with any cloud or shadow has that class."""
    n = SCL_RESOLUTION_M // RESOLUTION_M
    height, width = classes.shape

    def most(values: np.ndarray) -> np.ndarray:
        largest: np.ndarray = values.reshape(height // n, n, width // n, n).max(axis=(1, 3))
        return largest

    scl = classes[::n, ::n].copy()
    scl[most(shadow)] = SCL_SHADOW
    cloud = most(opacity)
    for above, cloud_class in ((0.0, SCL_CIRRUS), (0.3, SCL_CLOUD_MEDIUM), (0.7, SCL_CLOUD_HIGH)):
        scl[cloud > above] = cloud_class
    return scl
