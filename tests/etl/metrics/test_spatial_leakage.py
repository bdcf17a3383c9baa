"""Spatial leakage by hand, and of a sample."""

import numpy as np
import pytest

from etl.metrics.spatial_leakage import measure_leakage


def test_neighbours_count_by_city_and_by_distance() -> None:
    # Two cities on the equator, 1 degree (111 km) apart; each tile is similar to the other tile of its city.
    vectors = np.array([[1, 0], [1, 0.01], [0, 1], [0.01, 1]], dtype=np.float32)
    cities = np.array([1, 1, 2, 2])
    near = measure_leakage(vectors, cities, np.array([0, 0.1, 1, 1.1]), np.zeros(4), k=1)
    assert (near.same_city, near.within_km) == (1.0, {25: 1.0, 100: 1.0, 500: 1.0})
    far = measure_leakage(vectors, cities, np.array([0, 1, 20, 40]), np.zeros(4), k=1)
    assert far.within_km == {25: 0.0, 100: 0.0, 500: 0.5}


def test_a_sample_of_queries_gives_nearly_the_same_share(monkeypatch: pytest.MonkeyPatch) -> None:
    rng = np.random.default_rng(6)
    cities = np.repeat(np.arange(100), 20)
    vectors = (rng.normal(size=(100, 30))[cities] + rng.normal(size=(2000, 30))).astype(np.float32)
    positions = (rng.uniform(-180, 180, 100)[cities], rng.uniform(-60, 60, 100)[cities])
    of_all = measure_leakage(vectors, cities, *positions)
    monkeypatch.setattr("etl.metrics.spatial_leakage.MAX_QUERIES", 600)
    of_sample = measure_leakage(vectors, cities, *positions)
    assert of_sample != of_all
    assert abs(of_sample.same_city - of_all.same_city) < 0.05
