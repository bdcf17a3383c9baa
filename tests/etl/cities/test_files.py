"""City files in every format: what is read, and what is refused with the file, the feature, the field and the value."""

import json
from pathlib import Path
from typing import Any

import geopandas as gpd
import pandas as pd
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from shapely import Point

from etl.cities.city import City
from etl.cities.extent import circle, radius_m
from etl.cities.files import read_areas, read_cities
from etl.errors import CityError
from etl.period import Period

SQUARE: dict[str, Any] = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1], [0, 0]]]}
WIDE = {"type": "Polygon", "coordinates": [[[0, 0], [3.5, 0], [3.5, 1], [0, 1], [0, 0]]]}
FAR = {"type": "Polygon", "coordinates": [[[500000, 0], [500001, 0], [500001, 1], [500000, 0]]]}
UNCLOSED = {"type": "Polygon", "coordinates": [[[0, 0], [1, 0], [1, 1], [0, 1]]]}
HOLE = "POLYGON((0 0, 1 0, 1 1, 0 1, 0 0), (0.4 0.4, 0.6 0.4, 0.6 0.6, 0.4 0.4))"
SEVEN: dict[str, Any] = {
    "city_id": 7, "name": "Évora 東京", "country_code": "PT", "country": "Portugal", "continent": "Europe",
    "population": 5000, "lon": 0.5, "lat": 0.25, "period": "2022-08-01/2022-08-31", "is_synthetic": True,
    "other_names": "Ebora|Evora",
}  # fmt: skip
EIGHT: dict[str, Any] = SEVEN | {
    "city_id": -8, "name": "Eight", "population": None, "period": None, "is_synthetic": None,
    "other_names": None,
}  # fmt: skip
HEAD = "city_id,name,country_code,country,continent,population,lon,lat"
OMDURMAN = "365137,Omdurman,SD,Sudan,Africa,1200000,32.48,15.64453"
KHARTOUM = "379252,Khartoum,SD,Sudan,Africa,1974647,32.53241,15.55177"
SUVA = "2198148,Suva,FJ,Fiji,Oceania,,178.44149,-18.14161"
FORMATS = {"geojson", "gpkg", "shp", "fgb", "kml", "parquet"}


def feature(geometry: Any = SQUARE, **changes: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": geometry, "properties": SEVEN | changes}


def geojson(path: Path, *features: Any) -> Path:
    path.write_text(json.dumps({"type": "FeatureCollection", "features": list(features)}), encoding="utf-8")
    return path


def table(path: Path, *lines: str) -> Path:
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return path


def frame(*extents: str, crs: str | None = "EPSG:4326") -> gpd.GeoDataFrame:
    geometry = gpd.GeoSeries.from_wkt(list(extents), crs="EPSG:4326")
    cities = gpd.GeoDataFrame([SEVEN, EIGHT][: len(extents)], geometry=geometry)
    return cities.to_crs(crs) if crs else cities.set_crs(None, allow_override=True)


def write(cities: gpd.GeoDataFrame, path: Path) -> Path:
    if path.suffix == ".parquet":
        cities.to_parquet(path)
    else:
        cities.to_file(path)
    return path


def check(cities: list[City]) -> None:
    """Assert that the cities are those of ``frame``."""
    seven, eight = cities
    assert (seven.city_id, seven.name, seven.country_code) == (7, SEVEN["name"], "PT")
    assert (seven.population, seven.lon, seven.lat, seven.is_synthetic) == (5000, 0.5, 0.25, True)
    assert seven.period == Period.parse(SEVEN["period"])
    assert (seven.other_names, eight.other_names) == ("Ebora|Evora", "")
    assert (eight.city_id, eight.population, eight.period, eight.is_synthetic) == (-8, None, None, False)
    assert seven.extent.geom_type == "MultiPolygon"
    assert seven.extent.area == pytest.approx(0.98, rel=1e-3)


@pytest.mark.filterwarnings("ignore:Column names longer than 10")
@pytest.mark.filterwarnings("ignore:Normalized/laundered field name")
@pytest.mark.parametrize("suffix", sorted(FORMATS))
@pytest.mark.parametrize("crs", ["EPSG:4326", "EPSG:32631", "EPSG:4258"])
def test_a_city_is_the_same_in_every_format_and_reference_system(
    tmp_path: Path, suffix: str, crs: str, caplog: pytest.LogCaptureFixture
) -> None:
    if suffix in ("kml",) and crs != "EPSG:4326":
        pytest.skip("KML is always in EPSG:4326")
    check(read_cities(write(frame(HOLE, HOLE, crs=crs), tmp_path / f"cities.{suffix}")))
    assert ("event=reprojected" in caplog.text) is (crs != "EPSG:4326")


@pytest.mark.parametrize("separator", [",", ";", "\t"])
@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig"])
@pytest.mark.parametrize("end", ["\n", "\r\n"])
def test_a_city_is_the_same_in_a_table(tmp_path: Path, separator: str, encoding: str, end: str) -> None:
    cities = pd.DataFrame([SEVEN, EIGHT]).assign(wkt=HOLE)
    path = tmp_path / "cities.csv"
    cities.to_csv(path, sep=separator, encoding=encoding, lineterminator=end, index=False)
    check(read_cities(path))


def test_a_table_of_parquet_has_its_geometry_as_wkt(tmp_path: Path) -> None:
    path = tmp_path / "cities.parquet"
    pd.DataFrame([SEVEN, EIGHT]).assign(wkt=HOLE).to_parquet(path)
    check(read_cities(path))
    pd.DataFrame([SEVEN, EIGHT]).assign(wkt=[HOLE, None]).to_parquet(path)
    assert read_cities(path)[1].extent.equals(circle(0.5, 0.25, radius_m(None)))


@pytest.mark.filterwarnings("ignore:Column names longer than 10")
@pytest.mark.filterwarnings("ignore:Normalized/laundered field name")
@pytest.mark.parametrize("suffix", sorted(FORMATS - {"kml"}))
def test_a_file_without_cities_is_refused(tmp_path: Path, suffix: str) -> None:
    path = write(frame(HOLE, crs="EPSG:32631").iloc[:0], tmp_path / f"cities.{suffix}")
    with pytest.raises(CityError, match="has no cities"):
        read_cities(path)


@pytest.mark.filterwarnings("ignore:Column names longer than 10")
@pytest.mark.filterwarnings("ignore:Normalized/laundered field name")
@pytest.mark.parametrize("suffix", sorted(FORMATS - {"kml"}))
def test_heights_and_measures_are_dropped(tmp_path: Path, suffix: str) -> None:
    path = write(frame("POLYGON Z((0 0 9, 1 0 9, 1 1 9, 0 1 9, 0 0 9))"), tmp_path / f"cities.{suffix}")
    (city,) = read_cities(path)
    assert (city.extent.has_z, city.extent.area) == (False, 1)
    (area,) = read_areas(path)
    assert not area.has_z


@pytest.mark.parametrize("kind", ["POLYGON Z", "MULTIPOLYGON Z", "POLYGON M", "POLYGON ZM"])
def test_heights_and_measures_in_wkt_are_dropped(tmp_path: Path, kind: str) -> None:
    ring = ", ".join(corner + (" 5 6" if "ZM" in kind else " 5") for corner in ("0 0", "1 0", "1 1", "0 0"))
    rings = f"((({ring})))" if "MULTI" in kind else f"(({ring}))"
    line = KHARTOUM.replace("32.53241,15.55177", "0.5,0.5")
    (city,) = read_cities(table(tmp_path / "c.csv", HEAD + ",wkt", line + f',"{kind}{rings}"'))
    assert (city.extent.has_z, city.extent.has_m, city.extent.area) == (False, False, 0.5)


def test_a_polygon_of_many_corners_is_read_from_a_table(tmp_path: Path) -> None:
    detailed = circle(32.53241, 15.55177, 9000).segmentize(0.00005)
    (city,) = read_cities(table(tmp_path / "c.csv", HEAD + ",wkt", KHARTOUM + f',"{detailed.wkt}"'))
    assert len(detailed.wkt) > 131_072
    assert city.extent.equals(detailed)


def test_an_extent_comes_from_a_polygon_else_radius_else_population(tmp_path: Path) -> None:
    square = "POLYGON((32 15, 33 15, 33 16, 32 16, 32 15))"
    lines = [KHARTOUM + f',1000,"{square}"', KHARTOUM.replace("379252", "2") + ",1e3,", SUVA + ",,"]
    by_wkt, by_radius, by_population = read_cities(table(tmp_path / "c.csv", HEAD + ",radius_m,wkt", *lines))
    assert by_wkt.extent.bounds == (32, 15, 33, 16)
    assert by_radius.extent.equals(circle(32.53241, 15.55177, 1000))
    assert by_population.extent.equals(circle(178.44149, -18.14161, radius_m(None)))


def test_an_unclosed_ring_is_closed(tmp_path: Path) -> None:
    (city,) = read_cities(geojson(tmp_path / "c.geojson", feature(UNCLOSED)))
    assert city.extent.area == 1


def test_a_point_is_the_centre_of_a_circle(tmp_path: Path) -> None:
    point = feature({"type": "Point", "coordinates": [5, 6]}, lon=None, lat=None, radius_m=2000)
    (city,) = read_cities(geojson(tmp_path / "c.geojson", point))
    assert (city.lon, city.lat) == (5, 6)
    assert city.extent.equals(circle(5, 6, 2000))


def test_a_city_without_a_centre_gets_a_point_in_its_polygon(tmp_path: Path) -> None:
    (city,) = read_cities(geojson(tmp_path / "c.geojson", feature(lon=None, lat=None)))
    assert city.extent.contains(Point(city.lon, city.lat))


@pytest.mark.parametrize("written", ["5000", "5000.0", "5e3", " 5000 ", "+5000"])
def test_whole_numbers_are_read_as_spreadsheets_write_them(tmp_path: Path, written: str) -> None:
    (city,) = read_cities(table(tmp_path / "c.csv", HEAD, KHARTOUM.replace("1974647", written)))
    assert city.population == 5000


@pytest.mark.parametrize("written", ["", " ", "\u00a0"])
def test_a_blank_number_is_none(tmp_path: Path, written: str) -> None:
    (city,) = read_cities(table(tmp_path / "c.csv", HEAD, KHARTOUM.replace("1974647", written)))
    assert city.population is None


@pytest.mark.parametrize("written", ["1.234,5", "12 000", "1_000", "0x10", "nan", "inf", "1.5", "9" * 30, "9" * 5000])
def test_another_number_is_refused_with_its_line_and_value(tmp_path: Path, written: str) -> None:
    path = table(tmp_path / "c.csv", HEAD, SUVA, KHARTOUM.replace("1974647", f'"{written}"'))
    with pytest.raises(CityError) as raised:
        read_cities(path)
    assert str(raised.value).startswith(f"{path}, line 3: population is {written!r}; ")


@pytest.mark.parametrize(
    ("written", "expected"), [("true", True), ("0", False), ("1.0", True), ("No", False), ("", False)]
)
def test_flags_are_read_as_tables_write_them(tmp_path: Path, written: str, expected: bool) -> None:
    (city,) = read_cities(table(tmp_path / "c.csv", HEAD + ",is_synthetic", f"{KHARTOUM},{written}"))
    assert city.is_synthetic is expected


def test_lines_are_counted_across_breaks_and_blank_lines(tmp_path: Path) -> None:
    broken = KHARTOUM.replace("Khartoum", '"Khar\ntoum"')
    path = table(tmp_path / "c.csv", HEAD, broken, "", SUVA.replace("178.4", "x"))
    with pytest.raises(CityError, match=r"c\.csv, line 5: lon is 'x4149'"):
        read_cities(path)


@pytest.mark.parametrize(
    ("changed", "hint"),
    [
        (feature(city_id=None), "city_id is None"),
        (feature(city_id=True), "city_id is True"),
        (feature(city_id=1e30), "city_id is 1e[+]30"),
        (feature(city_id=[1]), r"city_id is \[1\]"),
        (feature(name=""), "name is None"),
        (feature(country_code="de"), "'de' .*ISO 3166-1"),
        (feature(continent="Atlantis"), "'Atlantis' .* Africa"),
        (feature(population=-1), "population is -1"),
        (feature(is_synthetic="perhaps"), "is_synthetic is 'perhaps'"),
        (feature(period="2022-08"), "period '2022-08' is not of the form"),
        (feature(lat=89), r"\(0\.5, 89\.0\)"),
        (feature(lat=None), "lat is None"),
        (feature(FAR), "EPSG:4326"),
        (feature(WIDE), r"3\d\d km .*\(0\.5, 0\.25\).* 200 km"),
        (feature(lon=40.0), r"\d km .*\(40\.0, 0\.25\)"),
        (feature({"type": "LineString", "coordinates": [[0, 0], [1, 1]]}), "LineString"),
        (feature({"type": "Polygon", "coordinates": [[[0, 0], [1, None], [1, 1], [0, 0]]]}), "unreadable geometry"),
        (feature("POINT(1 2)"), "unreadable geometry"),
        ("nothing", "properties"),
        (None, "properties"),
    ],
)
def test_an_invalid_feature_is_refused_with_its_number_field_and_value(tmp_path: Path, changed: Any, hint: str) -> None:
    path = geojson(tmp_path / "c.geojson", feature(city_id=1), changed)
    with pytest.raises(CityError, match=hint) as raised:
        read_cities(path)
    assert str(raised.value).startswith(f"{path}, feature 2")


def test_an_invalid_ring_is_repaired_and_named(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    bow_tie = {"type": "Polygon", "coordinates": [[[0, 0], [1, 1], [1, 0], [0, 1], [0, 0]]]}
    (city,) = read_cities(geojson(tmp_path / "c.geojson", feature(bow_tie)))
    assert city.extent.is_valid
    assert city.extent.area == 0.5
    assert "c.geojson, feature 1" in caplog.text
    assert "Self-intersection" in caplog.text


@pytest.mark.parametrize(
    ("lines", "hint"),
    [
        (["city_id,name", "1,A"], "line 2: lon is None"),
        ([HEAD], "has no cities"),
        ([HEAD, KHARTOUM, KHARTOUM], "379252 .*twice"),
        ([HEAD, KHARTOUM + ",1,2"], "line 2"),
        ([HEAD + ",Name", KHARTOUM + ",x"], "several columns name"),
        ([HEAD + ",radius_m", KHARTOUM + ",-5"], "radius_m is -5"),
        ([HEAD + ",wkt", KHARTOUM + ",POLYGON(("], "line 2: wkt"),
        ([HEAD + ",wkt", KHARTOUM + ",LINESTRING(1 2"], "line 2: wkt"),
        ([HEAD + ",wkt", KHARTOUM + ',"POLYGON((0 0, NaN 1, 1 1, 0 0))"'], "line 2 has coordinates"),
        ([HEAD + ",wkt", KHARTOUM + ',"POLYGON((0 0, 1e999 1, 1 1, 0 0))"'], "line 2 has coordinates"),
        ([HEAD, KHARTOUM, OMDURMAN.replace("Africa", "Asia")], "continent of SD .*'Africa'.*'Asia'"),
        ([HEAD, KHARTOUM, OMDURMAN.replace("Sudan", "Soudan")], "country of SD .*'Sudan'.*'Soudan'"),
    ],
)
def test_an_invalid_table_is_refused(tmp_path: Path, lines: list[str], hint: str) -> None:
    with pytest.raises(CityError, match=hint):
        read_cities(table(tmp_path / "c.csv", *lines))


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("no json", "JSON"),
        ("", "JSON"),
        ('{"type": "Topology"}', "FeatureCollection"),
        ("[1]", "FeatureCollection"),
        ('{"type": "FeatureCollection", "features": []}', "no cities"),
        ('{"type": "FeatureCollection", "features": [{"geometry": null, "properties": {}}]}', "feature 1"),
    ],
)
def test_a_malformed_file_is_refused(tmp_path: Path, text: str, hint: str) -> None:
    (tmp_path / "c.geojson").write_text(text)
    with pytest.raises(CityError, match=rf"c\.geojson.*{hint}"):
        read_cities(tmp_path / "c.geojson")


@pytest.mark.parametrize(
    "name", ["c.csv", "c.geojson", "c.gpkg", "c.shp", "c.parquet", "c.fgb", "c.kml", "c", "c.xlsx"]
)
@pytest.mark.parametrize("content", [b"", b"\x00\xff\x00", b"PAR1", b"SQLite format 3\x00", b"<html></html>"])
def test_a_file_of_something_else_is_refused_by_name(tmp_path: Path, name: str, content: bytes) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(CityError, match=name.replace(".", r"\.")):
        read_cities(tmp_path / name)


def test_a_byte_order_mark_is_read_over(tmp_path: Path) -> None:
    path = geojson(tmp_path / "c.geojson", feature())
    path.write_bytes(b"\xef\xbb\xbf" + path.read_bytes())
    assert read_cities(path)[0].name == SEVEN["name"]


@pytest.mark.parametrize("name", ["c.geojson", "c.csv"])
@pytest.mark.parametrize("encoding", ["cp1252", "utf-16"])
def test_another_encoding_is_named(tmp_path: Path, name: str, encoding: str) -> None:
    cities = "Évora Málaga København"
    text = "\n".join([HEAD, *[KHARTOUM.replace("Khartoum", cities)] * 20])
    if name == "c.geojson":
        text = json.dumps({"type": "FeatureCollection", "features": [feature(name=cities)]}, ensure_ascii=False)
    (tmp_path / name).write_bytes(text.encode(encoding))
    with pytest.raises(CityError, match=r"not UTF-8, it looks like \w+"):
        read_cities(tmp_path / name)


def test_a_layer_is_named_where_there_are_several(tmp_path: Path) -> None:
    path = tmp_path / "c.gpkg"
    frame(HOLE, HOLE).to_file(path, layer="a")
    frame(HOLE).to_file(path, layer="b")
    with pytest.raises(CityError, match=r"a, b, as in .*c\.gpkg\|layername=a"):
        read_cities(path)
    assert len(read_cities(Path(f"{path}|layername=b"))) == 1
    with pytest.raises(CityError, match=r"c\.gpkg.*'z'"):
        read_cities(Path(f"{path}|layername=z"))


def test_coordinates_that_cannot_be_reprojected_are_named(tmp_path: Path) -> None:
    cities = frame(HOLE).set_crs("EPSG:32631", allow_override=True)
    cities["geometry"] = [shapely.box(1e12, 1e12, 1e12 + 1, 1e12 + 1)]
    cities.to_file(tmp_path / "c.gpkg")
    with pytest.raises(CityError, match="feature 1"):
        read_cities(tmp_path / "c.gpkg")


@pytest.mark.filterwarnings("ignore:'crs' was not provided")
def test_a_file_without_a_reference_system_is_in_degrees(tmp_path: Path) -> None:
    check(read_cities(write(frame(HOLE, HOLE, crs=None), tmp_path / "c.gpkg")))


def test_an_absent_file_is_refused(tmp_path: Path) -> None:
    with pytest.raises(CityError, match=r"none\.geojson: No such file"):
        read_cities(tmp_path / "none.geojson")


def test_an_urban_area_must_be_a_polygon(tmp_path: Path) -> None:
    with pytest.raises(CityError, match=r"feature 1 .*Point"):
        read_areas(geojson(tmp_path / "areas.json", feature({"type": "Point", "coordinates": [1, 2]})))


VALUES = (
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5) | st.lists(st.integers(), max_size=2)
)
NUMBERS = st.floats() | st.integers(-400, 400) | st.none() | st.text(max_size=2)
RINGS = st.lists(st.lists(NUMBERS, max_size=4), max_size=6)
TYPES = st.sampled_from(["Polygon", "MultiPolygon", "Point", "GeometryCollection", "Circle"])
GEOMETRIES = (
    st.just(SQUARE)
    | VALUES
    | st.fixed_dictionaries({"type": TYPES, "coordinates": st.lists(RINGS, max_size=2) | RINGS})
)
TABLE = f"""{HEAD},wkt
{KHARTOUM},
{SUVA},"POLYGON((178 -18, 179 -18, 179 -19, 178 -18))"
"""
EDITS = st.tuples(
    st.integers(0, len(TABLE)),
    st.integers(0, 3),
    st.binary(max_size=3) | st.sampled_from([b'"', b"\n", b",", b"1e9"]),
)  # fmt: skip


def outcome(path: Path) -> tuple[list[City], str]:
    """Return the cities of a file, and the text of the error if it is refused."""
    try:
        return read_cities(path), ""
    except CityError as error:
        return [], str(error)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(changes=st.dictionaries(st.sampled_from(sorted(SEVEN)), VALUES, max_size=2), geometry=GEOMETRIES)
def test_a_mutated_feature_is_read_or_refused(tmp_path: Path, changes: dict[str, Any], geometry: Any) -> None:
    path = geojson(tmp_path / "c.geojson", feature(city_id=1), feature(geometry, **changes))
    cities, refusal = outcome(path)
    assert cities or str(path) in refusal
    for city in cities:
        assert city.extent.is_valid
        assert -(2**63) <= city.city_id < 2**63
        assert city.name
        assert "\0" not in city.name


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(edits=st.lists(EDITS, min_size=1, max_size=4))
def test_a_mutated_table_is_read_or_refused(tmp_path: Path, edits: list[tuple[int, int, bytes]]) -> None:
    content = bytearray(TABLE.encode())
    for start, n_removed, added in edits:
        content[start : start + n_removed] = added
    path = tmp_path / "c.csv"
    path.write_bytes(content)
    cities, refusal = outcome(path)
    assert cities or str(path) in refusal
