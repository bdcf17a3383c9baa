"""``internal.box_inside`` against distances that PROJ computes."""

from typing import Any

import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
BOX = "SELECT ST_AsText(internal.box_inside(ST_GeomFromText(%s, 4326)::geography, %s))"


def box(conn: psycopg.Connection[Any], wkt: str, distance_m: float) -> shapely.Geometry:
    (text,) = conn.execute(BOX, (wkt, distance_m)).fetchone() or ("",)
    return shapely.from_wkt(text)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    lon=st.floats(-180, 180),
    lat=st.floats(-90, 90),
    x=st.floats(0, 1),
    y=st.floats(0, 1),
    distance_m=st.floats(1, 2_000_000),
)
def test_all_of_it_is_nearer_than_the_distance(
    conn: psycopg.Connection[Any], lon: float, lat: float, x: float, y: float, distance_m: float
) -> None:
    west, south, east, north = box(conn, f"POINT({lon} {lat})", distance_m).bounds
    *_, metres = GEOD.inv(lon, lat, west + x * (east - west), south + y * (north - south))
    assert metres <= distance_m
    for corner in ((west, south), (west, north), (east, south), (east, north)):
        assert GEOD.inv(lon, lat, *corner)[2] <= distance_m


def test_it_holds_most_of_the_square_in_the_circle(conn: psycopg.Connection[Any]) -> None:
    west, south, east, north = box(conn, "POINT(10 50)", 500_000).bounds
    assert GEOD.inv(10, south, 10, north)[2] == pytest.approx(0.95 * 2**0.5 * 500_000, rel=0.01)
    assert GEOD.inv(west, 50, east, 50)[2] > 1.2 * 500_000


@pytest.mark.parametrize(
    ("wkt", "distance_m"),
    [("POINT(10 50)", 2_000_001), ("POINT(10 90)", 2_000_001), ("POLYGON((0 50, 60 50, 60 51, 0 51, 0 50))", 50_000)],
)
def test_it_is_empty_beyond_2000_km_and_around_areas(
    conn: psycopg.Connection[Any], wkt: str, distance_m: float
) -> None:
    assert box(conn, wkt, distance_m).is_empty


def test_it_lies_around_the_first_of_several_points(conn: psycopg.Connection[Any]) -> None:
    assert box(conn, "MULTIPOINT(10 0, 20 40)", 50_000).contains(shapely.Point(10, 0))
