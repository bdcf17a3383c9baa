"""``api.block_footprint`` and ``api.block_cell`` against PROJ."""

from datetime import date
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from pyproj import Transformer

CORNERS = """
    SELECT ST_X(d.geom), ST_Y(d.geom)
    FROM ST_DumpPoints(api.block_footprint(api.tile_id(%s, %s, %s, %s, %s) * 64 + %s)) AS d
"""


@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    zone=st.integers(1, 60),
    is_south=st.booleans(),
    row=st.integers(600, 3500),
    col=st.integers(100, 350),
    number=st.integers(0, 48),
)
def test_the_corners_are_those_of_the_lattice(
    module_conn: psycopg.Connection[Any], zone: int, is_south: bool, row: int, col: int, number: int
) -> None:
    west, north = col * 2240 + number % 7 * 320, (row + 1) * 2240 - number // 7 * 320
    srid = (32700 if is_south else 32600) + zone
    to_degrees = Transformer.from_crs(srid, 4326, always_xy=True)
    lon, lat = to_degrees.transform([west, west, west + 320, west + 320], [north - 320, north, north, north - 320])
    rows = module_conn.execute(CORNERS, (zone, is_south, row, col, date(2024, 6, 1), number)).fetchall()
    np.testing.assert_allclose(rows[:4], np.column_stack([lon, lat]), atol=1e-8)
    assert rows[4] == rows[0]


@pytest.mark.parametrize(("number", "row", "col"), [(0, 0, 0), (6, 0, 6), (7, 1, 0), (24, 3, 3), (48, 6, 6)])
def test_a_block_id_has_the_parts_of_its_tile_and_place(
    conn: psycopg.Connection[Any], number: int, row: int, col: int
) -> None:
    tile_id = 2**42 - 1
    assert conn.execute("SELECT * FROM api.block_cell(%s)", (tile_id * 64 + number,)).fetchone() == (tile_id, row, col)


def test_the_blocks_of_a_tile_cover_it_without_overlap(conn: psycopg.Connection[Any]) -> None:
    tile_id = "api.tile_id(33, false, 2600, 200, date '2024-06-01')"
    row = conn.execute(
        f"SELECT ST_Area(ST_Union(f)), ST_XMin(ST_Extent(f)), sum(ST_Area(f)), ST_YMax(ST_Extent(f)) "  # type: ignore[arg-type] # noqa: S608
        f"FROM (SELECT ST_SnapToGrid(ST_Transform(api.block_footprint({tile_id} * 64 + n), 32633), 0.001) "
        "FROM generate_series(0, 48) AS n) AS b(f)"
    ).fetchone()
    assert row == pytest.approx((2240**2, 200 * 2240, 2240**2, 2601 * 2240), rel=1e-8)
