"""``api.search_cities``: cities by typed text, and ``api.country_overview``."""

from pathlib import Path
from typing import Any

import psycopg
import pytest

from db import cluster
from db.errors import ConnectError
from db.install.migrate import migrate
from db.settings import Settings
from tests.builders import make_city, make_tile

CITIES = {
    1: ("São Paulo", "BR", "South America", 10_000_000),
    2: ("Tromsø", "NO", "Europe", 70_000),
    3: ("San José", "CR", "North America", 300_000),
    4: ("San Jose", "US", "North America", 1_000_000),
    5: ("West San Jose", "US", "North America", 5_000),
    6: ("Xi'an", "CN", "Asia", 12_000_000),
    7: ("Łódź", "PL", "Europe", 700_000),
    8: ("Mosanjo", "CG", "Africa", 20_000),
    9: ("Brazil Town", "US", "North America", 9),
}


@pytest.fixture
def cities(conn: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    for city_id, (name, code, continent, population) in CITIES.items():
        make_city(conn, city_id, name=name, country_code=code, continent=continent)
        conn.execute("UPDATE terrakin.cities SET population = %s WHERE city_id = %s", (population, city_id))
        make_tile(conn, city_id, city_id=city_id)
    conn.execute("UPDATE terrakin.countries SET name = 'Brazil' WHERE code = 'BR'")
    conn.execute("UPDATE terrakin.cities SET other_names = 'sampa|сан паулу|san paolo' WHERE city_id = 1")
    return conn


def found(conn: psycopg.Connection[Any], *arguments: Any) -> list[int]:
    marks = ", ".join(["%s"] * len(arguments))
    rows = conn.execute(f"SELECT city_id FROM api.search_cities({marks})", arguments)  # type: ignore[arg-type] # noqa: S608
    return [city_id for (city_id,) in rows.fetchall()]


@pytest.mark.parametrize(
    ("typed", "city_ids"),
    [
        ("sao paulo", [1]),
        ("SÃO", [1]),
        ("tromso", [2]),
        ("Łodz", [7]),
        ("lodz", [7]),
        ("xian", [6]),
        ("XI’AN", [6]),
        ("san jose", [4, 3, 5]),
        ("san-jo", [4, 3, 5]),
        ("sanj", [8]),
        ("Sampa", [1]),
        ("Сан-Паулу", [1]),
        ("san p", [1]),
        ("paolo", []),
        ("|", []),
        ("brazil", [9, 1]),
        ("br", [9, 1]),
        ("%", []),
        ("_", []),
        ("'; DROP TABLE terrakin.cities; --", []),
        ("nowhere", []),
        ("São Paulo, Brazil", [1]),
        ("brazil, sao", [1]),
        ("Paulo, Norway", []),
    ],
)
def test_accents_and_case_do_not_matter(cities: psycopg.Connection[Any], typed: str, city_ids: list[int]) -> None:
    assert found(cities, typed) == city_ids


def test_an_empty_text_finds_all_cities_by_name_in_pages(cities: psycopg.Connection[Any]) -> None:
    everything = found(cities)
    assert everything == found(cities, None) == found(cities, "  ")
    assert [CITIES[c][0] for c in everything] == sorted((c[0] for c in CITIES.values()), key=str)
    assert found(cities, "", 4, 0) + found(cities, "", 4, 4) + found(cities, "", 4, 8) == everything
    assert cities.execute("SELECT DISTINCT n_found FROM api.search_cities('san jose', 1, 1)").fetchall() == [(3,)]


def test_cities_without_tiles_come_last(cities: psycopg.Connection[Any]) -> None:
    cities.execute("DELETE FROM terrakin.tiles WHERE city_id = 4")
    assert found(cities, "san jose") == [3, 5, 4]


def test_one_city_is_found_by_its_id(cities: psycopg.Connection[Any]) -> None:
    assert found(cities, "", 50, 0, 5) == [5]
    assert found(cities, "", 50, 0, 99) == []


def test_the_bounds_of_a_city_across_the_antimeridian_reach_beyond_180(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    conn.execute(
        """
        UPDATE terrakin.cities
        SET extent = ST_Collect(
            ST_MakeEnvelope(179.9, -17, 180, -16, 4326), ST_MakeEnvelope(-180, -17, -179.8, -16, 4326)
        )
        """
    )
    (bounds,) = conn.execute("SELECT bounds FROM api.search_cities()").fetchone() or ([],)
    assert bounds == pytest.approx([179.9, -17, 180.2, -16])


@pytest.mark.parametrize("arguments", [("", -1, 0), ("", 1, -1), ("", None, 0)])
def test_an_invalid_page_is_refused(conn: psycopg.Connection[Any], arguments: tuple[Any, ...]) -> None:
    with pytest.raises(psycopg.errors.InvalidParameterValue, match="max_rows is"):
        found(conn, *arguments)


def test_the_country_overview_counts_cities_with_tiles(cities: psycopg.Connection[Any]) -> None:
    make_city(cities, 10, country_code="US", continent="North America")
    rows = dict(cities.execute("SELECT country_code, ARRAY[n_cities, n_tiles] FROM api.country_overview").fetchall())
    assert rows == {"US": [3, 3]} | {code: [1, 1] for code in ("BR", "NO", "CR", "CN", "PL", "CG")}


@pytest.mark.parametrize("locale", ["C", "C.UTF-8"])
def test_names_are_found_in_a_database_of_any_locale(server_home: Path, locale: str, tmp_path: Path) -> None:
    address = cluster.running(server_home)
    assert address is not None
    name = f"locale_{locale.replace('.', '_').replace('-', '_').lower()}"
    create = f"CREATE DATABASE {name} TEMPLATE template0 ENCODING 'UTF8' LC_COLLATE '{locale}' LC_CTYPE '{locale}'"
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as server:
        server.execute(create)  # type: ignore[call-overload]
        try:
            settings = Settings(tmp_path, database_url=address.url(database=name))
            migrate(settings)
            with psycopg.connect(address.url(database=name)) as conn:
                for city_id, city in enumerate(("Łódź", "Ørsta", "東京", "Москва", "Đồng Xoài"), start=1):
                    make_city(conn, city_id, name=city)
                for city_id, typed in enumerate(("lodz", "orsta", "東京", "МОСКВА", "dong xoai"), start=1):
                    assert found(conn, typed) == [city_id], typed
        finally:
            server.execute(f"DROP DATABASE {name} WITH (FORCE)")  # type: ignore[call-overload]


def test_another_encoding_is_refused(server_home: Path, tmp_path: Path) -> None:
    address = cluster.running(server_home)
    assert address is not None
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as server:
        server.execute("CREATE DATABASE ascii TEMPLATE template0 ENCODING 'SQL_ASCII' LC_COLLATE 'C' LC_CTYPE 'C'")
        try:
            with pytest.raises(ConnectError, match=r"encoding SQL_ASCII.*UTF8"):
                migrate(Settings(tmp_path, database_url=address.url(database="ascii")))
        finally:
            server.execute("DROP DATABASE ascii WITH (FORCE)")
