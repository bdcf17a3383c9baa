"""The squares over which pixels are averaged: tiles or blocks whose centres lie in an area."""

from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import shapely
from pyproj import Transformer

from etl.cities.grid import TILE_M
from etl.errors import SetError
from etl.sets.places import EXTENTS
from etl.sets.sources.chunks import in_degrees

SIZES_M = {"tile": TILE_M, "block": TILE_M // 7}
COLUMNS = 100_000
"""More than any row of the lattice has."""


@dataclass(frozen=True)
class Lattice:
    """Squares of the UTM lattice, as in ``etl.cities.grid``.

    Attributes:
        size_m: side of a square in metres.
        area: in degrees, EPSG:4326: the squares whose centres lie in it count.
    """

    size_m: int
    area: shapely.Geometry

    @cached_property
    def _prepared(self) -> shapely.Geometry:
        shapely.prepare(self.area)
        return self.area

    def keys(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Return the number of the square in which each projected position, in metres, lies."""
        row, col = np.floor(y / self.size_m), np.floor(x / self.size_m)
        numbers: np.ndarray = (row * COLUMNS + col).astype(np.int64)
        return numbers

    def is_wanted(self, keys: np.ndarray, srid: int) -> np.ndarray:
        """Return whether the centre of each square lies in the area."""
        x, y = ((part + 0.5) * self.size_m for part in (keys % COLUMNS, keys // COLUMNS))
        lon, lat = Transformer.from_crs(srid, 4326, always_xy=True).transform(x, y)
        inside: np.ndarray = shapely.contains_xy(self._prepared, lon, lat)
        return inside

    def squares(self, keys: np.ndarray, srid: int) -> np.ndarray:
        """Return the outlines of squares in degrees."""
        x, y = (part * float(self.size_m) for part in (keys % COLUMNS, keys // COLUMNS))
        return in_degrees(shapely.box(x, y, x + self.size_m, y + self.size_m), srid)


def lattice_of(conn: psycopg.Connection[Any], unit: str, area: Path | None) -> Lattice:
    """Return the squares in an area, or in the extents of the real cities of the database.

    Raises:
        SetError: the file is no GeoJSON of polygons, or there is neither an area nor a city.
    """
    if area is not None:
        return Lattice(SIZES_M[unit], _read_area(area))
    extents = [shapely.from_wkb(wkb) for _, wkb in conn.execute(EXTENTS)]
    if not extents:
        raise SetError("pixels are averaged over the cities of the database, which has none; give an area: --area FILE")
    return Lattice(SIZES_M[unit], shapely.union_all(extents))


def _read_area(path: Path) -> shapely.Geometry:
    try:
        area = shapely.union_all(shapely.get_parts(shapely.from_geojson(path.read_bytes())))
    except OSError as error:
        raise SetError(f"area {path} cannot be read ({error.strerror})") from error
    except shapely.errors.GEOSException as error:
        raise SetError(f"area {path} is no GeoJSON: {str(error).splitlines()[0]}") from error
    if area.is_empty or area.geom_type not in ("Polygon", "MultiPolygon"):
        raise SetError(f"area {path} has no polygon; write a FeatureCollection of polygons (EPSG:4326)")
    return area
