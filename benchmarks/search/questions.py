"""The questions of the search benchmark, and their exact answers by brute force with NumPy and PROJ."""

from dataclasses import dataclass

import numpy as np
from pyproj import Geod

from benchmarks.search.items import Items
from db.embedding_sets.basis import unit_vectors

GEOD = Geod(ellps="WGS84")
BOX_ITEMS = {"tile": 200, "block": 10_000}
MAX_HALF_WIDTH_DEG = 20.0
N_EXAMPLES = 6
METRES_PER_DEGREE = 110_574
"""Length of the shortest degree of latitude: nothing farther north or south is nearer."""
POOL = 200
"""Best items per match that are looked through for one per city or tile."""


@dataclass(frozen=True)
class Box:
    """A rectangle in degrees, EPSG:4326."""

    west: float
    south: float
    east: float
    north: float


@dataclass(frozen=True)
class Question:
    """A number of matches and filters. The city of the query is always left out, except where stated.

    Attributes:
        name: as printed in the table.
        k: number of matches.
        exclude_same_city: exclude the city of the query.
        exclude_within_m: exclude items within this distance of the query, in metres.
        country: number of the only country; -1 for all.
        continent: number of the only continent; -1 for all.
        within: region of the matches; None for everywhere.
        max_per_city: maximum number of matches per city; 0 for no limit.
        n_examples: number of examples: the query and others of its city.
    """

    name: str
    k: int = 20
    exclude_same_city: bool = True
    exclude_within_m: float = 0
    country: int = -1
    continent: int = -1
    within: Box | None = None
    max_per_city: int = 0
    n_examples: int = 1

    def examples(self, items: Items, row: int) -> list[int]:
        """Return the rows that make up the query: the row and others of its city, always the same."""
        of_city = items.rows_of_city[int(items.city[row])]
        others = of_city[of_city != row]
        chosen = np.random.default_rng(row).permutation(others)[: self.n_examples - 1]
        return [row, *chosen.tolist()]


def questions(items: Items) -> list[Question]:
    """Return the questions: exclusions, regions, number of matches, examples."""
    n = len(items.lon)
    continents, continent_sizes = np.unique(items.continent, return_counts=True)
    countries, country_sizes = np.unique(items.country, return_counts=True)

    def country(share: float) -> int:
        return int(countries[np.argmin(np.abs(country_sizes - share * n))])

    return [
        Question("no filter", exclude_same_city=False),
        Question("other cities"),
        Question("50 km", exclude_within_m=50_000),
        Question("500 km", exclude_within_m=500_000),
        Question("largest continent", continent=int(continents[continent_sizes.argmax()])),
        Question("smallest continent", continent=int(continents[continent_sizes.argmin()])),
        Question("country of 1 %", country=country(0.01)),
        Question("country of 0.1 %", country=country(0.001)),
        Question("polygon", within=_box_of(items, BOX_ITEMS[items.unit])),
        Question("one per city", max_per_city=1),
        Question("k = 200", k=200),
        Question("six examples", n_examples=N_EXAMPLES),
    ]


def _box_of(items: Items, n_items: int) -> Box:
    """Return a square around the item in the middle of the table that contains about n_items, by bisection."""
    lon, lat = float(items.lon[len(items.lon) // 2]), float(items.lat[len(items.lat) // 2])
    low, high = 0.0, MAX_HALF_WIDTH_DEG
    for _ in range(20):
        half = (low + high) / 2
        n = int(inside(items, Box(lon - half, lat - half, lon + half, lat + half)).sum())
        low, high = (half, high) if n < n_items else (low, half)
    return Box(lon - high, lat - high, lon + high, lat + high)


def inside(items: Items, box: Box) -> np.ndarray:
    """Return a mask (n,) of the items whose positions lie in a box."""
    return (items.lon >= box.west) & (items.lon <= box.east) & (items.lat >= box.south) & (items.lat <= box.north)


def eligible(items: Items, row: int, question: Question) -> np.ndarray:
    """Return a mask (n,) of the items that pass the filters."""
    n = len(items.lon)
    allowed = items.city != items.city[row] if question.exclude_same_city else np.ones(n, bool)
    allowed[question.examples(items, row)] = False
    if question.country >= 0:
        allowed &= items.country == question.country
    if question.continent >= 0:
        allowed &= items.continent == question.continent
    if question.within:
        allowed &= inside(items, question.within)
    if question.exclude_within_m:
        reach = question.exclude_within_m / METRES_PER_DEGREE
        near = np.flatnonzero(allowed & (np.abs(items.lat - items.lat[row]) <= reach))
        start = np.full(len(near), items.lon[row]), np.full(len(near), items.lat[row])
        allowed[near] = GEOD.inv(*start, items.lon[near], items.lat[near])[2] > question.exclude_within_m
    return np.asarray(allowed)


def query_vector(items: Items, row: int, question: Question) -> np.ndarray:
    """Return the mean of the examples, of unit length."""
    mean: np.ndarray = unit_vectors(items.vectors[question.examples(items, row)].mean(axis=0, keepdims=True))[0]
    return mean


def truths(items: Items, rows: list[int], asked: list[Question]) -> list[list[list[int]]]:
    """Return the rows of the exact answers, best first, by question and query row."""
    answers: list[list[list[int]]] = [[] for _ in asked]
    for row in rows:
        similarity: dict[int, np.ndarray] = {}
        for question, found in zip(asked, answers, strict=True):
            if question.n_examples not in similarity:
                similarity[question.n_examples] = items.vectors @ query_vector(items, row, question)
            found.append(truth(items, row, question, similarity[question.n_examples]))
    return answers


def truth(items: Items, row: int, question: Question, similarity: np.ndarray) -> list[int]:
    """Return the rows of the exact answer, best first, given the similarity of all items to the query."""
    rows = np.flatnonzero(eligible(items, row, question))
    n_best = min(question.k * POOL, len(rows))
    if n_best == 0:
        return []
    best = np.argpartition(-similarity[rows], n_best - 1)[:n_best]
    return capped(items, rows[best[np.argsort(-similarity[rows[best]], kind="stable")]], question)


def capped(items: Items, rows: np.ndarray, question: Question) -> list[int]:
    """Return the first k rows: one per tile if they are blocks, and at most max_per_city of each city."""
    in_city: dict[int, int] = {}
    tiles: set[int] = set()
    answer: list[int] = []
    for r in rows.tolist():
        city, tile = int(items.city[r]), int(items.tile[r])
        if (items.unit == "block" and tile in tiles) or (
            question.max_per_city and in_city.get(city, 0) >= question.max_per_city
        ):
            continue
        tiles.add(tile)
        in_city[city] = in_city.get(city, 0) + 1
        answer.append(r)
        if len(answer) == question.k:
            break
    return answer
