"""Drawing the urban forms: one tile of 224 x 224 px at 10 m as a map of materials.

Each form has its own texture (blocks, slabs, gardens, basins) and mix of materials. Each town rotates, scales and
shuffles it, so that no two tiles are equal, but those of the same form are similar.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from scipy.ndimage import gaussian_filter
from scipy.spatial import cKDTree

from etl.cities.grid import TILE_PX
from etl.demo.materials import Material, number
from etl.demo.towns import Form

Map = np.ndarray
"""(224, 224) uint8 numbers of materials."""


@dataclass(frozen=True)
class Style:
    """How one town differs from another.

    Attributes:
        angle: direction of its streets, radians.
        scale: size of its blocks, about 1.
        greenness: share (0..1) of its open ground that is trees rather than grass.
    """

    angle: float
    scale: float
    greenness: float


def draw(form: Form, style: Style, rng: np.random.Generator) -> Map:
    """Draw a tile of a form in a town's style."""
    return DRAWERS[form](style, rng)


def _coordinates(style: Style, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    """Return the pixel coordinates along and across the town's streets, from a random origin."""
    y, x = np.mgrid[:TILE_PX, :TILE_PX].astype(np.float32)
    u = np.cos(style.angle) * x + np.sin(style.angle) * y + rng.uniform(0, 1000) + 2000
    v = np.cos(style.angle) * y - np.sin(style.angle) * x + rng.uniform(0, 1000) + 2000
    return u / style.scale, v / style.scale


def _noise(rng: np.random.Generator, sigma_px: float) -> np.ndarray:
    """Return smooth noise, uniformly distributed in 0..1, so that a threshold is a share of the area."""
    smooth = gaussian_filter(rng.normal(size=(TILE_PX, TILE_PX)), sigma_px, mode="wrap")
    ranks = np.empty(smooth.size, np.float32)
    ranks[np.argsort(smooth, axis=None)] = np.linspace(0, 1, smooth.size, dtype=np.float32)
    return ranks.reshape(smooth.shape)


def _by_block(u: np.ndarray, v: np.ndarray, choices: list[Material], rng: np.random.Generator) -> Map:
    """Give each block a random material; the integer parts of (u, v) are the block's indices."""
    table = rng.choice([number(c) for c in choices], size=(97, 89)).astype(np.uint8)
    blocks: Map = table[u.astype(int) % 97, v.astype(int) % 89]
    return blocks


def _green(style: Style, rng: np.random.Generator, sigma_px: float = 3) -> Map:
    """Draw open ground: trees and grass."""
    is_tree = _noise(rng, sigma_px) < style.greenness
    return np.where(is_tree, number("trees"), number("grass")).astype(np.uint8)


def _paint(ground: Map, where: np.ndarray, material: Material) -> None:
    ground[where] = number(material)


def _grid_centre(style: Style, rng: np.random.Generator) -> Map:
    u, v = _coordinates(style, rng)
    block_u, block_v = 11.0, 8.0
    roofs: list[Material] = ["bitumen_roof", "concrete", "bitumen_roof", "metal_roof"]
    ground = _by_block(u / block_u * 2, v / block_v * 2, roofs, rng)  # four houses per block
    is_square = rng.random((97, 89))[(u / block_u).astype(int) % 97, (v / block_v).astype(int) % 89] < 0.05
    _paint(ground, is_square, "trees")
    _paint(ground, (u % block_u < 2) | (v % block_v < 1.6), "asphalt")
    return ground


def _old_centre(style: Style, rng: np.random.Generator) -> Map:
    y, x = np.mgrid[:TILE_PX, :TILE_PX]
    points = rng.uniform(0, TILE_PX, size=(int(1400 / style.scale**2), 2))
    distance, nearest = cKDTree(points).query(np.column_stack([y.ravel(), x.ravel()]), k=2)
    roofs = rng.choice([number(m) for m in ("clay_tiles", "clay_tiles", "clay_tiles", "bitumen_roof")], len(points))
    ground: Map = roofs[nearest[:, 0]].reshape(TILE_PX, TILE_PX).astype(np.uint8)
    is_lane = (distance[:, 1] - distance[:, 0]).reshape(ground.shape) < 0.9
    _paint(ground, is_lane, "asphalt")
    _paint(ground, _noise(rng, 5) < 0.04, "concrete")
    return ground


def _suburb(style: Style, rng: np.random.Generator) -> Map:
    u, v = _coordinates(style, rng)
    bend = 25 * (_noise(rng, 30) - 0.5)
    u, v = u + bend, v + bend
    ground = _green(style, rng, 1.2)
    is_house = (u % 4 < 2) & (np.abs(v % 14 - 7) > 2.5) & (np.abs(v % 14 - 7) < 4.7)
    roofs = _by_block(u / 4, v / 7, ["clay_tiles", "clay_tiles", "bitumen_roof"], rng)
    ground = np.where(is_house, roofs, ground)
    _paint(ground, (v % 14 < 1.3) | (u % 42 < 1.3), "asphalt")
    return ground


def _estate(style: Style, rng: np.random.Generator) -> Map:
    u, v = _coordinates(style, rng)
    ground = _green(style, rng, 4)
    is_parking = _by_block(u / 24, v / 18, ["asphalt", "grass", "grass"], rng) == number("asphalt")
    _paint(ground, is_parking & (v % 18 > 12), "asphalt")
    _paint(ground, (u % 24 > 3) & (u % 24 < 19) & (v % 18 > 4) & (v % 18 < 8.5), "concrete")
    _paint(ground, (u % 24 < 1.2) | (v % 54 < 2), "asphalt")
    return ground


def _harbour(style: Style, rng: np.random.Generator) -> Map:
    u, v = _coordinates(Style(style.angle, 1, style.greenness), rng)
    ground = np.full((TILE_PX, TILE_PX), number("concrete"), np.uint8)
    stacks = _by_block(u / 3, v / 1.5, ["metal_roof", "clay_tiles", "bitumen_roof", "concrete"], rng)
    ground = np.where((v % 46 > 20) & (v % 46 < 32) & (u % 30 > 3), stacks, ground)
    _paint(ground, (v % 46 > 34) & (v % 46 < 44) & (u % 34 > 4), "metal_roof")
    _paint(ground, (v % 46 > 32) & (v % 46 < 34), "asphalt")
    _paint(ground, (v % 46 < 18) & (u % 130 > 18), "turbid_water")  # basins between the quays
    return ground


def _river(style: Style, rng: np.random.Generator) -> Map:
    ground = _old_centre(style, rng)
    y, x = np.mgrid[:TILE_PX, :TILE_PX]
    phase, width = rng.uniform(0, 6.3), rng.uniform(26, 34)
    across = np.abs(x - TILE_PX / 2 - 30 * np.sin(y / 45 + phase))
    _paint(ground, across < width / 2 + 9, "trees")
    _paint(ground, across < width / 2 + 3, "grass")
    _paint(ground, across < width / 2, "turbid_water")
    bridge = rng.integers(30, TILE_PX - 30)
    _paint(ground, np.abs(y - bridge) < 1.5, "asphalt")
    return ground


def _coast(style: Style, rng: np.random.Generator) -> Map:
    ground = _suburb(style, rng)
    u, v = _coordinates(Style(rng.choice(4) * np.pi / 2 + rng.uniform(-0.3, 0.3), 1, 0), rng)
    seaward = v - np.median(v) + 14 * np.sin(u / 40) + 10 * (_noise(rng, 12) - 0.5)
    _paint(ground, seaward > -22, "grass")
    _paint(ground, seaward > -12, "sand")
    _paint(ground, seaward > 0, "turbid_water")
    _paint(ground, seaward > 9, "clear_water")
    return ground


def _park(style: Style, rng: np.random.Generator) -> Map:
    ground = _green(Style(style.angle, style.scale, 0.55), rng, 10)
    y, x = np.mgrid[:TILE_PX, :TILE_PX]
    _paint(ground, _noise(rng, 25) < 0.09, "clear_water")
    for _ in range(5):
        angle, shift = rng.uniform(0, np.pi), rng.uniform(-80, 80)
        path = np.cos(angle) * (x - TILE_PX / 2) + np.sin(angle) * (y - TILE_PX / 2) - shift
        _paint(ground, np.abs(path + 8 * np.sin((x + y) / 30)) < 0.8, "sand")
    return ground


def _farmland(style: Style, rng: np.random.Generator) -> Map:
    u, v = _coordinates(style, rng)
    crops: list[Material] = ["green_crop", "ripe_crop", "bare_soil", "green_crop", "grass"]
    shifted = u + 17 * (v // 22 % 3)
    ground = _by_block(shifted / 46, v / 22, crops, rng)
    is_hedge = ((shifted % 46 < 1.2) | (v % 22 < 1.2)) & (_noise(rng, 4) < 0.5)
    _paint(ground, is_hedge, "trees")
    _paint(ground, np.abs(u - np.median(u)) < 0.8, "asphalt")
    return ground


DRAWERS: dict[Form, Callable[[Style, np.random.Generator], Map]] = {
    "grid_centre": _grid_centre,
    "old_centre": _old_centre,
    "suburb": _suburb,
    "estate": _estate,
    "harbour": _harbour,
    "river": _river,
    "coast": _coast,
    "park": _park,
    "farmland": _farmland,
}
