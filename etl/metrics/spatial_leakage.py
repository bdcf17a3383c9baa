"""The leak of place into similarity: how many of a tile's nearest neighbours are merely near it on the ground."""

from dataclasses import dataclass

import numpy as np

from etl.vectors.unit import positions_on_sphere, unit_vectors

EARTH_RADIUS_M = 6_371_008.8
"""Mean radius R1 of WGS 84's ellipsoid (IUGG); a sphere is near enough for shares."""
RADII_KM = (25, 100, 500)
BLOCK = 512
MAX_ASKING = 10_000
"""Of more tiles a random sample asks: the shares' standard error is then below 0.5 %."""


@dataclass(frozen=True)
class Leak:
    """Shares (0..1) over tiles and their k nearest neighbours among all, by cosine, compared exactly.

    Attributes:
        same_city: of neighbours in the tile's own city.
        within_km: of neighbours nearer than each of RADII_KM.
    """

    same_city: float
    within_km: dict[int, float]


def measure_leak(vectors: np.ndarray, city_ids: np.ndarray, lon: np.ndarray, lat: np.ndarray, k: int = 10) -> Leak:
    """The leak of vectors (n, dimension), n >= 2, at the places lon, lat (degrees); at most n - 1 neighbours.

    All tiles ask, or a sample of MAX_ASKING (the same each time).
    """
    unit = unit_vectors(vectors)
    unit = unit.astype(np.float32)
    places = positions_on_sphere(lon, lat)
    k = min(k, len(unit) - 1)
    asking = np.sort(np.random.default_rng(0).permutation(len(unit))[:MAX_ASKING])
    same, near = 0, dict.fromkeys(RADII_KM, 0)
    for rows in np.split(asking, range(BLOCK, len(asking), BLOCK)):
        similarity = unit[rows] @ unit.T
        similarity[np.arange(len(rows)), rows] = -np.inf
        nearest = np.argpartition(-similarity, k - 1, axis=1)[:, :k]
        same += int((city_ids[nearest] == city_ids[rows, None]).sum())
        cosine = np.einsum("nd,nkd->nk", places[rows], places[nearest]).clip(-1, 1)
        distance_km = np.arccos(cosine) * EARTH_RADIUS_M / 1000
        for radius in RADII_KM:
            near[radius] += int((distance_km < radius).sum())
    total = len(asking) * k
    return Leak(same / total, {radius: n / total for radius, n in near.items()})
