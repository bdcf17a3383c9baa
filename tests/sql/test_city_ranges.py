"""internal.city_ranges: keys of excluded cities are passed over in the index of a list."""

from typing import Any

import psycopg
import pytest

from tests.builders import make_city

RANGES = """
    SELECT r.after_city_id, r.before_city_id
    FROM unnest(internal.city_ranges(%s)) WITH ORDINALITY AS r
    ORDER BY r.ordinality
"""
FIRST, LAST = -(2**63), 2**63 - 1


@pytest.fixture
def cities(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    """Three cities; in the order of the index 5 and 9 in Germany, then 7 in France."""
    for city_id, code in ((7, "FR"), (9, "DE"), (5, "DE")):
        make_city(conn, city_id, country_code=code)
    return conn


def test_ranges_end_at_the_excluded_cities_in_the_order_of_the_index(cities: psycopg.Connection[Any]) -> None:
    assert cities.execute(RANGES, ([7, 9, 5],)).fetchall() == [(FIRST, 5), (5, 9), (9, 7), (7, LAST)]


@pytest.mark.parametrize("excluded", [None, [], list(range(33))])
def test_without_excluded_cities_or_with_many_there_is_one_range(
    cities: psycopg.Connection[Any], excluded: list[int] | None
) -> None:
    assert cities.execute(RANGES, (excluded,)).fetchall() == [(None, None)]


def test_an_unknown_city_is_in_no_range(cities: psycopg.Connection[Any]) -> None:
    assert cities.execute(RANGES, ([100],)).fetchall() == [(FIRST, LAST)]
