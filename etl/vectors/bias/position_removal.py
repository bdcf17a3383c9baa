"""Removal of position by LEACE: the labels that describe where a tile is.

Cities also differ in what they contain, which is not bias. Therefore tiles are first clustered into kinds by
appearance, and only the variation with position within a kind is removed.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, hstack
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.vectors.bias.leace import LinearRemoval, fit_leace
from etl.vectors.bias.spatial_bias import DEGREE, MIN_REGIONS, TileMeans, regions, without_group_means
from etl.vectors.unit import positions_on_sphere

MAX_KINDS = 20
TILES_PER_KIND = 8
"""At most MAX_KINDS kinds, and fewer if each would have fewer tiles than this. On the demo, any number from 10 to 30
lowers the same-city share and raises precision by urban form; without kinds, the share does not change."""
MIN_CITIES_PER_REGION = 3
"""Regions with fewer cities are not labels: they would identify the city."""


def fit_position_removal(means: TileMeans, max_share: float) -> LinearRemoval | None:
    """Return the LEACE removal of a tile's position given its kind.

    With MIN_REGIONS regions or more, the labels are polynomials of the position on Earth, the region, and the position
    within the city. With fewer, the label is the city: afterwards, all cities have the same mean for each kind.

    Args:
        means: all tiles.
        max_share: share of the dimensions; at most that many directions are removed, the strongest first.

    Returns:
        The removal; None if ``max_share`` allows no direction, or nothing covaries with position.
    """
    most = int(max_share * means.vectors.shape[1])
    is_known_well = len(np.unique(regions(means.lon, means.lat))) >= MIN_REGIONS
    name = "position given kind" if is_known_well else "city given kind"

    def labels(kind: np.ndarray) -> csr_array:
        return _position_labels(means) if is_known_well else _city_labels(means, kind)

    # Cluster vectors from which position is already removed regardless of kind; otherwise kinds would be positions.
    one_kind = np.zeros(len(means.vectors), dtype=np.int64)
    kind = kinds(fit_leace(means.vectors, labels(one_kind), name, most).apply(means.vectors))
    removal = fit_leace(without_group_means(means.vectors, kind), labels(kind), name, most)
    if not len(removal.measure):
        return None
    return replace(removal, mean=means.vectors.mean(axis=0, dtype=np.float64).astype(np.float32))


def kinds(vectors: np.ndarray) -> np.ndarray:
    """Return the kind of each vector by k-means: (n, dimension) -> (n,) int; equal input gives equal output."""
    from sklearn.cluster import KMeans

    n_kinds = max(1, min(MAX_KINDS, len(vectors) // TILES_PER_KIND))
    # With several threads, the order of summation would vary.
    with threadpool_limits(1):
        labels: np.ndarray = KMeans(n_kinds, n_init=5, max_iter=100, random_state=0).fit(vectors).labels_
    return labels


def _position_labels(means: TileMeans) -> csr_array:
    from sklearn.preprocessing import PolynomialFeatures

    on_earth = PolynomialFeatures(DEGREE, include_bias=False).fit_transform(positions_on_sphere(means.lon, means.lat))
    lattice = np.array([(cell.row, cell.col) for cell in means.cells], dtype=np.float64)
    in_city = PolynomialFeatures(2, include_bias=False).fit_transform(without_group_means(lattice, means.groups))
    region = regions(means.lon, means.lat)
    n_cities = {number: len(np.unique(means.city_ids[region == number])) for number in np.unique(region)}
    large = [number for number, n in n_cities.items() if n >= MIN_CITIES_PER_REGION]
    return csr_array(hstack([csr_array(on_earth), csr_array(in_city), _membership(region, np.array(large))]))


def _city_labels(means: TileMeans, kind: np.ndarray) -> csr_array:
    """Return membership in each pair of city and kind, except pairs of a single tile: they would identify the tile."""
    _, pair = np.unique(np.stack([means.city_ids, kind]), axis=1, return_inverse=True)
    return _membership(pair, np.flatnonzero(np.bincount(pair) > 1))


def _membership(groups: np.ndarray, chosen: np.ndarray) -> csr_array:
    """Return (n, n_chosen): 1 for members of that group, else 0."""
    column = np.searchsorted(chosen, groups)
    rows = np.flatnonzero(np.isin(groups, chosen))
    return csr_array((np.ones(len(rows)), (rows, column[rows])), shape=(len(groups), len(chosen)))
