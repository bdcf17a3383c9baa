"""The median of clear looks and the cloud mask, against plain NumPy; offsets that never wrap around."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from etl.imagery.cloud_mask import DILATION_M, clear_pixels, median_of_clear, without_offset


@given(seed=st.integers(0, 2**32 - 1), n_looks=st.integers(1, 6))
def test_median_equals_numpy_over_clear_looks(seed: int, n_looks: int) -> None:
    rng = np.random.default_rng(seed)
    dn = rng.integers(0, 20_000, size=(n_looks, 2, 3, 4)).astype(np.uint16)
    dn[rng.random(dn.shape) < 0.1] = 0
    clear = rng.random((n_looks, 3, 4)) < 0.6
    got, n_clear = median_of_clear(dn, clear)
    for y, x in np.ndindex(3, 4):
        looks = [dn[t, :, y, x] for t in range(n_looks) if clear[t, y, x] and (dn[t, :, y, x] != 0).all()]
        expected = np.rint(np.median(looks, axis=0)) if looks else np.zeros(2)
        np.testing.assert_array_equal(got[:, y, x], expected)
        assert n_clear[y, x] == len(looks)


@pytest.mark.parametrize("resolution_m", [10, 80])
def test_clouds_and_shadows_are_grown_and_other_classes_are_not(resolution_m: int) -> None:
    scl = np.full((61, 61), 4, np.uint8)
    scl[30, 30] = 9
    y, x = np.mgrid[-30:31, -30:31]
    np.testing.assert_array_equal(clear_pixels(scl, resolution_m), np.hypot(y, x) * resolution_m > DILATION_M)
    scl[30, 30] = 0
    assert (~clear_pixels(scl, resolution_m)).sum() == 1


@pytest.mark.parametrize(("scl", "is_clear"), list(enumerate([0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1])))
def test_classes_that_show_the_ground(scl: int, is_clear: int) -> None:
    assert clear_pixels(np.full((3, 3), scl, np.uint8), 10).all() == bool(is_clear)


def test_offset_keeps_nodata_and_never_wraps() -> None:
    dn = np.array([0, 1, 999, 1000, 1001, 65535], np.uint16)
    np.testing.assert_array_equal(without_offset(dn, -1000), [0, 1, 1, 1, 1, 64535])
    np.testing.assert_array_equal(without_offset(dn, 0), dn)
