"""Cities from GeoNames' table and from CSV files: which are chosen, their extents, and what is refused."""

from pathlib import Path

import numpy as np
import pytest
import shapely
from pyproj import Geod

from etl.cities.city import City, read_areas
from etl.cities.grid import assign_cells
from etl.cities.table import Selection, circle, pick, radius_m, read_city_table, with_urban_areas
from etl.errors import CityError
from etl.period import Period

HEAD = "city_id,name,country_code,country,continent,population,lon,lat"
KHARTOUM = "379252,Khartoum,SD,Sudan,Africa,1974647,32.53241,15.55177"
OMDURMAN = "365137,Omdurman,SD,Sudan,Africa,1200000,32.48000,15.64453"
SUVA = "2198148,Suva,FJ,Fiji,Oceania,77366,178.44149,-18.14161"
ANADYR = "2127202,Anadyr,RU,Russia,Europe,10332,177.51667,64.73333"


def read(tmp_path: Path, *lines: str) -> list[City]:
    file = tmp_path / "cities.csv"
    file.write_text("\n".join(lines) + "\n")
    return read_city_table(file)


def test_the_geonames_table_contains_the_worlds_large_cities(table: list[City]) -> None:
    assert len(table) > 5000
    assert min(city.population or 0 for city in table) >= 100_000
    tokyo = next(city for city in table if city.name == "Tokyo")
    assert (tokyo.country_code, tokyo.continent, tokyo.is_synthetic) == ("JP", "Asia", False)
    assert abs(tokyo.lon - 139.7) < 0.1
    assert abs(tokyo.lat - 35.7) < 0.1


def test_the_five_largest_cities_of_each_country_are_chosen(table: list[City]) -> None:
    chosen = pick(table, Selection())
    assert len(chosen) > 200
    for code in ("FR", "CN", "QA"):
        largest = sorted((c.population or 0 for c in chosen if c.country_code == code), reverse=True)
        whole_country = sorted((c.population or 0 for c in table if c.country_code == code), reverse=True)
        assert largest == whole_country[:5]


def test_a_period_is_read_from_its_column(tmp_path: Path) -> None:
    with_period, without = read(tmp_path, f"{HEAD},period", f"{KHARTOUM},2022-08-01/2022-08-31", f"{SUVA},")
    assert with_period.period == Period.parse("2022-08-01/2022-08-31")
    assert without.period is None


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


@pytest.mark.parametrize(("lon", "lat"), [(0.0, 0.0), (-70.0, 60.0), (179.99, -17.0), (-180.0, 70.0), (25.0, 84.0)])
def test_a_circle_has_the_area_of_its_radius_everywhere(lon: float, lat: float) -> None:
    area = circle(lon, lat, 10_000)
    assert area.is_valid
    assert area.bounds[0] >= -180
    assert area.bounds[2] <= 180
    enclosed, _ = Geod(ellps="WGS84").geometry_area_perimeter(area)
    assert abs(enclosed) == pytest.approx(np.pi * 10_000**2, rel=0.01)


def test_the_radius_grows_with_population_and_has_a_default() -> None:
    assert radius_m(100_000) == radius_m(None) == pytest.approx(5046, abs=1)
    assert radius_m(10_000_000) / radius_m(100_000) == pytest.approx(100 ** (0.65 / 2))


@pytest.mark.parametrize(
    "line", [SUVA, ANADYR, "1,Date Line,FJ,Fiji,Oceania,,179.995,-16.5", "2,West,US,USA,Oceania,,-179.99,52"]
)
def test_cities_at_the_antimeridian_have_as_many_tiles_as_their_area(tmp_path: Path, line: str) -> None:
    (city,) = read(tmp_path, HEAD + ",radius_m", line + ",20000")
    (cells,) = assign_cells([city]).values()
    assert len(cells) == pytest.approx(np.pi * 20**2 / 2.24**2, rel=0.05)
    assert len(set(cells)) == len(cells)


def test_adjacent_cities_share_no_tile(tmp_path: Path) -> None:
    cities = read(tmp_path, HEAD, KHARTOUM, OMDURMAN)
    cells = assign_cells(cities)
    assert not set(cells[379252]) & set(cells[365137])
    alone = {city.city_id: len(assign_cells([city])[city.city_id]) for city in cities}
    assert all(0 < len(cells[city_id]) < alone[city_id] for city_id in alone)


def test_an_extent_comes_from_wkt_else_radius_else_population(tmp_path: Path) -> None:
    square = "POLYGON((32 15, 33 15, 33 16, 32 16, 32 15))"
    lines = [KHARTOUM + f',1000,"{square}"', OMDURMAN + ",1000,", SUVA + ",,"]
    by_wkt, by_radius, by_population = read(tmp_path, HEAD + ",radius_m,wkt", *lines)
    assert by_wkt.extent.bounds == (32, 15, 33, 16)
    assert by_radius.extent.equals(circle(32.48, 15.64453, 1000))
    assert by_population.extent.equals(circle(178.44149, -18.14161, radius_m(77366)))


def test_the_smallest_urban_area_around_the_centre_is_the_extent(tmp_path: Path) -> None:
    around = shapely.box(32.5, 15.5, 32.6, 15.6)
    larger = shapely.box(32, 15, 33, 16)
    khartoum, omdurman = with_urban_areas(read(tmp_path, HEAD, KHARTOUM, OMDURMAN), [larger, around])
    assert khartoum.extent.equals(around)
    assert omdurman.extent.equals(larger)
    (suva,) = read(tmp_path, HEAD, SUVA)
    assert with_urban_areas([suva], [larger]) == [suva]


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        (["city_id,name", "1,A"], "country_code, country, continent, lon, lat"),
        ([HEAD], "has no cities"),
        ([HEAD, KHARTOUM, KHARTOUM], "379252 .*twice"),
        ([HEAD, "x" + KHARTOUM], "line 2: city_id .*'x379252'"),
        ([HEAD, KHARTOUM.replace("Africa", "Gondwana")], "Gondwana"),
        ([HEAD, KHARTOUM.replace("15.55177", "95")], "outside lon"),
        ([HEAD, KHARTOUM.replace("15.55177", "")], "'lat' is None"),
        ([HEAD + ",radius_m", KHARTOUM + ",-5"], "radius_m is -5"),
        ([HEAD + ",wkt", KHARTOUM + ",POLYGON(("], "line 2: wkt"),
        ([HEAD + ",wkt", KHARTOUM + ",POINT(1 2)"], "Point"),
    ],
)
def test_an_invalid_table_is_refused_with_line_and_value(tmp_path: Path, lines: list[str], hint: str) -> None:
    with pytest.raises(CityError, match=hint.replace("(", r"\(")):
        read(tmp_path, *lines)


def test_an_urban_area_must_be_a_polygon(tmp_path: Path) -> None:
    file = tmp_path / "areas.json"
    file.write_text(
        '{"type": "FeatureCollection", "features": [{"geometry": {"type": "Point", "coordinates": [1, 2]}}]}'
    )
    with pytest.raises(CityError, match=r"feature 0 .*Point"):
        read_areas(file)
