"""The median of clear observations and the cloud mask, compared with NumPy; offsets that never wrap around."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.imagery.cloud_mask import (
    DILATION_M,
    FEW_OBSERVATIONS,
    clear_pixels,
    median_of_clear,
    with_dark_data,
    without_offset,
)


@given(seed=st.integers(0, 2**32 - 1), n_observations=st.integers(1, FEW_OBSERVATIONS + 2))
def test_the_median_equals_numpys_over_clear_observations(seed: int, n_observations: int) -> None:
    rng = np.random.default_rng(seed)
    dn = rng.integers(0, 20_000, size=(n_observations, 2, 3, 4)).astype(np.uint16)
    dn[rng.random(dn.shape) < 0.1] = 0
    clear = rng.random((n_observations, 3, 4)) < 0.6
    got, n_clear = median_of_clear(dn, clear)
    for y, x in np.ndindex(3, 4):
        observations = [dn[t, :, y, x] for t in range(n_observations) if clear[t, y, x] and (dn[t, :, y, x] != 0).all()]
        expected = np.rint(np.median(observations, axis=0)) if observations else np.zeros(2)
        np.testing.assert_array_equal(got[:, y, x], expected)
        assert n_clear[y, x] == len(observations)


@pytest.mark.parametrize("resolution_m", [10, 80])
def test_only_clouds_and_shadows_are_dilated(resolution_m: int) -> None:
    scl = np.full((61, 61), 4, np.uint8)
    scl[30, 30] = 9
    y, x = np.mgrid[-30:31, -30:31]
    np.testing.assert_array_equal(clear_pixels(scl, resolution_m), np.hypot(y, x) * resolution_m > DILATION_M)
    scl[30, 30] = 0
    assert (~clear_pixels(scl, resolution_m)).sum() == 1


@pytest.mark.parametrize(("scl", "is_clear"), list(enumerate([0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1])))
def test_classes_that_show_the_ground_are_clear(scl: int, is_clear: int) -> None:
    assert clear_pixels(np.full((3, 3), scl, np.uint8), 10).all() == bool(is_clear)


def test_zero_is_nodata_only_where_all_bands_are_zero() -> None:
    dn = np.array([[[0, 0, 7]], [[0, 300, 8]]], np.uint16)
    np.testing.assert_array_equal(with_dark_data(dn), [[[0, 1, 7]], [[0, 300, 8]]])


def test_an_offset_keeps_nodata_and_never_wraps_around() -> None:
    dn = np.array([0, 1, 999, 1000, 1001, 65535], np.uint16)
    np.testing.assert_array_equal(without_offset(dn, -1000), [0, 1, 1, 1, 1, 64535])
    np.testing.assert_array_equal(without_offset(dn, 0), dn)
