"""``terrakin etl place`` over the tiny demo, and what it takes a position for."""

from typing import Any, LiteralString

import psycopg
import pytest
import shapely

from db.settings import Settings
from etl.cities.city import City
from etl.cities.extent import circle
from etl.cities.place import make_place
from etl.demo.catalogue import DemoCatalogue
from etl.demo.towns import TINY_TOWNS
from etl.errors import CityError
from tests.etl.conftest import PERIOD, InThisProcess, environment, make_command_line

TOWN = TINY_TOWNS[2]
REMOVE = (
    "DELETE FROM terrakin.tiles WHERE city_id = %s",
    "DELETE FROM terrakin.composites WHERE city_id = %s",
    "DELETE FROM terrakin.etl_tasks WHERE city_id = %s",
    "DELETE FROM terrakin.cities WHERE city_id = %s",
)
TILES = """
    SELECT t.tile_id, t.umap_x IS NOT NULL, c.name FROM terrakin.tiles AS t JOIN terrakin.cities AS c USING (city_id)
    ORDER BY t.tile_id
"""


def command(demo: DemoCatalogue, *arguments: object) -> list[str]:
    return [
        "etl", "place", *map(str, arguments), "--stac", str(demo.catalogue), "--period", PERIOD, "--encoder", "mosaiks",
        "--workers", "1",
    ]  # fmt: skip


def rows(run: Settings, query: LiteralString, *parameters: object) -> list[Any]:
    with psycopg.connect(str(run.database_url)) as conn:
        return conn.execute(query, parameters).fetchall()


def test_a_place_is_loaded_laid_out_and_searchable(copied: Settings, tiny_demo: DemoCatalogue) -> None:
    with psycopg.connect(str(copied.database_url)) as conn:
        for statement in REMOVE:
            conn.execute(statement, (-TOWN.geonames_id,))
    arguments = (TOWN.lon, TOWN.lat, "--name", "Docks (synthetic)", "--radius-km", 2.5, "--synthetic", "--watch")
    first = make_command_line(copied.home, copied.database_url)(*command(tiny_demo, *arguments))
    assert first.returncode == 0, first.stderr
    assert "Docks (synthetic) is in Australia (AU, Oceania)" in first.stderr
    searchable, *matches = first.stdout.splitlines()
    assert f"api.similar_at({TOWN.lon}, {TOWN.lat})" in searchable
    loaded = rows(copied, TILES)
    assert [is_laid_out for _, is_laid_out, _ in loaded] == [True] * len(loaded)
    assert [name for _, _, name in loaded].count("Docks (synthetic)") == 4
    found = rows(copied, "SELECT city FROM api.similar_at(%s, %s, origin => 'any')", TOWN.lon, TOWN.lat)
    assert len(found) == 8
    query = "SELECT city FROM api.similar_at(%s, %s, k => 3, max_per_city => 1) ORDER BY rank"
    cities = [city for (city,) in rows(copied, query, TOWN.lon, TOWN.lat)]
    assert cities
    assert [line.partition(". ")[2].partition(",")[0] for line in matches] == cities


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((TOWN.lon, TOWN.lat, "--name", "Docks"), "Melbourne (synthetic) covers lon 144.9633, lat -37.814 already"),
        ((-140.0, -30.0, "--name", "Sea"), "give the country with --country-code"),
        (
            (-140.0, -30.0, "--name", "Sea", "--country-code", "XX"),
            "country code 'XX' is that of no country with cities",
        ),
    ],
)
def test_a_place_that_cannot_be_loaded_is_one_line_and_writes_nothing(
    copied: Settings, tiny_demo: DemoCatalogue, arguments: tuple[object, ...], words: str
) -> None:
    before = rows(copied, "SELECT city_id FROM terrakin.cities ORDER BY 1")
    answer = InThisProcess(environment(copied.home, copied.database_url))(*command(tiny_demo, *arguments))
    assert answer.returncode == 1
    assert words in answer.stderr.splitlines()[-1]
    assert rows(copied, "SELECT city_id FROM terrakin.cities ORDER BY 1") == before


def city(lon: float, lat: float, radius_m: float) -> City:
    return City(7, "Port", "PT", "Portugal", "Europe", 1, lon, lat, circle(lon, lat, radius_m), is_synthetic=False)


def test_a_place_has_the_country_of_the_nearest_city_and_the_same_id_again() -> None:
    place = make_place(-9.2, 38.7, "Belém", 3000, [])
    assert (place.country_code, place.continent, place.population) == ("PT", "Europe", None)
    assert place.city_id == make_place(-9.2, 38.7, "Other", 5000, []).city_id
    assert place.city_id != make_place(-9.2001, 38.7, "Other", 5000, []).city_id
    assert -(2**53) < place.city_id < -(10**10)
    assert make_place(-9.2, 38.7, "Belém", 3000, [], country_code="ES").country == "Spain"


def test_a_place_leaves_what_other_cities_cover_to_them() -> None:
    other = city(-9.2, 38.7, 3000)
    place = make_place(-9.15, 38.7, "East", 4000, [other])
    assert place.extent.intersection(other.extent).area < 1e-9
    assert 0.2 < place.extent.area / circle(-9.15, 38.7, 4000).area < 0.9
    with pytest.raises(CityError, match="Port covers"):
        make_place(-9.2, 38.7, "Same", 4000, [other])
    # A place that is loaded again is not covered by itself.
    stored = make_place(-9.0, 38.7, "Again", 3000, [])
    again = make_place(-9.0, 38.7, "Again", 3000, [stored])
    assert shapely.equals(again.extent, stored.extent)
