"""Spatial bias: which dimensions of the embeddings say *where* a tile is rather than *what* it looks like.

Two measures, for all dimensions at once: how alike neighbouring tiles of one city are (Moran's I), and how well a
city's mean can be foretold from its place on Earth (R2 of a cross-validation that leaves out whole regions).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.sparse import csr_array

from etl.errors import EncoderError
from etl.grid import Cell

N_FOLDS = 5
REGION_DEG = 10
"""Side of the regions that the cross-validation leaves out as a whole; a city must not foretell its neighbour."""
DEGREE = 3
"""Of the polynomials in the unit vector of a place: as fine as spherical harmonics up to degree 3."""
RIDGE_ALPHA = 1.0
MIN_REGIONS = 30
"""With fewer, R2 is chance: over the demo's 10 towns it ran from -3.3 to 0.8."""


@dataclass(frozen=True)
class Limits:
    """When a dimension is excluded.

    Attributes:
        morans_i_floor: below this Moran's I never excludes; 0.5 is a strong likeness of neighbours.
        position_r2_floor: below this R2 never excludes.
        max_share: at most this share of all dimensions is excluded.
    """

    morans_i_floor: float = 0.5
    position_r2_floor: float = 0.1
    max_share: float = 0.2


@dataclass(frozen=True)
class SpatialBias:
    """The figures of every dimension, arrays (dimension,).

    Attributes:
        morans_i: float64, about 0 where neighbours are no more alike than any two tiles of a city.
        position_r2: float64, at most 1; NaN where there are too few regions to tell.
        is_excluded: bool.
    """

    morans_i: np.ndarray
    position_r2: np.ndarray
    is_excluded: np.ndarray


def measure(vectors: np.ndarray, cells: Sequence[Cell], city_ids: np.ndarray, limits: Limits) -> SpatialBias:
    """Both measures and what they exclude.

    Args:
        vectors: (n, dimension) float, one mean a tile, nothing excluded yet.
        cells: where each tile is.
        city_ids: (n,) the city of each tile; another number for each period of it.
        limits: of the exclusion.

    Raises:
        EncoderError: no tile has a neighbour in its city, so nothing can be measured.
    """
    autocorrelation = morans_i(vectors, neighbours(cells, city_ids), city_ids)
    r2 = position_r2(*_city_means(vectors, cells, city_ids))
    return SpatialBias(autocorrelation, r2, excluded(autocorrelation, r2, limits))


def neighbours(cells: Sequence[Cell], city_ids: np.ndarray) -> csr_array:
    """Row-standardised weights (n, n) of the up to eight tiles around each one, in the same city."""
    place = {(city_id, cell): i for i, (city_id, cell) in enumerate(zip(city_ids.tolist(), cells, strict=True))}
    steps = [(dr, dc) for dr in (-1, 0, 1) for dc in (-1, 0, 1) if (dr, dc) != (0, 0)]
    pairs = [
        (i, place[key])
        for (city_id, cell), i in place.items()
        for dr, dc in steps
        if (key := (city_id, _shifted(cell, dr, dc))) in place
    ]
    if not pairs:
        raise EncoderError("no tile has a neighbour in its city; spatial bias needs cities of several tiles")
    rows, cols = np.array(pairs).T
    weights = 1.0 / np.bincount(rows, minlength=len(cells))[rows]
    return csr_array((weights, (rows, cols)), shape=(len(cells), len(cells)))


def morans_i(vectors: np.ndarray, weights: csr_array, city_ids: np.ndarray) -> np.ndarray:
    """Moran's I (1950) of every dimension inside cities: each city's own mean is taken off first.

    Tiles without a neighbour do not count. A dimension that is constant in every city gets 0.
    """
    has_neighbours = np.asarray(weights.sum(axis=1)).ravel() > 0
    deviation = _without_group_means(vectors.astype(np.float64), city_ids)
    # Rows sum to 1, so the number of tiles and the sum of weights in Moran's formula cancel.
    along = (deviation * (weights @ deviation))[has_neighbours].sum(axis=0)
    spread = (deviation[has_neighbours] ** 2).sum(axis=0)
    moran: np.ndarray = np.divide(along, spread, out=np.zeros_like(along), where=spread > 0)
    return moran


def position_r2(means: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """How much of each dimension's variance over cities their place foretells, in regions that were left out.

    Ridge regression on polynomials of the unit vector, cross-validated by regions of REGION_DEG degrees.

    Args:
        means: (n_cities, dimension) mean vectors.
        lon: (n_cities,) degrees.
        lat: (n_cities,) degrees.

    Returns:
        (dimension,) R2 against the mean over the training cities; NaN where there are fewer regions than MIN_REGIONS.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    regions = np.floor(lon / REGION_DEG) * 1000 + np.floor(lat / REGION_DEG)
    if len(np.unique(regions)) < MIN_REGIONS:
        return np.full(means.shape[1], np.nan)
    places = unit_vectors(lon, lat)
    missed, spread = np.zeros(means.shape[1]), np.zeros(means.shape[1])
    for train, test in GroupKFold(N_FOLDS).split(places, groups=regions):
        model = make_pipeline(PolynomialFeatures(DEGREE, include_bias=False), StandardScaler(), Ridge(RIDGE_ALPHA))
        foretold = model.fit(places[train], means[train]).predict(places[test])
        missed += ((means[test] - foretold) ** 2).sum(axis=0)
        spread += ((means[test] - means[train].mean(axis=0)) ** 2).sum(axis=0)
    r2: np.ndarray = 1 - np.divide(missed, spread, out=np.ones_like(missed), where=spread > 0)
    return r2


def excluded(morans_i: np.ndarray, position_r2: np.ndarray, limits: Limits) -> np.ndarray:
    """Which dimensions lie above both knee and floor of a measure; at most ``max_share`` of them all.

    Where that would be too many, those with the largest sum of both measures are taken.
    """
    r2 = np.nan_to_num(position_r2, nan=-np.inf)
    chosen: np.ndarray = (morans_i > max(knee(morans_i), limits.morans_i_floor)) | (
        r2 > max(knee(np.maximum(r2, 0)), limits.position_r2_floor)
    )
    n_most = int(limits.max_share * len(morans_i))
    if chosen.sum() > n_most:
        score = np.where(chosen, morans_i + np.maximum(r2, 0), -np.inf)
        chosen = np.zeros_like(chosen)
        chosen[np.argsort(-score, kind="stable")[:n_most]] = True
    return chosen


def knee(values: np.ndarray) -> float:
    """The value at the knee of the values in falling order: farthest below the line from the first to the last.

    It is the first value of the flat part. After Satopaa et al. 2011, "Finding a Kneedle in a Haystack". Of a curve
    without one, the highest value.
    """
    ordered: np.ndarray = np.sort(values)[::-1]
    line = np.linspace(ordered[0], ordered[-1], len(ordered))
    return float(ordered[np.argmax(line - ordered)])


def unit_vectors(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Places in degrees -> (n, 3) unit vectors from the centre of a sphere."""
    phi, theta = np.radians(lon), np.radians(lat)
    return np.stack([np.cos(theta) * np.cos(phi), np.cos(theta) * np.sin(phi), np.sin(theta)], axis=1)


def _shifted(cell: Cell, d_row: int, d_col: int) -> Cell | None:
    try:
        return Cell(cell.zone, cell.is_south, cell.row + d_row, cell.col + d_col)
    except ValueError:  # beyond the lattice
        return None


def _without_group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    _, index, count = np.unique(groups, return_inverse=True, return_counts=True)
    totals = np.zeros((len(count), values.shape[1]))
    np.add.at(totals, index, values)
    deviation: np.ndarray = values - (totals / count[:, None])[index]
    return deviation


def _city_means(
    vectors: np.ndarray, cells: Sequence[Cell], city_ids: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean vector, longitude and latitude (of the first tile) of each city."""
    _, first, index, count = np.unique(city_ids, return_index=True, return_inverse=True, return_counts=True)
    totals = np.zeros((len(count), vectors.shape[1]))
    np.add.at(totals, index, vectors)
    centres = [cells[i].centre() for i in first]
    return totals / count[:, None], np.array([c.x for c in centres]), np.array([c.y for c in centres])
