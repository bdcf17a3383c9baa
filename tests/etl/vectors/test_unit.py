"""Unit vectors, against their definition and PROJ's geocentric coordinates."""

import numpy as np
from pyproj import Transformer

from etl.vectors.unit import positions_on_sphere, unit_vectors


def test_rows_get_length_1_and_keep_their_direction() -> None:
    vectors = np.random.default_rng(0).normal(size=(20, 7)) * np.logspace(-6, 6, 20)[:, None]
    unit = unit_vectors(vectors)
    assert unit.dtype == np.float32
    np.testing.assert_allclose(np.linalg.norm(unit, axis=1), 1, rtol=1e-6)
    np.testing.assert_allclose(unit * np.linalg.norm(vectors, axis=1, keepdims=True), vectors, rtol=1e-5)


def test_a_row_of_zeros_stays_zero() -> None:
    np.testing.assert_array_equal(unit_vectors(np.zeros((2, 3))), 0)


def test_positions_equal_geocentric_coordinates_on_a_sphere() -> None:
    lon, lat = np.array([0.0, 90, -120, 179.9]), np.array([0.0, 45, -30, 89])
    sphere = Transformer.from_pipeline(
        "+proj=pipeline +step +proj=unitconvert +xy_in=deg +xy_out=rad +step +proj=cart +R=1"
    )
    expected = np.stack(sphere.transform(lon, lat, np.zeros(4)), axis=1)
    np.testing.assert_allclose(positions_on_sphere(lon, lat), expected, atol=1e-12)
