"""Changes between two periods of a synthetic town, whose changed blocks are known, against the same in NumPy."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pytest

from db.embedding_sets.store import Items, read_set, write_keys
from db.embedding_sets.tile_keys import add_tile_keys
from tests.builders.towns import FORMS, TOWNS, build_towns

CITY_ID = TOWNS[0].city_id
MONTHS = 12
"""The second period is a year later."""
PERIODS = "'[2024-06-01,2024-07-01)', '[2025-06-01,2025-07-01)'"
COPY_COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, is_date_known, licences, attributions, item_ids,
        max_cloud_cover, valid_share)
    SELECT city_id, '[2025-06-01,2025-09-01)', stac_url, collection, is_synthetic, is_date_known, licences,
        attributions, item_ids, max_cloud_cover, valid_share
    FROM terrakin.composites WHERE city_id = %s
    RETURNING composite_id
"""
COPY_TILES = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, dominant_patches)
    SELECT t.tile_id + %s, t.city_id, %s, '[2025-06-01,2025-09-01)', t.footprint, t.location, t.valid_share,
        t.embedding_mean, t.embedding_dominant, t.dominant_share, t.dominant_patches
    FROM terrakin.tiles AS t WHERE t.city_id = %s
"""
BLOCKS = """
    SELECT e.item_id, e.key::vector, ST_X(e.location), ST_Y(e.location)
    FROM terrakin.embedding_keys AS e
    WHERE e.city_id = %s AND e.set_id = (SELECT internal.set_id('block', 'mean'))
    ORDER BY e.item_id
"""


@dataclass(frozen=True)
class Changed:
    """A town in two periods.

    Attributes:
        earlier: (n, dimension) unit keys of its blocks.
        later: those a year later.
        ids: (n,) block ids of the later period.
        is_changed: (n,) whether the form of a block changed.
    """

    conn: psycopg.Connection[Any]
    earlier: np.ndarray
    later: np.ndarray
    ids: np.ndarray
    is_changed: np.ndarray


@pytest.fixture(scope="module")
def town(module_conn: psycopg.Connection[Any]) -> Iterator[Changed]:
    """A town of 441 blocks, half of each of 20 gets another form; every form changes its look with the season."""
    conn = module_conn
    build_towns(conn)
    (composite_id,) = conn.execute(COPY_COMPOSITE, (CITY_ID,)).fetchone() or (0,)
    conn.execute(COPY_TILES, (MONTHS, composite_id, CITY_ID))
    ids, keys, lon, lat = zip(*conn.execute(BLOCKS, (CITY_ID,)).fetchall(), strict=True)
    earlier = np.stack([key.to_numpy() for key in keys])
    rng = np.random.default_rng(4)
    form = np.array([(block_id & 63) % len(FORMS) for block_id in ids])
    is_changed = np.isin(np.arange(len(ids)), rng.choice(len(ids), 20, replace=False))
    other = np.array([rng.choice(np.flatnonzero(form == (f + 1) % len(FORMS))) for f in form])
    season = rng.normal(size=(len(FORMS), earlier.shape[1])) * 0.04 * np.array([[1], [0.3], [0.1]])
    half = (earlier + earlier[other]) / 2
    later = np.where(is_changed[:, None], half + season[form], earlier + season[form])
    later += rng.normal(size=later.shape) * 0.004
    later /= np.linalg.norm(later, axis=1, keepdims=True)
    later_ids = np.array(ids) + (MONTHS << 6)
    items = Items(later_ids, np.full(len(ids), CITY_ID), np.full(len(ids), 0.9), np.column_stack([lon, lat]), later)
    write_keys(conn, read_set(conn, "block", "mean"), items)
    add_tile_keys(conn)
    return Changed(conn, earlier, later.astype(np.float16).astype(np.float64), later_ids, is_changed)


def changes(town: Changed, more: str = "") -> list[Any]:
    query = f"SELECT * FROM api.changes({CITY_ID}, {PERIODS}{more})"  # noqa: S608
    return town.conn.execute(query).fetchall()  # type: ignore[arg-type]


def expected(town: Changed) -> tuple[np.ndarray, np.ndarray]:
    """Return the change (n,) of each block, and the same divided by how differently those alike have changed."""
    shift, alike = town.later - town.earlier, town.earlier @ town.earlier.T
    np.fill_diagonal(alike, -np.inf)
    of_alike = shift[np.argsort(-alike, axis=1)[:, :8]]
    common = of_alike.mean(axis=1)
    spread = np.sqrt(((of_alike - common[:, None]) ** 2).sum(axis=2).mean(axis=1))
    change = np.linalg.norm(shift - common, axis=1)
    return change, change / (spread + np.median(spread))


def test_the_changed_blocks_come_first_whatever_the_season(town: Changed) -> None:
    found = changes(town, ", k => 20")
    changed = set(town.ids[town.is_changed].tolist())
    hits = len({row[1] for row in found} & changed)
    plain = np.argsort((town.earlier * town.later).sum(axis=1))[:20]
    print(f"changed among the first 20: {hits}; by plain cosine {int(town.is_changed[plain].sum())}")
    assert hits == 20
    assert town.is_changed[plain].sum() < hits
    assert all(row[5] > 3 for row in found)


def test_changes_and_scores_are_those_of_numpy(town: Changed) -> None:
    found = {row[1]: row for row in changes(town, ", k => 500")}
    assert [row[0] for row in found.values()] == list(range(1, len(town.ids) + 1))
    change, ratio = expected(town)
    np.testing.assert_allclose([found[i][4] for i in town.ids.tolist()], change, atol=2e-3)
    median = np.median(ratio)
    score = (ratio - median) / (1.4826 * np.median(np.abs(ratio - median)))
    np.testing.assert_allclose([found[i][5] for i in town.ids.tolist()], score, atol=0.05)
    similarity = [found[i][6] for i in town.ids.tolist()]
    np.testing.assert_allclose(similarity, (town.earlier * town.later).sum(axis=1), atol=2e-3)
    assert {row[7] for row in found.values()} == {len(town.ids)}


def test_a_match_names_both_tiles_and_the_outline(town: Changed) -> None:
    ((rank, block_id, tile_id, earlier_tile_id, *_),) = changes(town, ", k => 1")
    assert (rank, block_id >> 6, tile_id - earlier_tile_id) == (1, tile_id, MONTHS)
    query = "SELECT ST_Equals(footprint, api.block_footprint(block_id)) FROM api.changes(%s, %s, %s, k => 1)"
    periods = ("[2024-06-01,2024-07-01)", "[2025-06-01,2025-07-01)")
    assert town.conn.execute(query, (CITY_ID, *periods)).fetchone() == (True,)


def test_tiles_have_changes_too(town: Changed) -> None:
    found = changes(town, ", unit => 'tile'")
    assert len(found) == 9
    assert {row[1] for row in found} == {None}
    # Their vectors are copies: nothing has changed.
    assert max(row[4] for row in found) == pytest.approx(0, abs=1e-6)
    assert {row[5] for row in found} == {None}


@pytest.mark.parametrize(
    ("arguments", "sqlstate", "message"),
    [
        ((0, "[2024-06-01,2024-07-01)", "[2025-06-01,2025-07-01)", 20, "block"), "P0002", "city 0 does not exist"),
        ((CITY_ID, "[2020-01-01,2021-01-01)", "[2025-06-01,2025-07-01)", 20, "block"), "P0002", "no tile with days in"),
        ((CITY_ID, "[2024-06-01,2024-07-01)", "[2024-07-01,2024-08-01)", 20, "block"), "22023", "have the same tiles"),
        ((CITY_ID, "[2024-06-01,2024-07-01)", "[2025-06-01,2025-07-01)", -1, "block"), "22023", "k is -1"),
        ((CITY_ID, "[2024-06-01,2024-07-01)", "[2025-06-01,2025-07-01)", 20, "blok"), "22023", "unknown unit 'blok'"),
    ],
)
def test_a_mistake_gets_a_clear_error(town: Changed, arguments: tuple[Any, ...], sqlstate: str, message: str) -> None:
    with pytest.raises(psycopg.Error) as raised, town.conn.transaction():
        town.conn.execute("SELECT * FROM api.changes(%s, %s, %s, k => %s, unit => %s)", arguments)
    assert raised.value.sqlstate == sqlstate
    assert message in (raised.value.diag.message_primary or "")
    assert raised.value.diag.message_hint
