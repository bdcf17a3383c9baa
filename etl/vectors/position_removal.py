"""What linear removal takes off: which labels say where a tile is.

Cities differ because they look different, too, and that is not bias. So tiles are first sorted into kinds by what
they look like, and only how tiles of one kind differ with their place is removed.
"""

from dataclasses import replace

import numpy as np
from scipy.sparse import csr_array, hstack
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from etl.vectors.leace import LinearRemoval, fit_leace
from etl.vectors.spatial_bias import DEGREE, MIN_REGIONS, TileMeans, regions, without_group_means
from etl.vectors.unit import positions_on_sphere

MAX_KINDS = 20
TILES_PER_KIND = 8
"""At most MAX_KINDS, and fewer where each would have fewer tiles. On the demo any number from 10 to 30 lowers
the same-city share, and raises precision by urban form; without kinds the share stays as it is."""
MIN_CITIES_PER_REGION = 3
"""A region of fewer cities is no label: it would be the city."""


def fit_place_removal(means: TileMeans, max_share: float) -> LinearRemoval | None:
    """LEACE of a tile's place, given its kind.

    With MIN_REGIONS regions or more, place is a polynomial of the position on Earth, the region, and the position in
    the city; else it is the city itself: then city means of a kind come out all alike.

    Args:
        means: all tiles.
        max_share: of the dimensions; at most so many directions are removed, the strongest first.

    Returns:
        None where max_share allows no direction, or place says nothing.
    """
    most = int(max_share * means.vectors.shape[1])
    is_known_well = len(np.unique(regions(means.lon, means.lat))) >= MIN_REGIONS
    name = "position given kind" if is_known_well else "city given kind"

    def labels(kind: np.ndarray) -> csr_array:
        return _position_labels(means) if is_known_well else _city_labels(means, kind)

    # Kinds are found where place is removed already, without regard to kinds: else they would be places.
    one_kind = np.zeros(len(means.vectors), dtype=np.int64)
    kind = kinds(fit_leace(means.vectors, labels(one_kind), name, most).apply(means.vectors))
    removal = fit_leace(without_group_means(means.vectors, kind), labels(kind), name, most)
    if not len(removal.measure):
        return None
    return replace(removal, mean=means.vectors.mean(axis=0, dtype=np.float64).astype(np.float32))


def kinds(vectors: np.ndarray) -> np.ndarray:
    """Which kind each of the vectors (n, dimension) is: (n,) int, by k-means; equal input gives equal output."""
    from sklearn.cluster import KMeans

    n_neighboursds = max(1, min(MAX_KINDS, len(vectors) // TILES_PER_KIND))
    # Threads would add up in another order each time.
    with threadpool_limits(1):
        labels: np.ndarray = KMeans(n_neighboursds, n_init=5, max_iter=100, random_state=0).fit(vectors).labels_
    return labels


def _position_labels(means: TileMeans) -> csr_array:
    from sklearn.preprocessing import PolynomialFeatures

    on_earth = PolynomialFeatures(DEGREE, include_bias=False).fit_transform(positions_on_sphere(means.lon, means.lat))
    lattice = np.array([(cell.row, cell.col) for cell in means.cells], dtype=np.float64)
    in_city = PolynomialFeatures(2, include_bias=False).fit_transform(without_group_means(lattice, means.looks))
    region = regions(means.lon, means.lat)
    n_cities = {number: len(np.unique(means.city_ids[region == number])) for number in np.unique(region)}
    large = [number for number, n in n_cities.items() if n >= MIN_CITIES_PER_REGION]
    return csr_array(hstack([csr_array(on_earth), csr_array(in_city), _membership(region, np.array(large))]))


def _city_labels(means: TileMeans, kind: np.ndarray) -> csr_array:
    """Of each city and kind together, where it is not a single tile: that would be the tile's own look."""
    _, pair = np.unique(np.stack([means.city_ids, kind]), axis=1, return_inverse=True)
    return _membership(pair, np.flatnonzero(np.bincount(pair) > 1))


def _membership(groups: np.ndarray, chosen: np.ndarray) -> csr_array:
    """(n, n_chosen): 1 where a member of that group."""
    column = np.searchsorted(chosen, groups)
    rows = np.flatnonzero(np.isin(groups, chosen))
    return csr_array((np.ones(len(rows)), (rows, column[rows])), shape=(len(groups), len(chosen)))
