"""The questions of the search benchmark, and their exact answers by brute force with NumPy and PROJ."""

from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from benchmarks.world import World

GEOD = Geod(ellps="WGS84")
BOX_TILES = 200
MAX_HALF_WIDTH_DEG = 20.0


@dataclass(frozen=True)
class Box:
    """A rectangle in degrees, EPSG:4326."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Question:
    """A number of matches and filters.

    Attributes:
        name: as printed in the table.
        k: number of matches.
        exclude_same_city: exclude the city of the query tile.
        exclude_within_m: exclude tiles within this distance of the query tile, in metres.
        country: number of the only country; -1 for all.
        continent: number of the only continent; -1 for all.
        within: region of the matches; None for everywhere.
        max_per_city: maximum number of matches per city; 0 for no limit.
    """

    name: str
    k: int = 20
    exclude_same_city: bool = True
    exclude_within_m: float = 0
    country: int = -1
    continent: int = -1
    within: Box | None = None
    max_per_city: int = 0


def questions(world: World) -> list[Question]:
    """Return the questions: radius of exclusion, region, number of matches."""
    continents, continent_sizes = np.unique(world.continent, return_counts=True)
    countries, country_sizes = np.unique(world.country, return_counts=True)
    n = len(world.lon)
    fifth = int(continents[np.argmin(np.abs(continent_sizes - 0.2 * n))])
    hundredth = int(countries[np.argmin(np.abs(country_sizes - 0.01 * n))])
    return [
        Question("no filter", exclude_same_city=False),
        Question("other cities"),
        Question("other cities, 50 km", exclude_within_m=50_000),
        Question("other cities, 500 km", exclude_within_m=500_000),
        Question("one continent (20 %)", continent=fifth),
        Question("one country (1 %)", country=hundredth),
        Question("polygon of 200 tiles", within=_box_of(world, BOX_TILES)),
        Question("one per city, 50 km", exclude_within_m=50_000, max_per_city=1),
        Question("50 km, k = 200", k=200, exclude_within_m=50_000),
    ]


def _box_of(world: World, n_tiles: int) -> Box:
    """Return a square around the tile in the middle of the table that contains about n_tiles, by bisection."""
    lon, lat = float(world.lon[len(world.lon) // 2]), float(world.lat[len(world.lat) // 2])
    low, high = 0.0, MAX_HALF_WIDTH_DEG
    for _ in range(40):
        half = (low + high) / 2
        n = int(inside(world, Box(lon - half, lat - half, lon + half, lat + half)).sum())
        low, high = (half, high) if n < n_tiles else (low, half)
    return Box(lon - high, lat - high, lon + high, lat + high)


def inside(world: World, box: Box) -> np.ndarray:
    """Return a mask (n,) of the tiles whose positions lie in a box."""
    return (world.lon >= box.west) & (world.lon <= box.east) & (world.lat >= box.south) & (world.lat <= box.north)


def eligible(world: World, row: int, question: Question) -> np.ndarray:
    """Return a mask (n,) of the tiles that pass the filters."""
    n = len(world.lon)
    allowed = world.city != world.city[row] if question.exclude_same_city else np.arange(n) != row
    if question.country >= 0:
        allowed &= world.country == question.country
    if question.continent >= 0:
        allowed &= world.continent == question.continent
    if question.within:
        allowed &= inside(world, question.within)
    if question.exclude_within_m:
        metres = GEOD.inv(np.full(n, world.lon[row]), np.full(n, world.lat[row]), world.lon, world.lat)[2]
        allowed &= metres > question.exclude_within_m
    return np.asarray(allowed)


def truth(world: World, row: int, question: Question, similarity: np.ndarray) -> list[int]:
    """Return the rows of the exact answer, best first, given the similarity of all tiles to the query tile."""
    rows = np.flatnonzero(eligible(world, row, question))
    rows = rows[np.argsort(-similarity[rows], kind="stable")]
    return capped(world, rows, question)


def capped(world: World, rows: np.ndarray, question: Question) -> list[int]:
    """Return the first k rows, at most max_per_city of each city."""
    if not question.max_per_city:
        return [int(row) for row in rows[: question.k]]
    taken: dict[int, int] = {}
    answer = []
    for r in rows.tolist():
        taken[world.city[r]] = taken.get(world.city[r], 0) + 1
        if taken[world.city[r]] <= question.max_per_city:
            answer.append(r)
            if len(answer) == question.k:
                break
    return answer
