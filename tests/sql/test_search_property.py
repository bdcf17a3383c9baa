"""Whatever was loaded, changed, deleted and refitted: every answer has min(k, eligible) rows, and exact ones are right.

The independent answer is brute force in NumPy over vectors of tiles, and over the stored keys of blocks.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pgvector import Vector
from pyproj import Geod

from db.connect import connect
from db.embedding_sets.basis import unit_vectors
from db.embedding_sets.store import Items, read_set, write_keys
from db.embedding_sets.tile_keys import add_tile_keys
from db.index import build_indexes
from db.settings import Settings
from tests.builders import DIMENSION, make_city, make_composite
from tests.builders.rows import TILE, box, point, tile_values
from tests.conftest import cloned_database
from tests.db.embedding_sets.worlds import small_sets_are_fitted

GEOD = Geod(ellps="WGS84")
CITIES = (
    (1, "DE", "Europe", 8.0, 50.0),
    (2, "DE", "Europe", 8.6, 50.1),
    (3, "FR", "Europe", 2.0, 48.0),
    (4, "JP", "Asia", 139.0, 35.0),
    (5, "JP", "Asia", 140.0, 35.5),
)
RECTANGLE = "SRID=4326;POLYGON((7 49, 7 51, 8.05 51, 8.05 49, 7 49))"
TRIANGLE = "SRID=4326;POLYGON((7.8 49.8, 7.8 50.2, 8.2 50.2, 7.8 49.8))"
"""Its edge divides the tiles of the first city."""
MOST_TILES, MOST_BLOCKS = 8, 12
TILE_ID = "SELECT api.tile_id(32, false, 2640, %s, %s)"
CHANGE = "UPDATE terrakin.tiles SET embedding_mean = %s WHERE tile_id = %s"
NEVER_FEW = """
    CREATE OR REPLACE FUNCTION internal.is_few(set_id integer, unit text, city_ids bigint[], within geometry)
    RETURNS boolean LANGUAGE sql AS 'SELECT false'
"""
MOVE = "UPDATE terrakin.cities SET country_code = %s WHERE city_id = %s"
FEW_COMPARED = "UPDATE terrakin.embedding_sets SET max_compared = 5"
CLEAR = "DELETE FROM terrakin.tiles"
BLOCKS = """
    SELECT e.item_id, e.city_id, e.valid_share, ST_X(e.location), ST_Y(e.location), e.key
    FROM terrakin.embedding_keys AS e
    JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id
    WHERE s.unit = 'block' AND s.is_current
    ORDER BY e.item_id
"""
TILES = """
    SELECT t.tile_id, t.city_id, t.valid_share, ST_X(t.location::geometry), ST_Y(t.location::geometry),
        t.embedding_mean
    FROM terrakin.tiles AS t
    ORDER BY t.tile_id
"""
KEYS_OF_TILES = """
    SELECT e.item_id
    FROM terrakin.embedding_keys AS e
    JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id
    WHERE s.unit = 'tile' AND s.method = 'mean' AND s.is_current
    ORDER BY e.item_id
"""
SEARCH = """
    SELECT coalesce(block_id, tile_id), similarity, is_exact
    FROM api.similar_to_examples(%(positive)s, unit => %(unit)s, k => %(k)s, exclude_within_m => %(exclude_within_m)s,
        exclude_same_city => %(exclude_same_city)s, exclude_city_ids => %(exclude_city_ids)s,
        max_per_city => %(max_per_city)s, max_per_tile => %(max_per_tile)s,
        countries => %(countries)s, continents => %(continents)s, within => %(within)s::geometry,
        min_valid_share => %(min_valid_share)s, min_similarity => %(min_similarity)s, exact => %(exact)s)
"""
FILTERS = st.fixed_dictionaries(
    {
        "unit": st.sampled_from(["tile", "block"]),
        "k": st.sampled_from([0, 1, 3, 50]),
        "exclude_within_m": st.sampled_from([0, 0, 3_000, 60_000]),
        "exclude_same_city": st.booleans(),
        "exclude_city_ids": st.sampled_from([None, None, [], [3], [5, 2, 4], [1, 6]]),
        "max_per_city": st.sampled_from([None, None, 1, 2]),
        "max_per_tile": st.sampled_from([None, 1, 3, 49]),
        "countries": st.sampled_from([None, None, ["DE"], ["DE", "JP"], []]),
        "continents": st.sampled_from([None, None, ["Asia"]]),
        "within": st.sampled_from([None, None, RECTANGLE, TRIANGLE]),
        "min_valid_share": st.sampled_from([None, None, 0.5]),
        "min_similarity": st.sampled_from([None, None, 0.1]),
        "exact": st.booleans(),
        "query": st.integers(0, 10_000),
    }
)
STEPS = st.lists(
    st.sampled_from(["load", "load", "abort", "delete", "change", "move", "refit"]), min_size=2, max_size=6
)


@pytest.fixture(scope="module", params=["by_place", "by_list"])
def world(server_home: Path, request: pytest.FixtureRequest) -> Iterator["World"]:
    with cloned_database(server_home) as url, small_sets_are_fitted():
        database = Settings(server_home / "property", database_url=url)
        with connect(database, autocommit=True) as conn:
            for city_id, code, continent, lon, lat in CITIES:
                make_city(
                    conn, city_id, name=f"{code} {city_id}", country_code=code, continent=continent, lon=lon, lat=lat
                )
            if request.param == "by_list":
                conn.execute(NEVER_FEW)
            yield World(database, conn)


@dataclass
class World:
    """A database of cities whose tiles come and go."""

    database: Settings
    conn: psycopg.Connection[Any]
    rng: np.random.Generator = field(default_factory=lambda: np.random.default_rng(0))
    n_tiles: int = 0
    country_of: dict[int, str] = field(default_factory=lambda: {city[0]: city[1] for city in CITIES})

    def restart(self, seed: int) -> None:
        self.rng = np.random.default_rng(seed)
        self.conn.execute(CLEAR)
        self.conn.execute(FEW_COMPARED)
        self.load()

    def load(self) -> None:
        with connect(self.database, "etl") as conn:
            self._write(conn)

    def abort(self) -> None:
        with connect(self.database, "etl") as conn:
            self._write(conn)
            conn.rollback()

    def delete(self) -> None:
        self.conn.execute("DELETE FROM terrakin.tiles WHERE tile_id = ANY(%s)", (self._some_tiles(),))

    def change(self) -> None:
        with connect(self.database, "etl") as conn:
            for tile_id in self._some_tiles():
                conn.execute(CHANGE, (Vector(self._vectors(1)[0]), tile_id))
                add_tile_keys(conn, [tile_id])
                self._add_blocks(conn, tile_id, *CITIES[0][3:], city_id=1)

    def move(self) -> None:
        """Move the second city to Japan, or back."""
        self.country_of[2] = "JP" if self.country_of[2] == "DE" else "DE"
        self.conn.execute(MOVE, (self.country_of[2], 2))

    def refit(self) -> None:
        build_indexes(self.database, with_refit=True)

    def _write(self, conn: psycopg.Connection[Any]) -> None:
        city_id, _, _, lon, lat = CITIES[self.rng.integers(len(CITIES))]
        composite_id, tile_ids = make_composite(conn, city_id), []
        for _ in range(self.rng.integers(1, MOST_TILES)):
            self.n_tiles = (self.n_tiles + 1) % 1000
            (tile_id,) = conn.execute(TILE_ID, (self.n_tiles, date(2024, 6, 1))).fetchone() or (0,)
            conn.execute("DELETE FROM terrakin.tiles WHERE tile_id = %s", (tile_id,))
            x, y = lon + self.rng.uniform(-0.1, 0.1), lat + self.rng.uniform(-0.1, 0.1)
            vector, share = self._vectors(1)[0], self.rng.uniform()
            conn.execute(
                TILE, tile_values(tile_id, city_id, composite_id, box(x, y, 0.01), point(x, y), vector, None, share)
            )
            self._add_blocks(conn, tile_id, x, y, city_id)
            tile_ids.append(tile_id)
        add_tile_keys(conn, tile_ids)

    def _add_blocks(self, conn: psycopg.Connection[Any], tile_id: int, lon: float, lat: float, city_id: int) -> None:
        numbers = np.sort(self.rng.permutation(49)[: self.rng.integers(MOST_BLOCKS)])
        n = len(numbers)
        locations = np.column_stack([lon + self.rng.uniform(-0.01, 0.01, n), lat + self.rng.uniform(-0.01, 0.01, n)])
        shares = self.rng.uniform(size=n).astype(np.float32)
        items = Items((tile_id << 6) | numbers, np.full(n, city_id), shares, locations, self._vectors(n))
        write_keys(conn, read_set(conn, "block", "mean"), items)

    def _some_tiles(self) -> list[int]:
        known = [row[0] for row in self.conn.execute(TILES)]
        return self.rng.permutation(known)[: len(known) // 3].tolist()

    def _vectors(self, n: int) -> np.ndarray:
        return self.rng.standard_normal((n, DIMENSION)).astype(np.float32) + np.float32(0.3)


def expected(rows: list[Any], query: int, asked: dict[str, Any], country_of: dict[int, str]) -> list[tuple[int, float]]:
    """Return ids and similarities of the answer by brute force."""
    ids, city_ids, shares, lon, lat, stored = (np.array(column) for column in zip(*rows, strict=True))
    vectors = np.stack([v.to_numpy() for v in stored]).astype(np.float64)
    if asked["unit"] == "tile":  # keys have unit length already, as exactly as half precision allows
        vectors = unit_vectors(vectors)
    similarity = vectors @ vectors[query]
    continent_of = {code: continent for _, code, continent, _, _ in CITIES}
    of_city = {city_id: (code, continent_of[code]) for city_id, code in country_of.items()}
    metres = GEOD.inv(np.full(len(ids), lon[query]), np.full(len(ids), lat[query]), lon, lat)[2]
    keep = ids != ids[query]
    if asked["exclude_same_city"]:
        keep &= city_ids != city_ids[query]
    if asked["exclude_city_ids"]:
        keep &= ~np.isin(city_ids, asked["exclude_city_ids"])
    if asked["exclude_within_m"]:
        keep &= metres > asked["exclude_within_m"]
    for name, part in (("countries", 0), ("continents", 1)):
        if asked[name] is not None:
            keep &= np.array([of_city[city_id][part] in asked[name] for city_id in city_ids])
    if asked["within"]:
        keep &= shapely.contains_xy(shapely.from_wkt(asked["within"].split(";")[1]), lon, lat)
    if asked["min_valid_share"] is not None:
        keep &= shares >= asked["min_valid_share"]
    order = sorted(np.flatnonzero(keep), key=lambda i: -similarity[i])
    per_tile = (asked["max_per_tile"] or 1) if asked["unit"] == "block" else None
    order = _at_most(order, ids >> 6, per_tile)
    order = _at_most(order, city_ids, asked["max_per_city"])
    least = -1 if asked["min_similarity"] is None else asked["min_similarity"]
    return [(int(ids[i]), float(similarity[i])) for i in order if similarity[i] >= least][: asked["k"]]


def _at_most(order: list[Any], groups: np.ndarray, most: int | None) -> list[Any]:
    """Keep the first so many of each group."""
    seen: dict[int, int] = {}
    kept = []
    for i in order:
        seen[groups[i]] = seen.get(groups[i], 0) + 1
        if most is None or seen[groups[i]] <= most:
            kept.append(i)
    return kept


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(seed=st.integers(0, 2**32 - 1), steps=STEPS, searches=st.lists(FILTERS, min_size=3, max_size=3))
def test_answers_are_complete_and_exact_ones_are_right(
    world: World, seed: int, steps: list[str], searches: list[dict[str, Any]]
) -> None:
    world.restart(seed)
    for step in steps:
        getattr(world, step)()
        tiles = world.conn.execute(TILES).fetchall()
        assert [row[0] for row in world.conn.execute(KEYS_OF_TILES)] == [row[0] for row in tiles]
        for asked in searches:
            rows = tiles if asked["unit"] == "tile" else world.conn.execute(BLOCKS).fetchall()
            if rows:
                check(world, rows, asked["query"] % len(rows), asked)


def check(world: World, rows: list[Any], query: int, asked: dict[str, Any]) -> None:
    found = world.conn.execute(SEARCH, {**asked, "positive": [rows[query][0]]}).fetchall()
    right = expected(rows, query, asked, world.country_of)
    assert len(found) == len(right)
    similarity = [row[1] for row in found]
    assert similarity == sorted(similarity, reverse=True)
    if found and (asked["exact"] or found[0][2]):
        assert all(row[2] for row in found)
        np.testing.assert_allclose(similarity, [value for _, value in right], atol=1e-4)


def test_keys_follow_a_country_to_another_continent(world: World) -> None:
    world.restart(0)
    wrong = """
        SELECT count(*) > 0, count(*) FILTER (WHERE e.country_number <> n.country_number)
        FROM terrakin.embedding_keys AS e
        JOIN terrakin.cities AS c ON c.city_id = e.city_id
        JOIN terrakin.countries AS n ON n.code = c.country_code
    """
    for continent in ("'Africa'", "CASE code WHEN 'JP' THEN 'Asia' ELSE 'Europe' END"):
        world.conn.execute(f"UPDATE terrakin.countries SET continent = {continent}")  # type: ignore[arg-type] # noqa: S608
        assert world.conn.execute(wrong).fetchone() == (True, 0)
