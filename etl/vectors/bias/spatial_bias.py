"""Spatial bias: which dimensions of the embeddings encode *location* rather than *content*.

Two measures per dimension: spatial autocorrelation of adjacent tiles within a city (Moran's I), and how well a city's
mean is predicted from its position on Earth (R2 of a cross-validation that leaves out whole regions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from etl.cities.grid import COL_LIMIT, Cell
from etl.errors import SpatialBiasError
from etl.vectors.unit import positions_on_sphere

N_FOLDS = 5
REGION_DEG = 10
"""Size of the regions that the cross-validation leaves out as a whole, so that no city predicts a nearby one."""
DEGREE = 3
"""Degree of the polynomials in the unit vector of a position: as fine as spherical harmonics up to degree 3."""
RIDGE_ALPHA = 1.0
MIN_REGIONS = 30
"""With fewer regions, R2 is noise: over the 10 towns of the demo it ranged from -3.3 to 0.8."""


@dataclass(frozen=True)
class Limits:
    """Thresholds for excluding dimensions.

    Attributes:
        morans_i_floor: a dimension with a lower Moran's I is not excluded for it; 0.5 is strong autocorrelation.
        position_r2_floor: a dimension with a lower R2 is not excluded for it.
        max_share: largest share of all dimensions that is excluded.
    """

    morans_i_floor: float = 0.5
    position_r2_floor: float = 0.1
    max_share: float = 0.2


@dataclass(frozen=True)
class SpatialBias:
    """Spatial bias of every dimension, arrays (dimension,).

    Attributes:
        morans_i: float64, about 0 if adjacent tiles are no more similar than any two tiles of a city.
        position_r2: float64, at most 1; NaN if there are too few regions.
        is_excluded: bool.
    """

    morans_i: np.ndarray
    position_r2: np.ndarray
    is_excluded: np.ndarray


@dataclass(frozen=True)
class TileMeans:
    """Post-processed mean of the valid patches of every tile, before any removal of spatial bias.

    Attributes:
        vectors: (n, dimension) float32.
        cells: lattice cell of each tile.
        city_ids: (n,) int64.
        groups: (n,) int64, one number per city and period; tiles of different groups are not neighbours.
    """

    vectors: np.ndarray
    cells: Sequence[Cell]
    city_ids: np.ndarray
    groups: np.ndarray

    @cached_property
    def lon(self) -> np.ndarray:
        """Return the longitude of each tile's centre: (n,) float64, degrees."""
        return self._centres[:, 0]

    @cached_property
    def lat(self) -> np.ndarray:
        """Return the latitude of each tile's centre: (n,) float64, degrees."""
        return self._centres[:, 1]

    @cached_property
    def _centres(self) -> np.ndarray:
        return np.array([cell.centre().coords[0] for cell in self.cells])


def measure(means: TileMeans, limits: Limits) -> SpatialBias:
    """Return both measures, and the dimensions that exceed the limits.

    Raises:
        SpatialBiasError: no tile has an adjacent tile in its city.
    """
    autocorrelation = morans_i(means.vectors, adjacency(means.cells, means.groups), means.groups)
    r2 = position_r2(*_city_means(means))
    return SpatialBias(autocorrelation, r2, excluded(autocorrelation, r2, limits))


def adjacency(cells: Sequence[Cell], groups: np.ndarray) -> csr_array:
    """Return row-standardised weights (n, n) of the up to eight adjacent tiles of the same group.

    Raises:
        SpatialBiasError: no tile has an adjacent one.
    """
    from sklearn.neighbors import radius_neighbors_graph
    from sklearn.preprocessing import normalize

    # Queen contiguity on the lattice; each group is moved to a separate strip so that groups do not touch.
    strip = np.unique(groups, return_inverse=True)[1]
    lattice = np.array([(cell.col, cell.row) for cell in cells], dtype=np.float64)
    lattice[:, 0] += 2 * COL_LIMIT * strip
    adjacent = radius_neighbors_graph(lattice, radius=1.5, include_self=False)
    weights = csr_array(normalize(adjacent, norm="l1"))
    if not weights.nnz:
        raise SpatialBiasError("no tile has an adjacent tile in its city; spatial bias needs cities of several tiles")
    return weights


def morans_i(vectors: np.ndarray, weights: csr_array, groups: np.ndarray) -> np.ndarray:
    """Return Moran's I (Moran 1950) of every dimension within groups: the mean of each group is subtracted first.

    Tiles without an adjacent tile do not count. A dimension that is constant within every group gets 0.

    Args:
        vectors: (n, dimension) float.
        weights: (n, n) from ``adjacency``.
        groups: (n,) int.

    Returns:
        (dimension,) float64.
    """
    has_neighbours = np.asarray(weights.sum(axis=1)).ravel() > 0
    deviation = without_group_means(vectors, groups)
    # Rows sum to 1, so the number of tiles and the sum of weights in Moran's formula cancel.
    along = (deviation * (weights @ deviation))[has_neighbours].sum(axis=0)
    spread = (deviation[has_neighbours] ** 2).sum(axis=0)
    moran: np.ndarray = np.divide(along, spread, out=np.zeros_like(along), where=spread > 0)
    return moran


def position_r2(means: np.ndarray, lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return the share of each dimension's variance between cities that position predicts in held-out regions.

    Ridge regression on polynomials of the unit vector, cross-validated by regions of REGION_DEG degrees.

    Args:
        means: (n_cities, dimension) mean vectors.
        lon: (n_cities,) degrees.
        lat: (n_cities,) degrees.

    Returns:
        (dimension,) R2 relative to the mean of the training cities; NaN if there are fewer than MIN_REGIONS regions.
    """
    from sklearn.linear_model import Ridge
    from sklearn.model_selection import GroupKFold
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import PolynomialFeatures, StandardScaler

    region = regions(lon, lat)
    if len(np.unique(region)) < MIN_REGIONS:
        return np.full(means.shape[1], np.nan)
    positions = positions_on_sphere(lon, lat)
    missed, spread = np.zeros(means.shape[1]), np.zeros(means.shape[1])
    for train, test in GroupKFold(N_FOLDS).split(positions, groups=region):
        model = make_pipeline(PolynomialFeatures(DEGREE, include_bias=False), StandardScaler(), Ridge(RIDGE_ALPHA))
        predicted = model.fit(positions[train], means[train]).predict(positions[test])
        missed += ((means[test] - predicted) ** 2).sum(axis=0)
        spread += ((means[test] - means[train].mean(axis=0)) ** 2).sum(axis=0)
    r2: np.ndarray = 1 - np.divide(missed, spread, out=np.ones_like(missed), where=spread > 0)
    return r2


def excluded(morans_i: np.ndarray, position_r2: np.ndarray, limits: Limits) -> np.ndarray:
    """Return a mask of the dimensions above both the knee and the floor of a measure; at most ``max_share`` of all.

    If there are more, those with the largest sum of both measures are excluded.
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
    """Return the value at the knee of the descending curve: the point farthest below the line between its ends.

    It is the first value of the flat part, or the highest value if the curve has no knee. After Satopaa et al. 2011,
    "Finding a Kneedle in a Haystack".
    """
    ordered: np.ndarray = np.sort(values)[::-1]
    line = np.linspace(ordered[0], ordered[-1], len(ordered))
    return float(ordered[np.argmax(line - ordered)])


def without_group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Return values (n, m) minus the mean of their group (n,), float64."""
    _, index, count = np.unique(groups, return_inverse=True, return_counts=True)
    deviation: np.ndarray = values - (_totals(values, index) / count[:, None])[index]
    return deviation


def regions(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """Return the number of the square of REGION_DEG degrees that contains each position (n,)."""
    region: np.ndarray = np.floor(lon / REGION_DEG) * 1000 + np.floor(lat / REGION_DEG)
    return region


def _totals(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Return the sum of rows by group; a sparse product is ten times as fast as numpy.add.at."""
    n = len(index)
    membership = csr_array((np.ones(n), (index, np.arange(n))), shape=(index.max() + 1, n))
    totals: np.ndarray = membership @ values.astype(np.float64, copy=False)
    return totals


def _city_means(means: TileMeans) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the mean vector, and longitude and latitude of the first tile, of each city and period."""
    _, first, index, count = np.unique(means.groups, return_index=True, return_inverse=True, return_counts=True)
    return _totals(means.vectors, index) / count[:, None], means.lon[first], means.lat[first]
