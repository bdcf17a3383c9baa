"""Where imported items lie: city, country, and the 50 km cell of those without a city."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
import shapely

from db.cells import cells
from db.install.outlines import write_outlines

Connection = psycopg.Connection[Any]

CELL_KM = 50
COAST_DEG = 0.05
"""Outlines are simplified by about 3 km: so far from the coast, a point still counts as in the country."""

HAS_OUTLINES = "SELECT EXISTS (SELECT FROM terrakin.country_outlines AS o WHERE o.code IS NOT NULL)"
OUTLINES = """
    SELECT o.code, o.country_number, ST_AsBinary(o.outline)
    FROM terrakin.country_outlines AS o
    WHERE o.code IS NOT NULL
    ORDER BY o.outline_id
"""
EXTENTS = """
    SELECT c.city_id, ST_AsBinary(c.extent) FROM terrakin.cities AS c WHERE NOT c.is_synthetic ORDER BY c.city_id
"""


@dataclass(frozen=True)
class Places:
    """Places of some points.

    Attributes:
        place_ids: (n,) int64, city_id, or the number of the cell.
        country_codes: (n,) code, or None at sea.
        country_numbers: (n,) int32, 0 at sea.
    """

    place_ids: np.ndarray
    country_codes: np.ndarray
    country_numbers: np.ndarray


class Gazetteer:
    """Cities and country outlines of the database."""

    def __init__(self, conn: Connection) -> None:
        """Read them; write the outlines first where they are missing, as the owner."""
        if conn.execute(HAS_OUTLINES).fetchone() != (True,):
            write_outlines(conn)
        outlines = conn.execute(OUTLINES).fetchall()
        self._codes = np.array([code for code, _, _ in outlines] + [None], object)
        self._numbers = np.array([number for _, number, _ in outlines] + [0], np.int32)
        self._outlines = shapely.STRtree([shapely.from_wkb(wkb) for _, _, wkb in outlines])
        extents = conn.execute(EXTENTS).fetchall()
        self._city_ids = np.array([city_id for city_id, _ in extents], np.int64)
        self._extents = shapely.STRtree([shapely.from_wkb(wkb) for _, wkb in extents])

    def places(self, points: np.ndarray) -> Places:
        """Return where points (n,), in degrees, lie."""
        place_ids = cells(shapely.get_x(points), shapely.get_y(points), CELL_KM)
        inside = _first(self._extents.query(points, "intersects"), len(points))
        place_ids[inside >= 0] = self._city_ids[inside[inside >= 0]]
        country = _first(self._outlines.query(points, "intersects"), len(points))
        at_sea = np.flatnonzero(country < 0)
        near, nearest = self._outlines.query_nearest(points[at_sea], max_distance=COAST_DEG, all_matches=False)
        country[at_sea[near]] = nearest
        return Places(place_ids, self._codes[country], self._numbers[country])


def _first(pairs: np.ndarray, n: int) -> np.ndarray:
    """Return the first tree geometry (n,) of each point in pairs (2, m) of point and geometry; -1 without one."""
    found = np.full(n, -1, np.int64)
    found[pairs[0][::-1]] = pairs[1][::-1]
    return found
