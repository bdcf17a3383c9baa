"""Cities by their period and by their name."""

from dataclasses import replace

import pytest

from etl.cities.city import City, by_period, select_cities
from etl.cities.extent import circle
from etl.errors import CityError, PeriodError
from etl.period import Period

SEVEN = City(7, "Seven", "XX", "Nowhere", "Africa", None, 0.5, 0.5, circle(0.5, 0.5, 1000), False)
EIGHT = replace(SEVEN, city_id=8, name="Eight")
NINE = replace(SEVEN, city_id=9, name="Nine")


def test_a_period_of_a_city_goes_before_the_default() -> None:
    august, default = Period.parse("2022-08-01/2022-08-31"), Period.parse("2024-06-01/2024-08-31")
    groups = by_period([SEVEN, replace(EIGHT, period=august), NINE], default)
    assert {period: [city.city_id for city in some] for period, some in groups.items()} == {
        august: [8],
        default: [7, 9],
    }
    assert list(groups) == sorted(groups, key=lambda period: period.start)


def test_a_city_without_a_period_needs_a_default() -> None:
    with pytest.raises(PeriodError, match=r"Seven \(7\).*--period"):
        by_period([SEVEN], None)


def test_cities_are_selected_by_name_ignoring_case_or_by_id() -> None:
    cities = [SEVEN, EIGHT]
    assert select_cities(cities, ["eight"]) == [EIGHT]
    assert select_cities(cities, ["7"]) == [SEVEN]
    assert select_cities(cities, []) == cities
    with pytest.raises(CityError, match=r"'Eigth'; .*'Eight'"):
        select_cities(cities, ["Eigth"])
