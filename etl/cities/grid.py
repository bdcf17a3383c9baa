"""The grid: tiles of 224 x 224 px at 10 m on the UTM lattice of each zone, and their ids.

Rows count northwards and columns eastwards from (0, 0) of the projected coordinates, so that a tile's lower left
corner is ``(col * 2240 m, row * 2240 m)``. All zones are 6 degrees wide, without the exceptions around Norway and
Svalbard: a city needs a single zone, not the official one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache

import numpy as np
import shapely
from odc.geo import XY
from odc.geo.geobox import GeoBox
from odc.geo.gridspec import GridSpec
from pyproj import Transformer
from shapely import MultiPolygon, Polygon

from etl.cities.city import City
from etl.cities.extent import GEOD, within_180

TILE_PX = 224
RESOLUTION_M = 10
TILE_M = TILE_PX * RESOLUTION_M
PATCH_PX = 16
PATCHES_PER_SIDE = TILE_PX // PATCH_PX
PATCHES_PER_TILE = PATCHES_PER_SIDE**2

ROW_LIMIT, COL_LIMIT, MONTH_LIMIT = 2**13, 2**10, 2**12
FIRST_YEAR = 2015
"""Months are counted from January of this year, in which Sentinel-2A was launched."""


@dataclass(frozen=True, order=True)
class Cell:
    """A tile's place on the lattice, independent of the month.

    Attributes:
        zone: UTM zone, 1 to 60.
        is_south: True for the projection of the southern hemisphere (EPSG:327zz).
        row: floor(northing / 2240 m), 0 to 8191.
        col: floor(easting / 2240 m), 0 to 1023.
    """

    zone: int
    is_south: bool
    row: int
    col: int

    def __post_init__(self) -> None:
        """Raise ValueError for a place that a tile_id cannot encode."""
        if not (1 <= self.zone <= 60 and 0 <= self.row < ROW_LIMIT and 0 <= self.col < COL_LIMIT):
            raise ValueError(f"{self} is not on the lattice: zone 1 to 60, row 0 to 8191, col 0 to 1023")

    @property
    def srid(self) -> int:
        """EPSG code of the projection."""
        return utm_srid(self.zone, self.is_south)

    @property
    def geobox(self) -> GeoBox:
        """The tile's pixels: 224 x 224 at 10 m, north up."""
        return _grid_spec(self.srid)[(self.col, self.row)]

    def footprint(self) -> MultiPolygon:
        """Return the tile's corners in EPSG:4326 (lon, lat), counter-clockwise from the lower left.

        A tile on the antimeridian has two parts, one on either side.
        """
        left, bottom = self.col * TILE_M, self.row * TILE_M
        right, top = left + TILE_M, bottom + TILE_M
        lon, lat = _to_degrees(self.srid).transform([left, right, right, left], [bottom, bottom, top, top])
        if max(lon) - min(lon) < 180:
            return MultiPolygon([Polygon(zip(lon, lat, strict=True))])
        return within_180(Polygon(zip(np.asarray(lon) % 360, lat, strict=True)))

    def centre(self) -> shapely.Point:
        """Return the tile's centre in EPSG:4326 (lon, lat)."""
        x, y = (self.col + 0.5) * TILE_M, (self.row + 0.5) * TILE_M
        return shapely.Point(_to_degrees(self.srid).transform(x, y))


def utm_zone(lon: float) -> int:
    """Return the UTM zone (1 to 60) of a longitude in degrees."""
    return int((lon + 180) // 6) % 60 + 1


def utm_srid(zone: int, is_south: bool) -> int:
    """Return the EPSG code of a UTM projection on WGS 84."""
    return (32700 if is_south else 32600) + zone


def tile_id(cell: Cell, month: date) -> int:
    """Return the id of a cell in a month: 42 bits, equal to ``api.tile_id`` in SQL.

    Raises:
        ValueError: the month is before 2015-01 or after 2356-04.
    """
    months = (month.year - FIRST_YEAR) * 12 + month.month - 1
    if not 0 <= months < MONTH_LIMIT:
        raise ValueError(f"month {month} cannot be encoded; it must be from 2015-01 to 2356-04")
    return ((cell.zone - 1) * 2 + cell.is_south) << 35 | cell.row << 22 | cell.col << 12 | months


def cell_and_month(tile_id: int) -> tuple[Cell, date]:
    """Return the cell and the first day of the month of a tile_id: the inverse of ``tile_id``."""
    months = tile_id & (MONTH_LIMIT - 1)
    cell = Cell(
        zone=(tile_id >> 36) + 1,
        is_south=bool(tile_id >> 35 & 1),
        row=tile_id >> 22 & (ROW_LIMIT - 1),
        col=tile_id >> 12 & (COL_LIMIT - 1),
    )
    return cell, date(FIRST_YEAR + months // 12, months % 12 + 1, 1)


def assign_cells(cities: Sequence[City]) -> dict[int, list[Cell]]:
    """Return the sorted cells of each city: those of its UTM zone whose centre lies in its extent.

    If there is none, because the extent is smaller than a tile, it is the cell that contains the centre of the extent.
    A cell that several cities claim belongs to the one with the nearest centre (ties: the lower city_id).
    """
    claims: dict[Cell, tuple[float, int]] = {}
    for city in cities:
        cells, points = _cells_in_extent(city)
        n = len(cells)
        distance_m = GEOD.inv([city.lon] * n, [city.lat] * n, shapely.get_x(points), shapely.get_y(points))[2]
        for cell, metres in zip(cells, distance_m, strict=True):
            claim = (float(metres), city.city_id)
            claims[cell] = min(claims.get(cell, claim), claim)
    assigned: dict[int, list[Cell]] = {city.city_id: [] for city in cities}
    for cell in sorted(claims):
        assigned[claims[cell][1]].append(cell)
    return assigned


def city_geobox(cells: Sequence[Cell]) -> GeoBox:
    """Return the smallest box of whole tiles around cells of one zone: north up, 10 m pixels."""
    first = min(c.col for c in cells), max(c.row for c in cells)
    last = max(c.col for c in cells), min(c.row for c in cells)
    shape = ((first[1] - last[1] + 1) * TILE_PX, (last[0] - first[0] + 1) * TILE_PX)
    north_west = _grid_spec(cells[0].srid)[first]
    return GeoBox(shape, north_west.affine, north_west.crs)


def tiles_in_box(cells: Sequence[Cell]) -> np.ndarray:
    """Return which tiles of ``city_geobox`` are among the cells: (rows from the north, columns) bool."""
    rows, cols = np.array([(cell.row, cell.col) for cell in cells]).T
    is_cell = np.zeros((np.ptp(rows) + 1, np.ptp(cols) + 1), bool)
    is_cell[rows.max() - rows, cols - cols.min()] = True
    return is_cell


def _cells_in_extent(city: City) -> tuple[list[Cell], np.ndarray]:
    """Return the cells whose centre lies in the city's extent, and these centres as points in EPSG:4326."""
    zone, is_south = utm_zone(city.lon), city.lat < 0
    # Part by part: the bounds of parts on both sides of the antimeridian would span the whole Earth.
    parts = [_cells_in_part(part, utm_srid(zone, is_south)) for part in city.extent.geoms]
    places = dict(place for part in parts for place in part) or _place_around(city)
    lonlat = np.array([*places.values()]).reshape(-1, 2)
    return [Cell(zone, is_south, row, col) for row, col in places], np.asarray(shapely.points(lonlat))


def _place_around(city: City) -> dict[tuple[int, int], tuple[float, float]]:
    """Return (row, col) and the centre (lon, lat) of the cell that contains the centre of a city's extent."""
    srid, inside = utm_srid(utm_zone(city.lon), city.lat < 0), city.extent.representative_point()
    x, y = _to_metres(srid).transform(inside.x, inside.y)
    row, col = int(y // TILE_M), int(x // TILE_M)
    lon, lat = _to_degrees(srid).transform((col + 0.5) * TILE_M, (row + 0.5) * TILE_M)
    return {(row, col): (lon, lat)}


def _cells_in_part(part: Polygon, srid: int) -> Iterator[tuple[tuple[int, int], tuple[float, float]]]:
    """Yield (row, col) and (lon, lat) of the cells whose centres lie in a polygon."""
    x0, y0, x1, y1 = _to_metres(srid).transform_bounds(*part.bounds)
    cols, rows = np.meshgrid(
        np.arange(max(int(x0 // TILE_M), 0), min(int(x1 // TILE_M) + 1, COL_LIMIT)),
        np.arange(max(int(y0 // TILE_M), 0), min(int(y1 // TILE_M) + 1, ROW_LIMIT)),
    )
    lon, lat = _to_degrees(srid).transform((cols.ravel() + 0.5) * TILE_M, (rows.ravel() + 0.5) * TILE_M)
    shapely.prepare(part)
    inside = shapely.contains_xy(part, lon, lat)
    cells = zip(rows.ravel()[inside].tolist(), cols.ravel()[inside].tolist(), strict=True)
    yield from zip(cells, zip(lon[inside].tolist(), lat[inside].tolist(), strict=True), strict=True)


@cache
def _grid_spec(srid: int) -> GridSpec:
    return GridSpec(f"EPSG:{srid}", (TILE_PX, TILE_PX), RESOLUTION_M, origin=XY(x=0, y=0))


@cache
def _to_degrees(srid: int) -> Transformer:
    return Transformer.from_crs(srid, 4326, always_xy=True)


@cache
def _to_metres(srid: int) -> Transformer:
    return Transformer.from_crs(4326, srid, always_xy=True)
