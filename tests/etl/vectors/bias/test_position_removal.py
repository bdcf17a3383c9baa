"""Removal of position given kind: fewer neighbours are of the same city, and as many of the same kind."""

from dataclasses import dataclass

import numpy as np

from etl.cities.grid import Cell
from etl.metrics.retrieval import precision_at_k
from etl.metrics.spatial_leakage import measure_leakage
from etl.vectors.bias.position_removal import fit_position_removal, kinds
from etl.vectors.bias.spatial_bias import Limits, TileMeans, measure
from etl.vectors.unit import positions_on_sphere

SIDE = 4
N_KINDS = 8
DIMENSION = 96


@dataclass(frozen=True)
class World:
    """Synthetic tiles of known kind."""

    means: TileMeans
    kind: np.ndarray

    def same_city_share(self, vectors: np.ndarray) -> float:
        means = self.means
        return measure_leakage(vectors, means.city_ids, means.lon, means.lat).same_city

    def precision(self, vectors: np.ndarray) -> float:
        return float(precision_at_k(vectors, self.kind, groups=self.means.city_ids).mean())


def make_world(n_cities: int, zone_step: int, is_rotated: bool) -> World:
    """Return cities of 4 x 4 tiles of random kinds; ten dimensions (if rotated: directions) encode their position."""
    rng = np.random.default_rng(7)
    corners = [Cell(1 + zone_step * i % 60, False, 300 + 600 * (zone_step * i // 60 % 6), 150) for i in range(n_cities)]
    cells = [Cell(c.zone, False, c.row + r, c.col + k) for c in corners for r in range(SIDE) for k in range(SIDE)]
    city = np.repeat(np.arange(n_cities), SIDE**2)
    kind = rng.integers(N_KINDS, size=len(cells))
    vectors = 1.0 * rng.normal(size=(N_KINDS, DIMENSION))[kind] + rng.normal(size=(len(cells), DIMENSION))
    bare = TileMeans(vectors.astype(np.float32), cells, city, city)
    places = positions_on_sphere(bare.lon, bare.lat) @ rng.normal(size=(3, 10))
    vectors[:, :10] = 4 * (places - places.mean(axis=0)) / places.std(axis=0) + 0.3 * vectors[:, :10]
    if is_rotated:
        vectors = vectors @ np.linalg.qr(rng.normal(size=(DIMENSION, DIMENSION)))[0]
    return World(TileMeans(vectors.astype(np.float32), cells, city, city), kind)


def test_excluding_planted_dimensions_halves_the_same_city_share() -> None:
    world = make_world(120, 3, is_rotated=False)
    vectors = world.means.vectors
    bias = measure(world.means, Limits())
    assert set(range(10)) <= set(bias.is_excluded.nonzero()[0])
    kept = np.where(bias.is_excluded, 0, vectors)
    assert world.same_city_share(kept) < 0.5 * world.same_city_share(vectors)
    assert world.precision(kept) > 0.99


def test_leace_removes_position_that_no_single_dimension_encodes() -> None:
    world = make_world(120, 3, is_rotated=True)
    vectors = world.means.vectors
    removal = fit_position_removal(world.means, 0.2)
    assert removal is not None
    assert removal.labels == "position given kind"
    assert len(removal.measure) <= 0.2 * DIMENSION
    removed = removal.apply(vectors)
    assert world.same_city_share(removed) < 0.5 * world.same_city_share(vectors)
    assert world.precision(removed) > 0.99
    np.testing.assert_allclose(removed.mean(axis=0), vectors.mean(axis=0), atol=1e-3)


def test_with_few_regions_the_city_itself_is_removed() -> None:
    world = make_world(5, 7, is_rotated=True)
    vectors = world.means.vectors
    removal = fit_position_removal(world.means, 0.3)
    assert removal is not None
    assert removal.labels == "city given kind"
    removed = removal.apply(vectors)
    assert world.same_city_share(removed) < 0.7 * world.same_city_share(vectors)
    assert world.precision(removed) >= world.precision(vectors)


def test_a_share_of_0_removes_nothing() -> None:
    assert fit_position_removal(make_world(5, 7, is_rotated=False).means, 0) is None


def test_kinds_are_reproducible_and_fewer_for_few_tiles() -> None:
    vectors = make_world(5, 7, is_rotated=False).means.vectors
    np.testing.assert_array_equal(kinds(vectors), kinds(vectors))
    assert set(kinds(vectors[:9])) == {0}
