"""Spatial leakage: share of a tile's nearest neighbours that are merely close by."""

from dataclasses import dataclass

import numpy as np

from etl.vectors.unit import positions_on_sphere, unit_vectors

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of the WGS 84 ellipsoid (IUGG); distances on a sphere are accurate enough for shares."""
RADII_KM = (25, 100, 500)
BLOCK = 512
MAX_QUERIES = 10_000
"""Larger sets use a random sample of this size as queries; the standard error of the shares is then below 0.5 %."""


@dataclass(frozen=True)
class SpatialLeakage:
    """Shares (0..1) of the k nearest neighbours, averaged over tiles; exact cosine search among all tiles.

    Attributes:
        same_city: share of neighbours in the tile's city.
        within_km: share of neighbours nearer than each of RADII_KM.
    """

    same_city: float
    within_km: dict[int, float]


def measure_leakage(
    vectors: np.ndarray, city_ids: np.ndarray, lon: np.ndarray, lat: np.ndarray, k: int = 10
) -> SpatialLeakage:
    """Return the spatial leakage of vectors.

    Args:
        vectors: (n, dimension) float, n >= 2.
        city_ids: (n,) int.
        lon: (n,) degrees.
        lat: (n,) degrees.
        k: number of neighbours; at most n - 1 are used.
    """
    unit = unit_vectors(vectors)
    positions = positions_on_sphere(lon, lat)
    k = min(k, len(unit) - 1)
    queries = np.sort(np.random.default_rng(0).permutation(len(unit))[:MAX_QUERIES])
    same, near = 0, dict.fromkeys(RADII_KM, 0)
    for rows in np.split(queries, range(BLOCK, len(queries), BLOCK)):
        similarity = unit[rows] @ unit.T
        similarity[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        same += int((city_ids[nearest] == city_ids[rows, None]).sum())
        cosine = np.einsum("nd,nkd->nk", positions[rows], positions[nearest]).clip(-1, 1)
        distance_km = np.arccos(cosine) * EARTH_RADIUS_M / 1000
        for radius in RADII_KM:
            near[radius] += int((distance_km < radius).sum())
    total = len(queries) * k
    return SpatialLeakage(same / total, {radius: n / total for radius, n in near.items()})
