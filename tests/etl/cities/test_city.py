"""City files: what is read, and what is refused."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from shapely import Point

from etl.cities.city import by_period, read_cities, select_cities
from etl.errors import CityError, PeriodError
from etl.period import Period

SQUARE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
BOW_TIE = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
WIDE = {"type": "Polygon", "coordinates": [[[0, 0], [3.5, 0], [3.5, 1], [0, 1], [0, 0]]]}
FAR = {"type": "Polygon", "coordinates": [[[500000, 0], [500001, 0], [500001, 1], [500000, 0]]]}


def feature(geometry: Any = SQUARE, **changes: Any) -> dict[str, Any]:
    properties = {
        "city_id": 7, "name": "Seven", "country_code": "XX", "country": "Nowhere", "continent": "Africa",
        "population": None, "lon": 0.5, "lat": 0.5,
    }  # fmt: skip
    return {"type": "Feature", "geometry": geometry, "properties": properties | changes}


def write(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}))
    return path


def test_a_city_is_read_as_written(tmp_path: Path) -> None:
    (city,) = read_cities(write(tmp_path / "c.geojson", feature(population=5000)))
    assert (city.city_id, city.name, city.population, city.lon, city.is_synthetic) == (7, "Seven", 5000, 0.5, False)
    assert city.extent.geom_type == "MultiPolygon"
    assert city.extent.area == 1


def test_a_city_without_a_centre_gets_a_point_in_its_polygon(tmp_path: Path) -> None:
    without = feature()
    del without["properties"]["lon"], without["properties"]["lat"]
    (city,) = read_cities(write(tmp_path / "c.geojson", without))
    assert city.extent.contains(Point(city.lon, city.lat))


def test_a_period_of_a_city_goes_before_the_default(tmp_path: Path) -> None:
    august, default = "2022-08-01/2022-08-31", Period(date(2024, 6, 1), date(2024, 8, 31))
    path = write(tmp_path / "c.geojson", feature(), feature(city_id=8, period=august), feature(city_id=9, period=""))
    groups = by_period(read_cities(path), default)
    assert {period: [city.city_id for city in some] for period, some in groups.items()} == {
        Period.parse(august): [8],
        default: [7, 9],
    }
    assert list(groups) == sorted(groups, key=lambda period: period.start)


def test_a_city_without_a_period_needs_a_default(tmp_path: Path) -> None:
    cities = read_cities(write(tmp_path / "c.geojson", feature()))
    with pytest.raises(PeriodError, match=r"Seven \(7\).*--period"):
        by_period(cities, None)


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        (feature(city_id=None), "'city_id' is None"),
        (feature(name=""), "'name' is ''"),
        (feature(city_id=True), "'city_id' is True"),
        (feature(continent="Atlantis"), "'Atlantis' .* Africa"),
        (feature(country_code="de"), "'de' .*ISO 3166-1"),
        (feature(period="2022-08"), "'2022-08' is not of the form"),
        (feature(lat=89), r"\(0\.5, 89\.0\)"),
        (feature(lat=None), "'lat' is None"),
        (feature(BOW_TIE), "invalid .*Self-intersection"),
        (feature(FAR), "EPSG:4326"),
        (feature(WIDE), r"3\d\d km .*\(0\.5, 0\.5\).* 200 km"),
        (feature(lon=40.0), r"\d km .*\(40\.0, 0\.5\)"),
        (feature({"type": "Point", "coordinates": [0, 0]}), "Point"),
        (feature(None), "geometry"),
        ("nothing", "properties"),
    ],
)
def test_an_invalid_feature_is_refused_with_its_file_and_number(tmp_path: Path, changed: Any, hint: str) -> None:
    path = write(tmp_path / "c.geojson", feature(city_id=1), changed)
    with pytest.raises(CityError, match=hint) as raised:
        read_cities(path)
    assert f"{path}, feature 1" in str(raised.value)


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("no json", "JSON"),
        ('{"type": "Feature"}', "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "no cities"),
        ('{"type": "FeatureCollection", "features": [{"properties": {"city_id": "x"}}]}', "'x'"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str, hint: str) -> None:
    path = tmp_path / "c.geojson"
    path.write_text(text)
    with pytest.raises(CityError, match=rf"c\.geojson.*{hint}"):
        read_cities(path)


def test_a_duplicate_id_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityError, match=r"city_id 7 .*twice"):
        read_cities(write(tmp_path / "c.geojson", feature(), feature()))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityError, match=r"none\.geojson: No such file"):
        read_cities(tmp_path / "none.geojson")


def test_cities_are_selected_by_name_ignoring_case_or_by_id(tmp_path: Path) -> None:
    cities = read_cities(write(tmp_path / "c.geojson", feature(), feature(city_id=8, name="Eight")))
    assert [c.city_id for c in select_cities(cities, ["eight"])] == [8]
    assert [c.city_id for c in select_cities(cities, ["7"])] == [7]
    assert select_cities(cities, []) == cities
    with pytest.raises(CityError, match=r"'Eigth'; .*'Eight'"):
        select_cities(cities, ["Eigth"])
