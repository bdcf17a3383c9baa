"""Cells of about equal size, which stand for cities where there are none."""

import numpy as np

KM_PER_DEGREE = 111.195
"""On a sphere of 6,371 km."""
FIRST_CELL = -(10**12)
"""Above the number of any cell, and below the id of any city."""


def cells(lon: np.ndarray, lat: np.ndarray, size_km: float) -> np.ndarray:
    """Return the number (n,) int64 of the cell in which each position, in degrees, lies.

    Rows are size_km high. Each is divided from the zero meridian on, so that cells are about size_km wide.
    """
    row = np.floor((np.asarray(lat) + 90) * KM_PER_DEGREE / size_km)
    middle = np.radians((row + 0.5) * size_km / KM_PER_DEGREE - 90)
    column = np.floor(np.asarray(lon) % 360 * KM_PER_DEGREE * np.cos(middle) / size_km)
    numbers: np.ndarray = (FIRST_CELL - 1 - (row * 1000 + column)).astype(np.int64)
    return numbers
