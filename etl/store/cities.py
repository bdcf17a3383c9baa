"""Cities in ``terrakin.cities`` and ``terrakin.countries``, and the periods that are loaded for them."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import psycopg
import shapely

from etl.cities.city import City
from etl.errors import CityError, PeriodError
from etl.period import Period
from etl.store.date_range import date_range, period_of

Connection = psycopg.Connection[Any]

UPSERT_COUNTRY = """
    INSERT INTO terrakin.countries (code, name, continent)
    VALUES (%(country_code)s, %(country)s, %(continent)s)
    ON CONFLICT (code) DO UPDATE SET name = excluded.name, continent = excluded.continent
"""
UPSERT_CITY = """
    INSERT INTO terrakin.cities (city_id, name, country_code, population, location, extent, is_synthetic, other_names)
    VALUES (%(city_id)s, %(name)s, %(country_code)s, %(population)s,
        ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography, %(extent)s, %(is_synthetic)s, (
            SELECT coalesce(string_agg(DISTINCT internal.search_key(n.name), '|'), '')
            FROM string_to_table(%(other_names)s, '|') AS n(name)
        ))
    ON CONFLICT (city_id) DO UPDATE SET name = excluded.name, country_code = excluded.country_code,
        population = excluded.population, location = excluded.location, extent = excluded.extent,
        is_synthetic = excluded.is_synthetic,
        other_names = coalesce(nullif(excluded.other_names, ''), cities.other_names)
"""
READ_CITIES = """
    SELECT c.city_id, c.name, c.country_code, n.name, n.continent, c.population,
        ST_X(c.location::geometry), ST_Y(c.location::geometry), c.extent, c.is_synthetic
    FROM terrakin.cities AS c
    JOIN terrakin.countries AS n ON n.code = c.country_code
    ORDER BY c.city_id
"""
LOADED = """
    SELECT period, array_agg(city_id ORDER BY city_id)
    FROM terrakin.composites
    GROUP BY period
    ORDER BY period
"""
DIFFERENT_COUNTRY = """
    SELECT n.code, n.name, n.continent, c.name
    FROM terrakin.countries AS n
    JOIN terrakin.cities AS c ON c.country_code = n.code AND c.city_id <> ALL (%(city_ids)s)
    WHERE n.code = %(country_code)s AND (n.name, n.continent) <> (%(country)s, %(continent)s)
    LIMIT 1
"""
CLASHING_PERIOD = """
    SELECT c.name, m.period
    FROM terrakin.composites AS m
    JOIN terrakin.cities AS c ON c.city_id = m.city_id
    WHERE m.city_id = ANY (%(city_ids)s)
        AND m.period <> %(period)s
        AND date_trunc('month', lower(m.period)) = date_trunc('month', lower(%(period)s))
    ORDER BY c.city_id
    LIMIT 1
"""


def write_cities(conn: Connection, cities: Iterable[City]) -> None:
    """Insert or update cities and their countries, in one transaction.

    Raises:
        CityError: a country has another name or continent in the database, and other cities there.
    """
    rows = [vars(city) | {"extent": shapely.set_srid(city.extent, 4326)} for city in cities]
    city_ids = [row["city_id"] for row in rows]
    with conn.transaction(), conn.cursor() as cursor:
        for row in {row["country_code"]: row for row in rows}.values():
            _check_country(conn, row, city_ids)
        cursor.executemany(UPSERT_COUNTRY, rows)
        cursor.executemany(UPSERT_CITY, rows)


def _check_country(conn: Connection, row: Mapping[str, Any], city_ids: Sequence[int]) -> None:
    """Raise CityError if writing a city would change the country of a city that is not written."""
    stored = conn.execute(DIFFERENT_COUNTRY, {**row, "city_ids": city_ids}).fetchone()
    if stored is not None:
        code, country, continent, other = stored
        raise CityError(
            f"{row['name']} is in {row['country']}, {row['continent']}, but country {code} of {other} is {country}, "
            f"{continent} in the database; give {country}, {continent}, or write all cities of {code} at once"
        )


def read_stored_cities(conn: Connection) -> list[City]:
    """Return all cities of the database, by city_id."""
    return [City(*row) for row in conn.execute(READ_CITIES)]


def loaded_cities(conn: Connection) -> list[tuple[Period, list[int]]]:
    """Return the ids of the cities with composites of each period, oldest period first."""
    return [(period_of(days), ids) for days, ids in conn.execute(LOADED)]


def check_period(conn: Connection, city_ids: Sequence[int], period: Period) -> None:
    """Raise if a period's tiles would overwrite those of another: a tile_id contains only the first month.

    Raises:
        PeriodError: one of the cities has tiles of another period that begins in the same month.
    """
    clash = conn.execute(CLASHING_PERIOD, {"city_ids": list(city_ids), "period": date_range(period)}).fetchone()
    if clash:
        name, loaded = clash[0], period_of(clash[1])
        raise PeriodError(
            f"period {period.start}/{period.end} begins in the same month as {loaded.start}/{loaded.end}, which is "
            f"loaded for {name}, and would overwrite its tiles; use that period, or one that begins in another month"
        )
