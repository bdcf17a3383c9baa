"""The median of clear looks and the cloud mask, against plain NumPy; offsets that never wrap around."""

import numpy as np
import pystac
import pytest
import xarray as xr
from hypothesis import given
from hypothesis import strategies as st

from etl.imagery import DILATION_M, _clear, _median, _remove_offset
from tests.etl.test_stac import PLANETARY, item

RADIUS_PX = DILATION_M // 10


@given(seed=st.integers(0, 2**32 - 1), n_looks=st.integers(1, 6))
def test_median_equals_numpy_over_clear_looks(seed: int, n_looks: int) -> None:
    rng = np.random.default_rng(seed)
    dn = rng.integers(0, 20_000, size=(3, 4, n_looks, 2)).astype(np.uint16)
    dn[rng.random(dn.shape) < 0.1] = 0
    clear = rng.random((3, 4, n_looks)) < 0.6
    got, n_clear = _median(dn, clear)
    for y, x in np.ndindex(3, 4):
        looks = [dn[y, x, t] for t in range(n_looks) if clear[y, x, t] and (dn[y, x, t] != 0).all()]
        expected = np.rint(np.median(looks, axis=0)) if looks else np.zeros(2)
        np.testing.assert_array_equal(got[y, x], expected)
        assert n_clear[y, x] == len(looks)


def test_clouds_and_shadows_are_grown_and_other_classes_are_not() -> None:
    scl = np.full((1, 61, 61), 4, np.uint8)
    scl[0, 30, 30] = 9
    y, x = np.mgrid[-30:31, -30:31]
    np.testing.assert_array_equal(_clear(scl)[0], np.hypot(y, x) > RADIUS_PX)
    scl[0, 30, 30] = 0
    assert (~_clear(scl)).sum() == 1


@pytest.mark.parametrize(("scl", "is_clear"), list(enumerate([0, 0, 1, 0, 1, 1, 1, 1, 0, 0, 0, 1])))
def test_classes_that_show_the_ground(scl: int, is_clear: int) -> None:
    assert _clear(np.full((1, 3, 3), scl, np.uint8)).all() == bool(is_clear)


def test_offset_keeps_nodata_and_never_wraps() -> None:
    made: pystac.Item = item(PLANETARY, **{"s2:processing_baseline": "04.00"})
    dn = xr.DataArray(np.array([0, 1, 999, 1000, 1001, 65535], np.uint16))
    np.testing.assert_array_equal(_remove_offset(dn, made), [0, 1, 1, 1, 1, 64535])
