"""``api.find``, ``api.uncertain`` and ``api.concept_overview`` against NumPy."""

import json
from typing import Any

import numpy as np
import psycopg
import pytest
from pgvector import HalfVector

from tests.builders.world import build_world

CONCEPT = """
    INSERT INTO terrakin.concepts (name, unit, method, set_id, fitted_by, direction, threshold, threshold_by, positive,
        negative, n_random_negatives, seed)
    SELECT %(unit)s, %(unit)s, 'mean', internal.set_id(%(unit)s, 'mean'), 'rocchio', %(direction)s, %(threshold)s,
        'quantile', %(positive)s, '{}', 0, 0
"""
N_TILES, N_CITIES = 60, 10
FILTERS = ("all", "countries", "exclude_countries", "continents", "origin", "period", "exclude_cities")
OF_TILES = ("valid_share", "within")
"""A block has a position and a share of its own."""
CASES = [*((unit, name) for unit in ("tile", "block") for name in FILTERS), *(("tile", name) for name in OF_TILES)]


class Case:
    """A world with one concept by tile and one by block, whose direction is that of their first item."""

    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn
        self.world = build_world(conn, N_TILES, N_CITIES, seed=6, n_real=4, n_undated=2, with_blocks=True)
        assert self.world.blocks is not None
        self.blocks = self.world.blocks
        for unit in ("tile", "block"):
            direction = self.keys(unit)[0] / np.linalg.norm(self.keys(unit)[0])
            threshold = float(np.quantile(self.similarity(unit), 0.6))
            values = {"unit": unit, "threshold": threshold, "positive": [int(self.ids(unit)[0])]}
            conn.execute(CONCEPT, {**values, "direction": HalfVector(direction)})

    def ids(self, unit: str) -> np.ndarray:
        return self.world.tile_ids if unit == "tile" else self.blocks.ids

    def rows(self, unit: str) -> np.ndarray:
        """Return the row of each item's tile."""
        return np.arange(N_TILES) if unit == "tile" else self.blocks.tile_rows

    def keys(self, unit: str) -> np.ndarray:
        return self.world.vectors["mean"] if unit == "tile" else self.blocks.keys.astype(np.float64)

    def similarity(self, unit: str) -> np.ndarray:
        keys = self.keys(unit)
        unit_keys = keys / np.linalg.norm(keys, axis=1, keepdims=True)
        return np.asarray(unit_keys @ unit_keys[0])

    def threshold(self, unit: str) -> float:
        (threshold,) = self.conn.execute("SELECT threshold FROM terrakin.concepts WHERE name = %s", (unit,)).fetchone()  # type: ignore[misc]
        return float(threshold)


@pytest.fixture(scope="module")
def case(module_conn: psycopg.Connection[Any]) -> Case:
    return Case(module_conn)


def found(case: Case, unit: str, arguments: str = "") -> list[int]:
    rows = case.conn.execute(f"SELECT tile_id, block_id FROM api.find(%s{arguments})", (unit,))  # type: ignore[arg-type] # noqa: S608
    return [tile_id if block_id is None else block_id for tile_id, block_id in rows]


def assert_found(case: Case, unit: str, ids: list[int], passes: np.ndarray) -> None:
    """Check the answer, except for items so near to the threshold that half precision decides."""
    similarity = case.similarity(unit) - case.threshold(unit)
    near = set(case.ids(unit)[np.abs(similarity) < 1e-3].tolist())
    expected = set(case.ids(unit)[(similarity >= 0) & passes[case.rows(unit)]].tolist())
    assert len(ids) == len(set(ids))
    assert len(expected - near) > 0
    assert set(ids) - near == expected - near


@pytest.mark.parametrize(("unit", "name"), CASES)
def test_everything_above_the_threshold_that_passes_the_filter_is_found(case: Case, unit: str, name: str) -> None:
    world = case.world
    arguments, passes = {
        "all": ("", np.full(N_TILES, True)),
        "countries": (", countries => '{CA,CB}'", np.isin(world.country_codes, ["CA", "CB"])),
        "exclude_countries": (", exclude_countries => '{CB}'", world.country_codes != "CB"),
        "continents": (", continents => '{Europe}'", world.continents == "Europe"),
        "origin": (", origin => 'real'", ~world.is_synthetic),
        "valid_share": (", min_valid_share => 0.75", world.valid_share >= 0.75),
        "period": (", period => '[2024-06-01,2024-07-01)'", world.is_date_known),
        "exclude_cities": (", exclude_city_ids => '{1,2,3}'", ~np.isin(world.city_ids, [1, 2, 3])),
        "within": (f", within => {east_of(0)}", world.lon > 0),
    }[name]
    assert_found(case, unit, found(case, unit, arguments), passes)


def east_of(lon: float) -> str:
    ring = [[lon, -90], [180, -90], [180, 90], [lon, 90], [lon, -90]]
    return f"ST_SetSRID(ST_GeomFromGeoJSON('{json.dumps({'type': 'Polygon', 'coordinates': [ring]})}'), 4326)"


def test_blocks_have_a_position_and_share_of_their_own(case: Case) -> None:
    ids = set(found(case, "block"))
    east = set(case.blocks.ids[case.blocks.lon > 0].tolist())
    clear = set(case.blocks.ids[case.blocks.valid_share >= 0.75].tolist())
    assert set(found(case, "block", f", within => {east_of(0)}")) == ids & east
    assert set(found(case, "block", ", min_valid_share => 0.75")) == ids & clear


@pytest.mark.parametrize("unit", ["tile", "block"])
def test_ordered_and_max_per_city_rank_all(case: Case, unit: str) -> None:
    ids = found(case, unit)
    similarity = dict(zip(case.ids(unit).tolist(), case.similarity(unit), strict=True))
    city = dict(zip(case.ids(unit).tolist(), case.world.city_ids[case.rows(unit)].tolist(), strict=True))
    ordered = found(case, unit, ", ordered => true")
    assert sorted(ordered) == sorted(ids)
    falling = sorted((similarity[i] for i in ids), reverse=True)
    np.testing.assert_allclose([similarity[i] for i in ordered], falling, atol=1e-3)
    best = found(case, unit, ", max_per_city => 1")
    assert len(best) == len({city[i] for i in best}) == len({city[i] for i in ids})
    for item in best:
        assert similarity[item] == pytest.approx(max(similarity[i] for i in ids if city[i] == city[item]), abs=1e-3)


def test_a_higher_threshold_is_an_argument(case: Case) -> None:
    least = case.threshold("block") + 0.05
    ids = found(case, "block", f", min_similarity => {least}")
    expected = (case.similarity("block") >= least).sum()
    assert len(ids) == pytest.approx(expected, abs=3)
    assert len(found(case, "block", ", min_similarity => -1")) == len(found(case, "block"))


def test_rows_come_as_they_are_found(case: Case) -> None:
    """The planner merges the function into the statement: nothing is sorted, ranked or kept until all is known."""
    plan = "\n".join(row[0] for row in case.conn.execute("EXPLAIN (COSTS OFF) SELECT * FROM api.find('block')"))
    assert "Function Scan on find" not in plan
    assert "embedding_keys" in plan
    assert "Sort" not in plan
    assert "WindowAgg" not in plan


@pytest.mark.parametrize(
    ("arguments", "error"),
    [
        ("'x'", "P0002"), ("NULL", "P0002"), ("'block', countries => '{Germany}'", "22023"),
        ("'block', max_per_city => 0", "22023"), ("'block', origin => 'moon'", "22023"),
        ("'block', min_similarity => 2", "22023"),
    ],
)  # fmt: skip
def test_bad_arguments_are_refused(case: Case, arguments: str, error: str) -> None:
    with pytest.raises(psycopg.Error) as caught, case.conn.transaction():
        case.conn.execute(f"SELECT count(*) FROM api.find({arguments})")  # type: ignore[arg-type] # noqa: S608
    assert caught.value.sqlstate == error


def test_a_concept_of_keys_that_were_fitted_again_is_refused(case: Case) -> None:
    with case.conn.transaction(force_rollback=True):
        case.conn.execute("UPDATE terrakin.concepts SET set_id = -1 WHERE name = 'block'")
        with pytest.raises(psycopg.errors.ObjectNotInPrerequisiteState, match="made again"):
            found(case, "block")


@pytest.mark.parametrize("unit", ["tile", "block"])
def test_the_uncertain_ones_are_nearest_to_the_threshold_one_of_each_city(case: Case, unit: str) -> None:
    rows = case.conn.execute("SELECT * FROM api.uncertain(%s, 5)", (unit,)).fetchall()
    doubt = np.abs(case.similarity(unit) - case.threshold(unit))
    doubt[0] = np.inf  # the example
    city = case.world.city_ids[case.rows(unit)]
    expected = sorted(doubt[city == c].min() for c in np.unique(city))[:5]
    assert [row[0] for row in rows] == [1, 2, 3, 4, 5]
    assert len({row[3] for row in rows}) == 5
    np.testing.assert_allclose([abs(row[6] - case.threshold(unit)) for row in rows], expected, atol=1e-3)


def test_the_overview_counts_what_is_found_in_each_city(case: Case) -> None:
    rows = case.conn.execute(
        "SELECT city_id, n_found, n_compared FROM api.concept_overview WHERE concept = 'block' ORDER BY city_id"
    ).fetchall()
    ids = np.array(found(case, "block"))
    city = dict(zip(case.blocks.ids.tolist(), case.world.city_ids[case.blocks.tile_rows].tolist(), strict=True))
    assert {row[0] for row in rows} == set(city.values())
    assert {c: n for c, n, _ in rows} == {c: sum(city[i] == c for i in ids.tolist()) for c in set(city.values())}
    assert sum(row[2] for row in rows) == len(case.blocks.ids)
    query = "SELECT DISTINCT concept, average_precision, validation FROM api.concept_overview ORDER BY concept"
    assert case.conn.execute(query).fetchall() == [
        (name, None, "not validated: examples from one area") for name in ("block", "tile")
    ]
