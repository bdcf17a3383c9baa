"""``internal.box_around`` against positions that PROJ computes."""

from typing import Any

import psycopg
import pytest
import shapely
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Geod

GEOD = Geod(ellps="WGS84")
BOX = "SELECT ST_AsText(internal.box_around(ST_GeomFromText(%s, 4326)::geography, %s))"


def box(conn: psycopg.Connection[Any], wkt: str, distance_m: float) -> tuple[float, ...]:
    (text,) = conn.execute(BOX, (wkt, distance_m)).fetchone() or ("",)
    return tuple(shapely.from_wkt(text).bounds)


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(lon=st.floats(-180, 180), lat=st.floats(-89, 89), azimuth=st.floats(0, 360), distance_m=st.floats(1, 5_000_000))
def test_it_holds_every_position_within_the_distance(
    conn: psycopg.Connection[Any], lon: float, lat: float, azimuth: float, distance_m: float
) -> None:
    west, south, east, north = box(conn, f"POINT({lon} {lat})", distance_m)
    x, y, _ = GEOD.fwd(lon, lat, azimuth, distance_m * 0.999)
    assert west <= x <= east
    assert south <= y <= north


@pytest.mark.parametrize(
    ("wkt", "distance_m", "longitudes"),
    [("POINT(179.9 0)", 50_000, (-180, 180)), ("POINT(10 89.9)", 50_000, (-180, 180)), ("POINT(10 0)", 0, (10, 10))],
)
def test_it_has_all_longitudes_at_the_antimeridian_and_at_a_pole(
    conn: psycopg.Connection[Any], wkt: str, distance_m: float, longitudes: tuple[float, float]
) -> None:
    west, _, east, _ = box(conn, wkt, distance_m)
    assert (west, east) == longitudes


def test_it_holds_all_points_of_a_collection(conn: psycopg.Connection[Any]) -> None:
    west, south, east, north = box(conn, "MULTIPOINT(10 0, 20 40)", 110_574)
    assert (south, north) == (-1, 41)
    assert west < 9
    assert east > 21
