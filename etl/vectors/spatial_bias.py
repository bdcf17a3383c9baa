"""Spatial bias: which dimensions of the embeddings say *where* a tile is rather than *what* it looks like.

Two measures, for all dimensions at once: how alike neighbouring tiles of one city are (Moran's I), and how well a
city's mean can be foretold from its place on Earth (R2 of a cross-validation that leaves out whole regions).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.sparse import csr_array

from etl.cities.grid import COL_LIMIT, Cell
from etl.errors import EncoderError
from etl.vectors.unit import positions_on_sphere

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
        morans_i_floor: below this Moran's I never excludes; 0.5 is a strong similarity of neighbours.
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


@dataclass(frozen=True)
class TileMeans:
    """The mean of every tile's valid patches, post-processed, nothing excluded or removed.

    Attributes:
        vectors: (n, dimension) float32.
        cells: where each is.
        city_ids: (n,) int64.
        looks: (n,) int64, a number of its own for every city and period.
    """

    vectors: np.ndarray
    cells: Sequence[Cell]
    city_ids: np.ndarray
    looks: np.ndarray

    @cached_property
    def lon(self) -> np.ndarray:
        """Of each centre: (n,) float64, degrees."""
        return self._centres[:, 0]

    @cached_property
    def lat(self) -> np.ndarray:
        """Of each centre: (n,) float64, degrees."""
        return self._centres[:, 1]

    @cached_property
    def _centres(self) -> np.ndarray:
        return np.array([cell.centre().coords[0] for cell in self.cells])


def measure(means: TileMeans, limits: Limits) -> SpatialBias:
    """Both measures and what they exclude.

    Raises:
        EncoderError: no tile has a neighbour in its city, so nothing can be measured.
    """
    autocorrelation = morans_i(means.vectors, neighbours(means.cells, means.looks), means.looks)
    r2 = position_r2(*_city_means(means))
    return SpatialBias(autocorrelation, r2, excluded(autocorrelation, r2, limits))


def neighbours(cells: Sequence[Cell], city_ids: np.ndarray) -> csr_array:
    """Row-standardised weights (n, n) of the up to eight tiles around each one, in the same city.

    Raises:
        EncoderError: no tile has a neighbour.
    """
    from libpysal.graph import Graph

    # Queen contiguity on the lattice, every city in a strip of its own so that none touches another.
    city = np.unique(city_ids, return_inverse=True)[1]
    lattice = np.array([(cell.col, cell.row) for cell in cells], dtype=np.float64)
    lattice[:, 0] += 2 * COL_LIMIT * city
    graph = Graph.build_distance_band(lattice, threshold=1.5, binary=True)
    weights: csr_array = graph.transform("r").sparse
    weights.eliminate_zeros()  # tiles without a neighbour are written as neighbours of themselves, with weight 0
    if not weights.nnz:
        raise EncoderError("no tile has a neighbour in its city; spatial bias needs cities of several tiles")
    return weights


def morans_i(vectors: np.ndarray, weights: csr_array, city_ids: np.ndarray) -> np.ndarray:
    """Moran's I (1950) of every dimension inside cities: each city's own mean is taken off first.

    Tiles without a neighbour do not count. A dimension that is constant in every city gets 0.
    """
    has_neighbours = np.asarray(weights.sum(axis=1)).ravel() > 0
    deviation = without_group_means(vectors, city_ids)
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

    region = regions(lon, lat)
    if len(np.unique(region)) < MIN_REGIONS:
        return np.full(means.shape[1], np.nan)
    places = positions_on_sphere(lon, lat)
    missed, spread = np.zeros(means.shape[1]), np.zeros(means.shape[1])
    for train, test in GroupKFold(N_FOLDS).split(places, groups=region):
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


def without_group_means(values: np.ndarray, groups: np.ndarray) -> np.ndarray:
    """Values (n, m) less the mean of their group (n,), float64."""
    _, index, count = np.unique(groups, return_inverse=True, return_counts=True)
    deviation: np.ndarray = values - (_totals(values, index) / count[:, None])[index]
    return deviation


def regions(lon: np.ndarray, lat: np.ndarray) -> np.ndarray:
    """The square of REGION_DEG degrees that holds each place (n,), as a number."""
    region: np.ndarray = np.floor(lon / REGION_DEG) * 1000 + np.floor(lat / REGION_DEG)
    return region


def _totals(values: np.ndarray, index: np.ndarray) -> np.ndarray:
    """Sums of the rows by group; a sparse product, as numpy.add.at takes ten times as long."""
    n = len(index)
    membership = csr_array((np.ones(n), (index, np.arange(n))), shape=(index.max() + 1, n))
    totals: np.ndarray = membership @ values.astype(np.float64, copy=False)
    return totals


def _city_means(means: TileMeans) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Mean vector, longitude and latitude (of the first tile) of each city and period."""
    _, first, index, count = np.unique(means.looks, return_index=True, return_inverse=True, return_counts=True)
    return _totals(means.vectors, index) / count[:, None], means.lon[first], means.lat[first]
