"""The estimate of a run's size."""

import pytest

from etl.cities.city import City
from etl.cities.estimate import Speeds, make_plan
from etl.cities.geonames import Selection, pick
from etl.cities.grid import assign_cells


def test_a_plan_adds_up(table: list[City]) -> None:
    chosen = pick(table, Selection(per_country=1, at_least=1, continents=("Oceania",)))
    plan = make_plan(chosen, Speeds(download_mbit_s=100, embed_tiles_s=5))
    assert plan.n_tiles == sum(len(cells) for cells in assign_cells(chosen).values())
    assert plan.disk_gb == pytest.approx(plan.n_tiles * 1.505e6 / 1e9, rel=0.01)
    assert plan.hours == pytest.approx(plan.download_gb * 8000 / 100 / 3600 + plan.n_tiles / 5 / 3600)
