"""Unit vectors: rows scaled to length 1, and positions on the unit sphere."""

import numpy as np


def unit_vectors(vectors: np.ndarray) -> np.ndarray:
    """Return the rows of (n, dimension) scaled to length 1, float32; a row of zeros stays zero."""
    length = np.linalg.norm(vectors, axis=1, keepdims=True)
    unit: np.ndarray = (vectors / np.maximum(length, np.finfo(np.float32).tiny)).astype(np.float32)
    return unit


def positions_on_sphere(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return longitudes and latitudes (n,) in degrees as unit vectors (n, 3) float64 from the centre of the Earth."""
    phi, theta = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)], axis=1)
