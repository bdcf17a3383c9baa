"""GeoNames' table: which cities are chosen, and urban areas as their extents."""

import dataclasses

import pytest
from shapely import MultiPolygon, box

from etl.cities.city import City
from etl.cities.geonames import Selection, other_names, pick, with_urban_areas
from etl.errors import CityError


def test_the_geonames_table_contains_the_worlds_large_cities(table: list[City]) -> None:
    assert len(table) > 5000
    assert min(city.population or 0 for city in table) >= 100_000
    tokyo = next(city for city in table if city.name == "Tokyo")
    assert (tokyo.country_code, tokyo.continent, tokyo.is_synthetic) == ("JP", "Asia", False)
    assert abs(tokyo.lon - 139.7) < 0.1
    assert abs(tokyo.lat - 35.7) < 0.1


def test_a_city_has_names_in_other_languages_and_no_codes() -> None:
    names = other_names(2267057).split("|")
    assert {"Lisboa", "Lissabon", "Лиссабон", "リスボン"} <= set(names)
    assert "Lisbon" not in names
    assert "LIS" not in names
    assert other_names(-1) == ""


def test_the_five_largest_cities_of_each_country_are_chosen(table: list[City]) -> None:
    chosen = pick(table, Selection())
    assert len(chosen) > 200
    for code in ("FR", "CN", "QA"):
        largest = sorted((c.population or 0 for c in chosen if c.country_code == code), reverse=True)
        whole_country = sorted((c.population or 0 for c in table if c.country_code == code), reverse=True)
        assert largest == whole_country[:5]


def test_few_countries_contribute_more_cities_each(table: list[City]) -> None:
    chosen = pick(table, Selection(per_country=5, at_least=200, countries=("FR", "JP")))
    assert len(chosen) == 200
    of_france = sum(city.country_code == "FR" for city in chosen)
    n_in_france = sum(city.country_code == "FR" for city in table)
    assert of_france == min(n_in_france, 100)


@pytest.mark.parametrize(
    ("selection", "hint"),
    [
        (Selection(continents=("Atlantis",)), "Atlantis; .*Africa"),
        (Selection(countries=("XX",)), "country XX"),
        (Selection(min_population=99_000_000), "min_population=99000000"),
    ],
)
def test_a_selection_without_cities_is_refused(table: list[City], selection: Selection, hint: str) -> None:
    with pytest.raises(CityError, match=hint):
        pick(table, selection)


def test_namibia_is_a_country(table: list[City]) -> None:
    assert {city.country for city in table if city.country_code == "NA"} == {"Namibia"}


def test_the_smallest_urban_area_around_the_centre_is_the_extent(table: list[City]) -> None:
    khartoum = next(city for city in table if city.name == "Khartoum")
    near, far = (dataclasses.replace(khartoum, lon=lon, lat=15.6) for lon in (32.55, 32.7))
    around, larger = (MultiPolygon([box(*area)]) for area in ((32.5, 15.5, 32.6, 15.7), (32, 15, 33, 16)))
    outside = dataclasses.replace(khartoum, lon=40.0)
    smallest, only, unchanged = with_urban_areas([near, far, outside], [larger, around])
    assert smallest.extent.equals(around)
    assert only.extent.equals(larger)
    assert unchanged == outside
