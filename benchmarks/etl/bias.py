"""`terrakin bench bias`: remove spatial bias from tiles whose bias is planted; measure effect and time.

Positions are real if available; all vectors are synthetic. The class of each tile is known, so retrieval can be
measured: each city has some of many classes, and a vector resembles its class. Sixty components of each vector encode
location instead: half are polynomials over the Earth, half are gradients across each city. They are planted in sixty
dimensions, or in directions that no single dimension contains.
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
from etl.vectors.bias.position_removal import fit_position_removal
from etl.vectors.bias.spatial_bias import DEGREE, Limits, TileMeans, measure, without_group_means
from etl.vectors.unit import positions_on_sphere

N_PLANTED = 60
N_CLASSES = 300
CLASSES_PER_CITY = 30
LATENT = 24
NOISE = 0.5
STRENGTH = 3.0
"""Standard deviation of the planted components; that of the others is 1."""
N_QUERIES = 4_000
HEAD = (
    f"{'bias planted in':<16}{'removal':<28}{'same city':>10}{'< 25 km':>9}{'< 100 km':>10}{'< 500 km':>10}"
    f"{'precision@10':>14}{'seconds':>9}"
)
Echo = Callable[[str], None]


@dataclass(frozen=True)
class PlantedWorld:
    """Tiles whose classes (n,) are known, and the source of their positions."""

    source: str
    means: TileMeans
    classes: np.ndarray


def run(real_tiles: Path, n_tiles: int, echo: Echo) -> None:
    """Print one line for each kind of planted bias and removal: none, by dimensions, by LEACE."""
    echo(HEAD)
    for name, is_rotated in (("dimensions", False), ("directions", True)):
        world = plant(real_tiles, n_tiles, is_rotated)
        means = world.means
        _print_row(name, "none", world, means.vectors, 0, echo)
        started = time.perf_counter()
        is_excluded = measure(means, Limits()).is_excluded
        seconds = time.perf_counter() - started
        found = int(is_excluded[:N_PLANTED].sum()) if not is_rotated else 0
        what = f"{is_excluded.sum()} dimensions" + ("" if is_rotated else f" ({found} planted)")
        _print_row(name, what, world, np.where(is_excluded, 0, means.vectors).astype(np.float32), seconds, echo)
        started = time.perf_counter()
        removal = fit_position_removal(means, Limits().max_share)
        seconds = time.perf_counter() - started
        assert removal is not None
        what = f"LEACE, {len(removal.measure)} directions"
        _print_row(name, what, world, removal.apply(means.vectors), seconds, echo)
    echo(f"{len(means.cells)} tiles, {world.source}, SYNTHETIC vectors; precision: same class, other cities")


def plant(real_tiles: Path, n_tiles: int, is_rotated: bool, seed: int = 0) -> PlantedWorld:
    """Return a world of n tiles. A subset takes the same share of every city, so that neighbours are kept."""
    rng = np.random.default_rng(seed)
    known = positions(real_tiles, rng)
    city = known.city
    rank = np.empty(len(city))
    for number in np.unique(city):
        rows = np.flatnonzero(city == number)
        rank[rows] = np.arange(len(rows)) / len(rows)
    kept = np.sort(np.argsort(rank, kind="stable")[:n_tiles])
    lon, lat, city = known.lon[kept], known.lat[kept], city[kept]
    cells = _cells(lon, lat, city)
    available = np.array([rng.permutation(N_CLASSES)[:CLASSES_PER_CITY] for _ in range(city.max() + 1)])
    classes = available[city, rng.integers(CLASSES_PER_CITY, size=len(city))]
    vectors = (rng.normal(size=(N_CLASSES, LATENT)) @ rng.normal(size=(LATENT, DIMENSION)) / LATENT**0.5)[classes]
    vectors += rng.normal(scale=NOISE, size=vectors.shape)
    vectors[:, :N_PLANTED] = STRENGTH * _planted(lon, lat, cells, city, rng) + 0.1 * vectors[:, :N_PLANTED]
    if is_rotated:
        vectors = vectors @ np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))[0]
    return PlantedWorld(known.source, TileMeans(vectors.astype(np.float32), cells, city, city), classes)


def _planted(
    lon: np.ndarray, lat: np.ndarray, cells: list[Cell], city: np.ndarray, rng: np.random.Generator
) -> np.ndarray:
    """Return (n, N_PLANTED) components that encode location, each with standard deviation 1."""
    on_earth = PolynomialFeatures(DEGREE, include_bias=False).fit_transform(positions_on_sphere(lon, lat))
    in_city = without_group_means(np.array([(cell.row, cell.col) for cell in cells], dtype=float), city)
    half = N_PLANTED // 2
    numbers: np.ndarray = np.hstack(
        [on_earth @ rng.normal(size=(on_earth.shape[1], half)), in_city @ rng.normal(size=(2, N_PLANTED - half))]
    )
    return np.asarray((numbers - numbers.mean(axis=0)) / numbers.std(axis=0))


def _cells(lon: np.ndarray, lat: np.ndarray, city: np.ndarray) -> list[Cell]:
    """Return the cell of each position in its city's zone. Real positions are off by up to 2.8 km."""
    cells: dict[int, Cell] = {}
    for number in np.unique(city):
        rows = np.flatnonzero(city == number)
        zone, is_south = utm_zone(float(lon[rows].mean())), bool(lat[rows].mean() < 0)
        to_metres = Transformer.from_crs(4326, utm_srid(zone, is_south), always_xy=True)
        x, y = to_metres.transform(lon[rows], lat[rows])
        for i, easting, northing in zip(rows, x, y, strict=True):
            cells[int(i)] = Cell(zone, is_south, int(northing // TILE_M), int(easting // TILE_M))
    return [cells[i] for i in range(len(city))]


def _print_row(
    planted_in: str, what: str, world: PlantedWorld, vectors: np.ndarray, seconds: float, echo: Echo
) -> None:
    means = world.means
    leak = measure_leakage(vectors, means.city_ids, means.lon, means.lat)
    queries = np.random.default_rng(1).permutation(len(vectors))[:N_QUERIES]
    precision = np.nanmean(precision_at_k(vectors[queries], world.classes[queries], groups=means.city_ids[queries]))
    shares = "".join(f"{share:>{width}.1%}" for share, width in zip(leak.within_km.values(), (9, 10, 10), strict=True))
    echo(f"{planted_in:<16}{what:<28}{leak.same_city:>10.1%}{shares}{precision:>14.3f}{seconds:>9.1f}")
