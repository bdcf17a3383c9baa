"""Extents: circles, repaired outlines, and the antimeridian."""

import numpy as np
import pytest
import shapely
from pyproj import Geod

from etl.cities.extent import circle, outline, radius_m
from etl.errors import CityError

BOW_TIE = "POLYGON((0 0, 1 1, 1 0, 0 1, 0 0))"


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
    ("wkt", "area"),
    [
        (BOW_TIE, 0.5),
        ("MULTIPOLYGON(((0 0, 2 0, 2 2, 0 2, 0 0)), ((1 1, 3 1, 3 3, 1 3, 1 1)))", 7),
        ("POLYGON((0 0, 2 0, 2 0, 2 2, 0 2, 0 0))", 4),
        ("POLYGON((0 0, 4 0, 4 4, 0 4, 0 0), (1 1, 2 1, 2 2, 1 2, 1 1))", 15),
        ("GEOMETRYCOLLECTION(POINT(9 9), GEOMETRYCOLLECTION(POLYGON((0 0, 1 0, 1 1, 0 1, 0 0))))", 1),
    ],
)
def test_an_outline_is_the_valid_area_of_a_geometry(wkt: str, area: float) -> None:
    extent = outline(shapely.from_wkt(wkt), "file, feature 1")
    assert extent.is_valid
    assert extent.geom_type == "MultiPolygon"
    assert extent.area == pytest.approx(area)


@pytest.mark.parametrize(("west", "east"), [(179, 181), (-181, -179), (359, 360)])
def test_longitudes_beyond_180_are_moved(west: float, east: float) -> None:
    extent = outline(shapely.box(west, 10, east, 11), "file, feature 1")
    assert extent.area == pytest.approx(east - west)
    assert extent.bounds[0] >= -180
    assert extent.bounds[2] <= 180


@pytest.mark.parametrize(
    "wkt",
    [
        "POINT(1 2)",
        "LINESTRING(0 0, 1 1)",
        "POLYGON EMPTY",
        "POLYGON((0 0, 1 0, 0 0, 0 0))",
        "POLYGON((500000 0, 500001 0, 500001 1, 500000 0))",
        "POLYGON((0 89, 1 89, 1 91, 0 89))",
    ],
)
def test_what_is_no_area_on_earth_is_refused(wkt: str) -> None:
    with pytest.raises(CityError, match="file, feature 1"):
        outline(shapely.from_wkt(wkt), "file, feature 1")


def test_a_missing_geometry_is_refused() -> None:
    with pytest.raises(CityError, match="no readable geometry"):
        outline(None, "file, feature 1")
