"""``api.similar_blocks``, and with it ``internal.search`` by block, against brute force in NumPy and PROJ."""

import re
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from db.embedding_sets.store import Items, read_set, write_keys
from tests.builders import GEOD, TOWNS, build_towns

KEYS = """
    SELECT e.item_id, e.city_id, e.valid_share, ST_X(e.location), ST_Y(e.location), e.key::vector
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = internal.set_id('block', 'mean')
    ORDER BY e.item_id
"""
FIRST = TOWNS[0].city_id
REGION = "POLYGON((-30 30, 60 30, 60 70, -30 70, -30 30))"


@dataclass(frozen=True)
class Blocks:
    """The blocks of all towns as arrays, one row per block, and the unit vectors of their keys."""

    ids: np.ndarray
    city_ids: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    unit: np.ndarray

    def ranked(self, row: int, eligible: np.ndarray, k: int, per_tile: int, per_city: int = 10**9) -> list[int]:
        """Return the best k eligible blocks, at most so many of one tile and of one city."""
        similarity = np.round(self.unit @ self.unit[row], 9)
        chosen: list[int] = []
        for i in np.lexsort((self.ids, -similarity)):
            block, city = int(self.ids[i]), self.city_ids[i]
            of_tile = sum(b >> 6 == block >> 6 for b in chosen)
            of_city = sum(self.city_ids[self.ids == b][0] == city for b in chosen)
            if eligible[i] and i != row and of_tile < per_tile and of_city < per_city:
                chosen.append(block)
        return chosen[:k]


@pytest.fixture(scope="module")
def blocks(module_conn: psycopg.Connection[Any]) -> Blocks:
    build_towns(module_conn)
    ids, cities, _, lon, lat, keys = zip(*module_conn.execute(KEYS).fetchall(), strict=True)
    vectors = np.stack([key.to_numpy() for key in keys]).astype(float)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    return Blocks(np.array(ids), np.array(cities), np.array(lon), np.array(lat), unit)


def found(conn: psycopg.Connection[Any], block_id: int, arguments: str = "") -> list[int]:
    rows = conn.execute(f"SELECT block_id FROM api.similar_blocks({block_id}{arguments}) ORDER BY rank")  # type: ignore[arg-type] # noqa: S608
    return [row[0] for row in rows]


@pytest.mark.parametrize("exact", ["", ", exact => true"])
def test_at_most_one_block_of_a_tile_and_none_of_the_own_city(
    module_conn: psycopg.Connection[Any], blocks: Blocks, exact: str
) -> None:
    row = 60
    elsewhere = blocks.city_ids != blocks.city_ids[row]
    expected = blocks.ranked(row, elsewhere, 20, 1)
    assert found(module_conn, int(blocks.ids[row]), exact) == expected
    assert len({block >> 6 for block in expected}) == len(expected)


def test_limits_per_tile_and_per_city_hold_together(module_conn: psycopg.Connection[Any], blocks: Blocks) -> None:
    row = 7
    any_city = np.ones(len(blocks.ids), bool)
    for per_tile, per_city in ((2, 3), (1, 2), (49, 5)):
        arguments = f", exclude_same_city => false, max_per_tile => {per_tile}, max_per_city => {per_city}"
        answer = found(module_conn, int(blocks.ids[row]), arguments)
        assert answer == blocks.ranked(row, any_city, 20, per_tile, per_city)


def test_rows_are_min_of_k_and_eligible(module_conn: psycopg.Connection[Any], blocks: Blocks) -> None:
    elsewhere = blocks.city_ids != FIRST
    for arguments, n in (
        (", max_per_tile => 49, k => 10000", int(elsewhere.sum())),
        (", k => 10000", len(np.unique(blocks.ids[elsewhere] >> 6))),
        (", k => 0", 0),
        (", min_similarity => 1", 0),
    ):
        assert len(found(module_conn, int(blocks.ids[blocks.city_ids == FIRST][0]), arguments)) == n


def test_filters_by_distance_and_region_refer_to_the_centre_of_a_block(
    module_conn: psycopg.Connection[Any], blocks: Blocks
) -> None:
    row = int(np.flatnonzero(blocks.city_ids == FIRST)[100])
    n = len(blocks.ids)
    distance = GEOD.inv(np.full(n, blocks.lon[row]), np.full(n, blocks.lat[row]), blocks.lon, blocks.lat)[2]
    within = shapely.contains_xy(shapely.from_wkt(REGION), blocks.lon, blocks.lat)
    for arguments, eligible in (
        ("exclude_within_m => 1500", distance >= 1500),
        (f"within => ST_GeomFromText('{REGION}', 4326)", within),
        (f"within => ST_GeomFromText('{REGION}', 4326), exclude_within_m => 900", within & (distance >= 900)),
    ):
        answer = found(module_conn, int(blocks.ids[row]), f", exclude_same_city => false, {arguments}")
        assert answer == blocks.ranked(row, eligible, 20, 1)


def test_periods_and_valid_shares_leave_out_blocks(module_conn: psycopg.Connection[Any], blocks: Blocks) -> None:
    block_id = int(blocks.ids[0])
    assert found(module_conn, block_id, ", period => '[2024-07-01,2024-07-31]'") == found(module_conn, block_id)
    assert found(module_conn, block_id, ", period => '[2031-01-01,2031-12-31]'") == []
    assert found(module_conn, block_id, ", min_valid_share => 0.95") == []
    assert found(module_conn, block_id, ", min_valid_share => 0.85") == found(module_conn, block_id)


def test_the_other_searches_find_blocks_by_unit(module_conn: psycopg.Connection[Any], blocks: Blocks) -> None:
    row = 30
    block_id, lon, lat = int(blocks.ids[row]), blocks.lon[row], blocks.lat[row]
    expected = found(module_conn, block_id)
    vector = f"internal.mean_embedding(ARRAY[{block_id}], 'block', 'mean')"
    by_vector = f"similar_to_vector({vector}, unit => 'block', exclude_city_ids => ARRAY[{blocks.city_ids[row]}])"
    for call in (
        f"similar_at({lon}, {lat}, unit => 'block')",
        f"similar_to_examples(ARRAY[{block_id}], unit => 'block')",
        f"similar_to_area(ST_Buffer(ST_SetSRID(ST_MakePoint({lon}, {lat}), 4326), 0.0001), unit => 'block')",
        by_vector,
        f"""search('{{"kind": "block", "block_id": {block_id}}}')""",
    ):
        rows = module_conn.execute(f"SELECT s.block_id FROM api.{call} AS s ORDER BY s.rank").fetchall()  # type: ignore[arg-type] # noqa: S608
        assert [r[0] for r in rows] == expected, call


def test_a_match_tells_its_tile_distance_and_footprint(module_conn: psycopg.Connection[Any], blocks: Blocks) -> None:
    row = module_conn.execute(
        "SELECT s.block_id, s.tile_id, s.compared, s.is_exact, s.distance_m, ST_AsText(s.footprint, 6), "
        "ST_AsText(api.block_footprint(s.block_id), 6) FROM api.similar_blocks(%s, k => 1) AS s",
        (int(blocks.ids[0]),),
    ).fetchone()
    assert row is not None
    block_id, tile_id, compared, is_exact, distance_m, footprint, expected = row
    assert tile_id == block_id >> 6
    assert (compared, is_exact) == (int((blocks.city_ids != blocks.city_ids[0]).sum()), True)
    (i,) = np.flatnonzero(blocks.ids == block_id)
    assert distance_m == pytest.approx(GEOD.inv(blocks.lon[0], blocks.lat[0], blocks.lon[i], blocks.lat[i])[2], 1e-6)
    assert footprint == expected


@pytest.mark.parametrize(
    ("call", "error", "message", "hint"),
    [
        ("similar_blocks(1)", psycopg.errors.NoDataFound, "block 1 does not exist", "api.block_at"),
        ("similar_blocks(NULL)", psycopg.errors.NoDataFound, "block NULL does not exist", "api.block_at"),
        ("similar_blocks({without})", psycopg.errors.NoDataFound, "does not exist", "terrakin etl run"),
        ("similar_at(0, 0, unit => 'blok')", psycopg.errors.InvalidParameterValue, "unit 'blok'", "tile .* and block"),
        ("similar_blocks({first}, method => 'std')", psycopg.errors.InvalidParameterValue, "'std'", "by mean alone"),
        ("similar_blocks({first}, max_per_tile => 0)", psycopg.errors.InvalidParameterValue, "max_per_tile is 0", "49"),
        ("similar_blocks({first}, k => -1)", psycopg.errors.InvalidParameterValue, "k is -1", "0 or more"),
        (
            "similar_to_area(ST_MakeEnvelope(0, -89.5, 1, -89, 4326), unit => 'block')",
            psycopg.errors.NoDataFound,
            "no block",
            "320 m",
        ),
    ],
)
def test_an_invalid_argument_raises_with_a_hint(
    module_conn: psycopg.Connection[Any],
    blocks: Blocks,
    call: str,
    error: type[psycopg.Error],
    message: str,
    hint: str,
) -> None:
    without = module_conn.execute(
        "SELECT t.tile_id << 6 FROM terrakin.tiles AS t WHERE t.city_id = %s LIMIT 1", (TOWNS[-1].city_id,)
    ).fetchone()
    statement = call.format(first=blocks.ids[0], without=without[0] if without else 0)
    with pytest.raises(error, match=message) as raised, module_conn.transaction():
        module_conn.execute(f"SELECT FROM api.{statement}")  # type: ignore[arg-type]
    assert re.search(hint, raised.value.diag.message_hint or "")


def test_an_area_with_too_many_blocks_is_refused(conn: psycopg.Connection[Any]) -> None:
    n = 100_001
    places = np.tile([[-150.0, -40.0]], (n, 1))
    items = Items(np.arange(n), np.full(n, 1), np.ones(n, np.float32), places, np.ones((n, 1), np.float32))
    write_keys(conn, read_set(conn, "block", "mean"), items)
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="more than 100000 blocks"), conn.transaction():
        conn.execute("SELECT FROM api.similar_to_area(ST_MakeEnvelope(-151, -41, -149, -39, 4326), unit => 'block')")
