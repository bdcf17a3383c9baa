"""Tiles on the antimeridian: in two parts, found where they are and nowhere else."""

from datetime import date
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely

from etl.cities.grid import Cell, cell_and_month, tile_id
from tests.builders import make_city, make_tile

MONTH = date(2024, 6, 1)
ON_THE_LINE = [Cell(60, True, 3633, 365), Cell(1, False, 3268, 162)]
"""In Fiji, seen from the west, and in Chukotka, seen from the east."""


@pytest.fixture(params=ON_THE_LINE, ids=["Fiji", "Chukotka"])
def cell(request: pytest.FixtureRequest, conn: psycopg.Connection[Any]) -> Cell:
    """A cell whose tile is in the database; all patches are in its dominant cluster."""
    made: Cell = request.param
    number = tile_id(made, MONTH)
    make_city(conn, 1, lon=made.centre().x, lat=made.centre().y)
    make_tile(conn, number, city_id=1, embedding=np.ones(768, np.float32))
    conn.execute(
        "UPDATE terrakin.tiles SET footprint = %s, location = %s::geometry::geography, "
        "dominant_patches = ~ B'0'::bit(196)",
        (shapely.set_srid(made.footprint(), 4326), shapely.set_srid(made.centre(), 4326)),
    )
    return made


def width(area: shapely.MultiPolygon) -> float:
    """Return the sum of the widths of the parts, degrees."""
    return sum(part.bounds[2] - part.bounds[0] for part in area.geoms)


def test_a_footprint_has_a_part_on_either_side(cell: Cell) -> None:
    west, east = sorted(cell.footprint().geoms, key=lambda part: -part.bounds[0])
    assert west.bounds[2] == 180
    assert east.bounds[0] == -180
    assert width(cell.footprint()) < 0.06


def test_blocks_and_the_dominant_area_are_cut_too(conn: psycopg.Connection[Any], cell: Cell) -> None:
    number = tile_id(cell, MONTH)
    blocks = conn.execute(
        "SELECT api.block_footprint(%s::bigint << 6 | n) FROM generate_series(0, 48) AS n", (number,)
    ).fetchall()
    (area,) = conn.execute("SELECT api.dominant_area(%s)", (number,)).fetchone() or (None,)
    assert any(len(block.geoms) == 2 for (block,) in blocks)
    for shape in (area, shapely.union_all([block for (block,) in blocks])):
        assert shapely.symmetric_difference(shape, cell.footprint()).area < 1e-3 * cell.footprint().area
    assert max(width(block) for (block,) in blocks) < 0.01


def test_a_tile_is_found_at_its_centre_and_not_round_the_earth(conn: psycopg.Connection[Any], cell: Cell) -> None:
    at = "SELECT tile_id FROM api.tile_at(%s, %s)"
    lat = cell.centre().y
    for part in cell.footprint().geoms:
        inside = part.representative_point()
        assert conn.execute(at, (inside.x, inside.y)).fetchall() == [(tile_id(cell, MONTH),)]
    for lon in (0, -65.2, 150, 179.5, -179.5):
        assert conn.execute(at, (lon, lat)).fetchall() == []


def test_vector_tiles_show_it_at_both_ends_of_the_world(conn: psycopg.Connection[Any], cell: Cell) -> None:
    row = conn.execute(
        "SELECT floor((1 - asinh(tan(radians(%s))) / pi()) / 2 * 1024)::integer", (cell.centre().y,)
    ).fetchone()
    assert row
    shown = conn.execute(
        "SELECT x FROM generate_series(0, 1023) AS x "
        "WHERE (SELECT g.mvt FROM tiles.grid(10, x, %s, '{}') AS g) IS NOT NULL",
        row,
    ).fetchall()
    assert shown == [(0,), (1023,)]


def test_the_cell_of_an_id_is_the_same_in_both_languages(cell: Cell) -> None:
    assert cell_and_month(tile_id(cell, MONTH)) == (cell, MONTH)


@pytest.mark.parametrize(
    ("area", "distance_km"),
    [
        ("ST_MakeEnvelope(-170, 0, 170, 60, 4326)", 448),
        ("ST_MakeEnvelope(-180, 0, 180, 85, 4326)", 448),
        ("ST_MakeEnvelope(-85, 0, 85, 60, 4326)", 448),
        ("ST_MakeEnvelope(-180, -2, 180, 90, 4326)", 227),
    ],
)
def test_distances_from_a_wide_area_are_those_from_its_edge(
    conn: psycopg.Connection[Any], area: str, distance_km: float
) -> None:
    for number, (lon, lat) in enumerate([(39.7, -4.05), (9.1, 45.5)], start=1):
        make_city(conn, number, lon=lon, lat=lat)
        make_tile(conn, number, city_id=number, lon=lon, lat=lat, embedding=np.ones(768, np.float32))
    found = f"SELECT tile_id, distance_m / 1000 FROM api.similar_to_area({area}"  # noqa: S608 our own text
    assert conn.execute(found + ")").fetchall() == [(1, pytest.approx(distance_km, abs=2))]
    assert conn.execute(found + ", exclude_within_m => 1000000)").fetchall() == []


def test_the_whole_earth_is_an_area(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    make_tile(conn, 1, city_id=1, embedding=np.ones(768, np.float32))
    whole = "SELECT * FROM api.similar_to_area(ST_MakeEnvelope(-180, -90, 180, 90, 4326), exclude_same_city => false)"
    assert conn.execute(whole).fetchall() == []
