"""The lattice compared with PROJ, round trips of ids, and the assignment of cells to cities."""

from datetime import date

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st
from pyproj import Transformer
from shapely import MultiPolygon, box, union_all

from etl.cities.city import City
from etl.cities.extent import circle
from etl.cities.grid import TILE_M, TILE_PX, Cell, assign_cells, cell_and_month, city_geobox, tile_id, utm_zone

cells = st.builds(
    Cell, zone=st.integers(1, 60), is_south=st.booleans(), row=st.integers(0, 8191), col=st.integers(0, 1023)
)
places = st.builds(
    Cell, zone=st.integers(1, 60), is_south=st.booleans(), row=st.integers(1500, 3500), col=st.integers(100, 340)
)


def make_city(city_id: int, lon: float, lat: float, radius_deg: float = 0.1) -> City:
    extent = MultiPolygon([box(lon - radius_deg, lat - radius_deg, lon + radius_deg, lat + radius_deg)])
    return City(city_id, f"City {city_id}", "XX", "Nowhere", "Africa", None, lon, lat, extent, True)


@given(cell=cells, months=st.integers(0, 4095))
def test_an_id_encodes_cell_and_month(cell: Cell, months: int) -> None:
    month = date(2015 + months // 12, months % 12 + 1, 1)
    number = tile_id(cell, month)
    assert 0 <= number < 2**42
    assert cell_and_month(number) == (cell, month)


@given(cell=places)
def test_the_footprint_is_the_corners_of_the_geobox(cell: Cell) -> None:
    assume(len(cell.footprint().geoms) == 1)  # tests/sql/test_antimeridian.py has the others
    box_ = cell.geobox
    assert box_.shape == (TILE_PX, TILE_PX)
    x, y = Transformer.from_crs(4326, cell.srid, always_xy=True).transform(
        *zip(*cell.footprint().geoms[0].exterior.coords[:4], strict=True)
    )
    left, bottom, right, top = box_.boundingbox.bbox
    assert x == pytest.approx([left, right, right, left], abs=0.005)
    assert y == pytest.approx([bottom, bottom, top, top], abs=0.005)
    assert (left, bottom) == (cell.col * TILE_M, cell.row * TILE_M)


def test_adjacent_cells_share_corners_and_rows_count_northwards() -> None:
    cell, north = Cell(48, False, 885, 163), Cell(48, False, 886, 163)
    assert cell.footprint().geoms[0].exterior.coords[3] == north.footprint().geoms[0].exterior.coords[0]
    assert north.centre().y > cell.centre().y


@pytest.mark.parametrize("month", [date(2014, 12, 1), date(2400, 1, 1)])
def test_a_month_that_cannot_be_encoded_is_refused(month: date) -> None:
    with pytest.raises(ValueError, match=str(month)):
        tile_id(Cell(1, False, 0, 0), month)


@pytest.mark.parametrize("fields", [(0, 0, 0), (61, 0, 0), (1, -1, 0), (1, 8192, 0), (1, 0, 1024)])
def test_a_cell_outside_the_lattice_is_refused(fields: tuple[int, int, int]) -> None:
    with pytest.raises(ValueError, match="lattice"):
        Cell(fields[0], False, *fields[1:])


@pytest.mark.parametrize(("lon", "zone"), [(-180, 1), (-174.01, 1), (-9.13, 29), (0, 31), (179.9, 60), (180, 1)])
def test_the_zone_of_a_longitude(lon: float, zone: int) -> None:
    assert utm_zone(lon) == zone


def test_a_citys_tiles_are_those_whose_centre_lies_in_its_extent() -> None:
    city = make_city(1, 100.5, 13.7)
    assigned = assign_cells([city])[1]
    assert assigned
    assert all(city.extent.contains(cell.centre()) for cell in assigned)
    around = {Cell(c.zone, c.is_south, c.row + i, c.col + j) for c in assigned for i in (-1, 0, 1) for j in (-1, 0, 1)}
    assert not any(city.extent.contains(cell.centre()) for cell in around - set(assigned))


@pytest.mark.parametrize(("lon", "lat"), [(100.5, 13.7), (-70.01, -33.5), (20.0, 0.001), (179.9, 65.0)])
def test_an_extent_smaller_than_a_tile_gets_the_tile_around_its_centre(lon: float, lat: float) -> None:
    city = make_city(1, lon, lat, radius_deg=0.001)
    (cell,) = assign_cells([city])[1]
    assert cell.footprint().contains(city.extent.representative_point())


def test_a_city_across_two_zones_is_covered_in_the_zone_of_its_centre_without_gap_or_overlap() -> None:
    city = make_city(1, 11.95, 48.0, radius_deg=0.4)
    (cells,) = assign_cells([city]).values()
    footprints = [cell.footprint() for cell in cells]
    assert {cell.zone for cell in cells} == {32}
    assert any(footprint.centroid.x > 12 for footprint in footprints), "nothing lies beyond the zone's edge"
    together = union_all(footprints)
    assert together.geom_type == "Polygon"
    assert not together.interiors
    assert together.area == pytest.approx(sum(footprint.area for footprint in footprints), rel=1e-9)
    assert together.area == pytest.approx(city.extent.area, rel=0.05)


def test_a_cell_in_two_cities_belongs_to_the_nearer_centre() -> None:
    east, west = make_city(1, 32.55, 15.6), make_city(2, 32.45, 15.6)
    assigned = assign_cells([east, west])
    assert not set(assigned[1]) & set(assigned[2])
    assert min(c.col for c in assigned[1]) > max(c.col for c in assigned[2])
    assert len(assigned[1]) + len(assigned[2]) > max(len(assign_cells([c])[c.city_id]) for c in (east, west))


def test_a_citys_box_contains_its_cells_north_up() -> None:
    cells_ = assign_cells([make_city(1, -43.2, -22.9)])[1]
    around = city_geobox(cells_)
    assert around.affine.e == -10
    assert around.affine.a == 10
    assert around.shape[0] == (max(c.row for c in cells_) - min(c.row for c in cells_) + 1) * TILE_PX
    assert all(around.boundingbox.polygon.contains(c.geobox.boundingbox.polygon) for c in cells_)


@pytest.mark.parametrize(("lon", "lat"), [(178.441, -18.142), (177.517, 64.733), (179.995, -16.5), (-179.99, 52.0)])
def test_cities_at_the_antimeridian_have_as_many_tiles_as_their_area(lon: float, lat: float) -> None:
    city = City(1, "City", "XX", "Nowhere", "Oceania", None, lon, lat, circle(lon, lat, 20_000), True)
    (cells,) = assign_cells([city]).values()
    assert len(cells) == pytest.approx(np.pi * 20**2 / 2.24**2, rel=0.05)
    assert len(set(cells)) == len(cells)


def test_adjacent_cities_share_no_tile(table: list[City]) -> None:
    cities = [city for city in table if city.name in ("Khartoum", "Omdurman")]
    cells = assign_cells(cities)
    assert not set(cells[379252]) & set(cells[365137])
    alone = {city.city_id: len(assign_cells([city])[city.city_id]) for city in cities}
    assert all(0 < len(cells[city_id]) < alone[city_id] for city_id in alone)
