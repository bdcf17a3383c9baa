"""The second period of the synthetic towns: known blocks change, and the database finds them by real imagery stages."""

import csv
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from etl.demo.catalogue import SEED, build_catalogue
from etl.demo.changes import BLOCK_PX, KINDS, changed_blocks
from etl.demo.scenes import AUTUMN, SUMMER, town_ground
from etl.demo.towns import DEMO_TOWNS, TINY_TOWNS, Town
from tests.conftest import cloned_database
from tests.etl.conftest import InThisProcess, environment

CHANGES = """
    SELECT c.block_id FROM api.changes(%s, '[2024-06-01,2024-09-01)', '[2025-09-01,2025-11-01)', k => 1000) AS c
    ORDER BY c.{} LIMIT 10
"""
WANTED = "SELECT api.tile_id(%s, %s, %s, %s, '2025-09-01') << 6 | (%s * 7 + %s)"
TWO = tuple(town for town in DEMO_TOWNS if town.name in ("Lisbon", "Houston"))


@pytest.mark.parametrize("town", DEMO_TOWNS, ids=lambda town: town.name)
def test_at_most_a_twentieth_of_the_blocks_changes_and_none_twice(town: Town) -> None:
    blocks = changed_blocks(town, SEED)
    assert len(blocks) == len({(b.cell, b.row, b.col) for b in blocks}) == 24
    assert len(blocks) <= 0.05 * len(town.cells()) * 49
    assert {b.kind for b in blocks} == set(KINDS)
    assert blocks == changed_blocks(town, SEED)


def test_nothing_but_season_and_changed_blocks_differs() -> None:
    town = TINY_TOWNS[0]
    summer, autumn = (town_ground(town, SEED, season) for season in (SUMMER, AUTUMN))
    differs = summer.classes != autumn.classes
    assert 0 < differs.mean() < 0.05
    # A material keeps its variation within the town: what is no plant is only darker and hazier.
    is_roof = (summer.classes == 5) & (autumn.classes == 5)
    near, far = (autumn.reflectance[band][is_roof] - 0.8 * summer.reflectance[band][is_roof] for band in (0, 11))
    assert 100 < np.median(near) < 300
    assert abs(np.median(far)) < 60


def test_a_catalogue_of_the_later_season_lists_its_changes(tmp_path: Path) -> None:
    built = build_catalogue(tmp_path / "later", TINY_TOWNS[:1], season=AUTUMN)
    with built.changes.open() as handle:
        rows = list(csv.DictReader(handle))
    assert len(rows) == len(changed_blocks(TINY_TOWNS[0], SEED)) == 9
    assert len(list(built.catalogue.parent.rglob("SYNTHETIC_LISBON_2025*.json"))) == 2
    assert BLOCK_PX == 32


@pytest.fixture(scope="module")
def two_periods(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[psycopg.Connection[Any]]:
    """Two towns of 16 tiles, loaded in both periods."""
    home = tmp_path_factory.mktemp("two-periods")
    with cloned_database(server_home) as url:
        terrakin = InThisProcess(environment(home, url))
        for name, season, period in (("a", SUMMER, "2024-06-01/2024-08-31"), ("b", AUTUMN, "2025-09-01/2025-10-31")):
            demo = build_catalogue(home / name, TWO, season=season)
            answer = terrakin(
                "etl", "run", "--stac", str(demo.catalogue), "--cities", str(demo.cities), "--period", period,
                "--without-layout", "--workers", "1",
            )  # fmt: skip
            assert answer.returncode == 0, answer.stderr
        with psycopg.connect(url) as conn:
            yield conn


@pytest.mark.parametrize("town", TWO, ids=lambda town: town.name)
def test_the_first_places_are_changed_blocks(two_periods: psycopg.Connection[Any], town: Town) -> None:
    changed = set()
    for block in changed_blocks(town, SEED):
        cell = block.cell
        values = (cell.zone, cell.is_south, cell.row, cell.col, block.row, block.col)
        changed |= set(two_periods.execute(WANTED, values).fetchone() or ())
    hits = {}
    for order in ("rank", "similarity"):
        query: Any = CHANGES.format(order)
        hits[order] = sum(block_id in changed for (block_id,) in two_periods.execute(query, (-town.geonames_id,)))
    print(f"{town.name}: {hits['rank']} of the first 10 are changed blocks, by plain cosine {hits['similarity']}")
    assert hits["rank"] >= 8
