"""The towns of the demo."""

from etl.cities.grid import assign_cells
from etl.demo.towns import DEMO_TOWNS, FORMS


def test_the_demo_has_many_towns_tiles_continents_and_all_forms() -> None:
    assert len(DEMO_TOWNS) >= 8
    assert sum(len(town.cells()) for town in DEMO_TOWNS) >= 150
    assert len({town.continent for town in DEMO_TOWNS}) >= 4
    assert {form for town in DEMO_TOWNS for form in town.cells().values()} == set(FORMS)


def test_a_town_consists_of_its_planned_tiles() -> None:
    cities = [town.city() for town in DEMO_TOWNS]
    assigned = assign_cells(cities)
    for town, city in zip(DEMO_TOWNS, cities, strict=True):
        assert set(assigned[city.city_id]) == set(town.cells())
