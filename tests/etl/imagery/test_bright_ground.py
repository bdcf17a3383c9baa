"""Patches that are "cloud" on all dates are ground, clouds are not."""

import numpy as np
import pytest

from etl.imagery.bright_ground import MAX_PATCH_M2, find_patches, ground_of
from etl.imagery.cloud_mask import clear_pixels
from etl.imagery.sentinel2 import BANDS

SIDE = 80
ROOF = (slice(30, 34), slice(40, 44))
N_ROOF_PX = 16
RESOLUTION_M = 10


def dates(n: int) -> tuple[np.ndarray, np.ndarray]:
    """Return scene classes of clear vegetation, and DN of constant ground with a bright roof."""
    scl = np.full((n, SIDE, SIDE), 4, np.uint8)
    dn = np.full((n, len(BANDS), SIDE, SIDE), 800, np.uint16)
    dn[:, :, ROOF[0], ROOF[1]] = 5000
    return scl, dn


def flagged(n_dates: int, n_cloud: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the same with the roof as cloud on the first so many dates."""
    scl, dn = dates(n_dates)
    scl[:n_cloud, ROOF[0], ROOF[1]] = 9
    return scl, dn


def ground(scl: np.ndarray, dn: np.ndarray) -> np.ndarray:
    return ground_of(find_patches(scl, RESOLUTION_M), dn)


@pytest.mark.parametrize(("n_dates", "n_cloud"), [(4, 4), (5, 4), (10, 8)])
def test_a_roof_that_is_cloud_on_nearly_all_dates_is_ground(n_dates: int, n_cloud: int) -> None:
    scl, dn = flagged(n_dates, n_cloud)
    expected = np.zeros((SIDE, SIDE), bool)
    expected[ROOF] = True
    np.testing.assert_array_equal(ground(scl, dn), expected)


@pytest.mark.parametrize(
    ("n_dates", "n_cloud", "is_dilated"), [(3, 3, False), (2, 2, False), (3, 2, True), (1, 1, True)]
)
def test_on_few_dates_it_stays_masked_and_is_not_dilated_if_it_is_on_all(
    n_dates: int, n_cloud: int, is_dilated: bool
) -> None:
    scl, dn = flagged(n_dates, n_cloud)
    patches = find_patches(scl, RESOLUTION_M)
    assert not ground_of(patches, dn).any()
    clear = clear_pixels(scl[0], RESOLUTION_M, patches.is_recurring)
    assert not clear[ROOF].any()
    assert ((~clear).sum() > N_ROOF_PX) == is_dilated


def test_what_varies_as_clouds_do_stays_masked() -> None:
    scl, dn = flagged(5, 5)
    dn[:, :, ROOF[0], ROOF[1]] = np.array([1500, 6000, 3000, 9000, 2000], np.uint16)[:, None, None, None]
    assert not ground(scl, dn).any()


@pytest.mark.parametrize("side", [10, 11])
def test_a_patch_of_more_than_a_hectare_stays_cloud(side: int) -> None:
    scl, dn = dates(5)
    scl[:, 30 : 30 + side, 40 : 40 + side] = 8
    assert ground(scl, dn).any() == (side**2 * RESOLUTION_M**2 <= MAX_PATCH_M2)


def test_dates_on_which_a_larger_cloud_is_near_do_not_count() -> None:
    scl, dn = flagged(6, 6)
    scl[:3, 20:34, 20:60] = 9
    assert not ground(scl, dn).any()
    patches = find_patches(scl, RESOLUTION_M)
    assert patches.is_open[3:].all()
    assert not patches.is_open[:3, 25, 40].any()
    scl, dn = flagged(7, 7)
    scl[:3, 20:34, 20:60] = 9
    assert ground(scl, dn)[ROOF].all()


def test_a_roof_in_haze_on_single_dates_is_used_on_the_others() -> None:
    scl, dn = flagged(6, 6)
    scl[0] = 8
    patches = find_patches(scl, RESOLUTION_M)
    used = ground_of(patches, dn) & patches.is_open
    assert not used[0].any()
    assert used[1:, ROOF[0], ROOF[1]].all()


def test_a_cloud_at_the_edge_may_go_on_outside_and_is_dilated() -> None:
    scl, dn = dates(5)
    scl[:, 0:3, 10:13] = 9
    patches = find_patches(scl, RESOLUTION_M)
    assert not patches.is_recurring.any()
    assert not ground_of(patches, dn).any()
