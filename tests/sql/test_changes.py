"""Changes between two periods of a synthetic town, whose changed blocks are known, against the same in NumPy."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import pytest

from tests.builders.periods import CITY_ID, MONTHS, Changed, add_later_period
from tests.builders.towns import build_towns

PERIODS = "'[2024-06-01,2024-07-01)', '[2025-06-01,2025-07-01)'"


@dataclass(frozen=True)
class Town(Changed):
    """The town, and the connection to its database."""

    conn: psycopg.Connection[Any]


@pytest.fixture(scope="module")
def town(module_conn: psycopg.Connection[Any]) -> Town:
    build_towns(module_conn)
    return Town(**vars(add_later_period(module_conn)), conn=module_conn)


def changes(town: Town, more: str = "") -> list[Any]:
    query = f"SELECT * FROM api.changes({CITY_ID}, {PERIODS}{more})"  # noqa: S608
    return town.conn.execute(query).fetchall()  # type: ignore[arg-type]


def expected(town: Town) -> tuple[np.ndarray, np.ndarray]:
    """Return the change (n,) and the score (n,) of each block, by 300 blocks that are drawn by their hash."""
    order = town.conn.execute(
        "SELECT i - 1 FROM unnest(%s) WITH ORDINALITY AS b (id, i) ORDER BY hashint8(id), id", (town.ids.tolist(),)
    )
    drawn = np.array([i for (i,) in order][:300])
    shift, alike = town.later - town.earlier, town.earlier @ town.earlier[drawn].T
    alike[drawn, np.arange(len(drawn))] = -np.inf
    of_alike = shift[drawn][np.argsort(-alike, axis=1)[:, :8]]
    common = of_alike.mean(axis=1)
    spread = np.sqrt(((of_alike - common[:, None]) ** 2).sum(axis=2).mean(axis=1))
    change = np.linalg.norm(shift - common, axis=1)
    ratio = change / (spread + np.median(spread[drawn]))
    median = np.median(ratio[drawn])
    return change, (ratio - median) / (1.4826 * np.median(np.abs(ratio[drawn] - median)))


def test_the_changed_blocks_come_first_whatever_the_season(town: Town) -> None:
    found = changes(town, ", k => 20")
    changed = set(town.ids[town.is_changed].tolist())
    hits = len({row[1] for row in found} & changed)
    plain = np.argsort((town.earlier * town.later).sum(axis=1))[:20]
    print(f"changed among the first 20: {hits}; by plain cosine {int(town.is_changed[plain].sum())}")
    assert hits == 20
    assert town.is_changed[plain].sum() < hits
    assert all(row[5] > 3 for row in found)


def test_changes_and_scores_are_those_of_numpy(town: Town) -> None:
    found = {row[1]: row for row in changes(town, ", k => 500")}
    assert [row[0] for row in found.values()] == list(range(1, len(town.ids) + 1))
    change, score = expected(town)
    np.testing.assert_allclose([found[i][4] for i in town.ids.tolist()], change, atol=2e-3)
    np.testing.assert_allclose([found[i][5] for i in town.ids.tolist()], score, atol=0.05)
    similarity = [found[i][6] for i in town.ids.tolist()]
    np.testing.assert_allclose(similarity, (town.earlier * town.later).sum(axis=1), atol=2e-3)
    assert {row[7] for row in found.values()} == {len(town.ids)}


def test_a_match_names_both_tiles_and_the_outline(town: Town) -> None:
    ((rank, block_id, tile_id, earlier_tile_id, *_),) = changes(town, ", k => 1")
    assert (rank, block_id >> 6, tile_id - earlier_tile_id) == (1, tile_id, MONTHS)
    query = "SELECT ST_Equals(footprint, api.block_footprint(block_id)) FROM api.changes(%s, %s, %s, k => 1)"
    periods = ("[2024-06-01,2024-07-01)", "[2025-06-01,2025-07-01)")
    assert town.conn.execute(query, (CITY_ID, *periods)).fetchone() == (True,)


def test_tiles_have_changes_too(town: Town) -> None:
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
def test_a_mistake_gets_a_clear_error(town: Town, arguments: tuple[Any, ...], sqlstate: str, message: str) -> None:
    with pytest.raises(psycopg.Error) as raised, town.conn.transaction():
        town.conn.execute("SELECT * FROM api.changes(%s, %s, %s, k => %s, unit => %s)", arguments)
    assert raised.value.sqlstate == sqlstate
    assert message in (raised.value.diag.message_primary or "")
    assert raised.value.diag.message_hint
