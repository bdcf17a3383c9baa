"""Cities and their countries are written together or not at all."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import psycopg
import pytest

from db.connect import connect
from db.settings import Settings
from etl.cities.city import City
from etl.cities.extent import circle
from etl.errors import CityError
from etl.store.cities import read_stored_cities, write_cities

ISTANBUL = City(1, "Istanbul", "TR", "Türkiye", "Asia", 15_000_000, 28.9, 41.0, circle(28.9, 41.0, 5000), False)
ANKARA = replace(ISTANBUL, city_id=2, name="Ankara", lon=32.9, lat=39.9, extent=circle(32.9, 39.9, 5000))


@pytest.fixture
def etl(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect(database, "etl", autocommit=True) as conn:
        yield conn


@pytest.mark.parametrize("changes", [{"continent": "Europe"}, {"country": "Turkey"}])
def test_a_city_does_not_change_the_country_of_others(etl: psycopg.Connection[Any], changes: dict[str, str]) -> None:
    lisbon = replace(ISTANBUL, city_id=3, name="Lisbon", country_code="PT", country="Portugal", continent="Europe")
    write_cities(etl, [ISTANBUL])
    with pytest.raises(CityError, match=r"Ankara .*country TR of Istanbul is Türkiye, Asia"):
        write_cities(etl, [lisbon, replace(ANKARA, **changes)])  # type: ignore[arg-type]
    assert read_stored_cities(etl) == [ISTANBUL]


def test_a_country_is_corrected_with_all_of_its_cities(etl: psycopg.Connection[Any]) -> None:
    write_cities(etl, [ISTANBUL, ANKARA])
    corrected = [replace(city, country="Turkey", continent="Europe") for city in (ISTANBUL, ANKARA)]
    write_cities(etl, corrected)
    assert read_stored_cities(etl) == corrected


def test_other_names_are_stored_as_they_are_searched_for_and_kept(etl: psycopg.Connection[Any]) -> None:
    names = "SELECT other_names FROM terrakin.cities WHERE city_id = 1"
    found = "SELECT city FROM api.search_cities(%s)"
    write_cities(etl, [replace(ISTANBUL, other_names="Stambuł|İstanbul|Κωνσταντινούπολη")])
    assert etl.execute(names).fetchone() == ("istanbul|stambul|κωνσταντινουπολη",)
    assert etl.execute(found, ("Κωνσταντινούπολη",)).fetchall() == [("Istanbul",)]
    write_cities(etl, [ISTANBUL])  # a file without such names
    assert etl.execute(found, ("stambul",)).fetchall() == [("Istanbul",)]
