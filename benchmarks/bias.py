"""`terrakin bench bias`: what removing spatial bias does to 49,000 tiles whose bias is planted, and how long it takes.

Real tile positions where present; all vectors are made up. A tile's kind is known, so retrieval can be measured: each
city has some of many kinds, and a tile looks like its kind. Sixty numbers of each vector tell its place instead: half
rise over the Earth (polynomials), half across every city. They are planted in sixty dimensions, or in directions
that no single dimension holds.
"""

import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from pyproj import Transformer
from sklearn.preprocessing import PolynomialFeatures

from benchmarks.world import DIMENSION, positions
from etl.cities.grid import TILE_M, Cell, utm_srid, utm_zone
from etl.metrics.retrieval import precision_at_k
from etl.metrics.spatial_leakage import measure_leakage
from etl.vectors.position_removal import fit_position_removal
from etl.vectors.spatial_bias import DEGREE, Limits, TileMeans, measure, without_group_means
from etl.vectors.unit import positions_on_sphere

N_PLANTED = 60
N_NEIGHBOURSDS = 300
KINDS_PER_CITY = 30
LATENT = 24
NOISE = 0.5
STRENGTH = 3.0
"""Spread of the planted numbers; that of the others is 1."""
N_ASKING = 4_000
HEAD = (
    f"{'bias planted in':<16}{'removal':<28}{'same city':>10}{'< 25 km':>9}{'< 100 km':>10}{'< 500 km':>10}"
    f"{'precision@10':>14}{'seconds':>9}"
)
Say = Callable[[str], None]


@dataclass(frozen=True)
class PlantedWorld:
    """Tiles whose kind is known, in kinds (n,) int, and where their positions come from."""

    source: str
    means: TileMeans
    kinds: np.ndarray


def run(real_tiles: Path, n_tiles: int, say: Say) -> None:
    """The table: each way to plant, before, with dimensions excluded, and after LEACE."""
    say(HEAD)
    for name, is_rotated in (("dimensions", False), ("directions", True)):
        world = plant(real_tiles, n_tiles, is_rotated)
        means = world.means
        _say(name, "none", world, means.vectors, 0, say)
        started = time.perf_counter()
        is_excluded = measure(means, Limits()).is_excluded
        seconds = time.perf_counter() - started
        found = int(is_excluded[:N_PLANTED].sum()) if not is_rotated else 0
        what = f"{is_excluded.sum()} dimensions" + ("" if is_rotated else f" ({found} planted)")
        _say(name, what, world, np.where(is_excluded, 0, means.vectors).astype(np.float32), seconds, say)
        started = time.perf_counter()
        removal = fit_position_removal(means, Limits().max_share)
        seconds = time.perf_counter() - started
        assert removal is not None
        what = f"LEACE, {len(removal.measure)} directions"
        _say(name, what, world, removal.apply(means.vectors), seconds, say)
    say(f"{len(means.cells)} tiles, {world.source}, SYNTHETIC vectors; precision: same kind, other cities")


def plant(real_tiles: Path, n_tiles: int, is_rotated: bool, seed: int = 0) -> PlantedWorld:
    """A world of n tiles: of fewer than there are, an equal share of every city, so that neighbours stay."""
    rng = np.random.default_rng(seed)
    source, lon, lat, _, city, *_ = positions(real_tiles, rng)
    rank = np.empty(len(city))
    for number in np.unique(city):
        rows = np.flatnonzero(city == number)
        rank[rows] = np.arange(len(rows)) / len(rows)
    kept = np.sort(np.argsort(rank, kind="stable")[:n_tiles])
    lon, lat, city = lon[kept], lat[kept], city[kept]
    cells = _cells(lon, lat, city)
    offered = np.array([rng.permutation(N_NEIGHBOURSDS)[:KINDS_PER_CITY] for _ in range(city.max() + 1)])
    kinds = offered[city, rng.integers(KINDS_PER_CITY, size=len(city))]
    vectors = (rng.normal(size=(N_NEIGHBOURSDS, LATENT)) @ rng.normal(size=(LATENT, DIMENSION)) / LATENT**0.5)[kinds]
    vectors += rng.normal(scale=NOISE, size=vectors.shape)
    vectors[:, :N_PLANTED] = STRENGTH * _planted(lon, lat, cells, city, rng) + 0.1 * vectors[:, :N_PLANTED]
    if is_rotated:
        vectors = vectors @ np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))[0]
    return PlantedWorld(source, TileMeans(vectors.astype(np.float32), cells, city, city), kinds)


def _planted(
    lon: np.ndarray, lat: np.ndarray, cells: list[Cell], city: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """(n, N_PLANTED), each of spread 1."""
    on_earth = PolynomialFeatures(DEGREE, include_bias=False).fit_transform(positions_on_sphere(lon, lat))
    in_city = without_group_means(np.array([(cell.row, cell.col) for cell in cells], dtype=float), city)
    half = N_PLANTED // 2
    numbers = np.hstack(
        [on_earth @ rng.normal(size=(on_earth.shape[1], half)), in_city @ rng.normal(size=(2, N_PLANTED - half))]
    )
    centred: np.ndarray = numbers - numbers.mean(axis=0)
    return centred / centred.std(axis=0)


def _cells(lon: np.ndarray, lat: np.ndarray, city: np.ndarray) -> list[Cell]:
    """The cell of each position in its city's zone; the real positions are off by up to 2.8 km, so some share one."""
    cells: dict[int, Cell] = {}
    for number in np.unique(city):
        rows = np.flatnonzero(city == number)
        zone, is_south = utm_zone(float(lon[rows].mean())), bool(lat[rows].mean() < 0)
        to_metres = Transformer.from_crs(4326, utm_srid(zone, is_south), always_xy=True)
        x, y = to_metres.transform(lon[rows], lat[rows])
        for i, easting, northing in zip(rows, x, y, strict=True):
            cells[int(i)] = Cell(zone, is_south, int(northing // TILE_M), int(easting // TILE_M))
    return [cells[i] for i in range(len(city))]


def _say(planted_in: str, what: str, world: PlantedWorld, vectors: np.ndarray, seconds: float, say: Say) -> None:
    means = world.means
    leak = measure_leakage(vectors, means.city_ids, means.lon, means.lat)
    asking = np.random.default_rng(1).permutation(len(vectors))[:N_ASKING]
    precision = np.nanmean(precision_at_k(vectors[asking], world.kinds[asking], groups=means.city_ids[asking]))
    shares = "".join(f"{share:>{width}.1%}" for share, width in zip(leak.within_km.values(), (9, 10, 10), strict=True))
    say(f"{planted_in:<16}{what:<28}{leak.same_city:>10.1%}{shares}{precision:>14.3f}{seconds:>9.1f}")
