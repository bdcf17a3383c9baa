"""Perturbations of pixels, and the band statistics, against NumPy and by hand."""

import numpy as np

from etl.cities.grid import TILE_PX
from etl.evaluation.perturbations import SHIFT_PX, band_statistics, shift_inwards, with_gain


def test_a_gain_keeps_nodata_and_clips_instead_of_wrapping() -> None:
    chips = np.array([0, 1, 1000, 60_000], np.uint16)
    assert with_gain(chips, 0.8).tolist() == [0, 1, 800, 48_000]
    assert with_gain(chips, 1.2).tolist() == [0, 1, 1200, 65_535]
    assert with_gain(np.array([1], np.uint16), 0.1).tolist() == [1]


def test_a_shifted_tile_stays_within_the_image_of_its_city() -> None:
    for n in (2, 3, 5):
        for i in range(n):
            shift = shift_inwards(i * TILE_PX, n * TILE_PX)
            assert shift is not None
            assert abs(shift) == SHIFT_PX
            assert 0 <= i * TILE_PX + shift <= (n - 1) * TILE_PX


def test_a_tile_that_fills_the_image_cannot_be_shifted() -> None:
    assert shift_inwards(0, TILE_PX) is None


def test_band_statistics_ignore_nodata() -> None:
    rng = np.random.default_rng(1)
    chips = rng.integers(1, 10_000, (3, 12, 8, 8)).astype(np.uint16)
    expected = np.concatenate([chips.mean(axis=(2, 3)), chips.std(axis=(2, 3))], axis=1)
    np.testing.assert_allclose(band_statistics(chips), expected, rtol=1e-6)
    chips[0, 3, :4] = 0  # nodata in one band is enough
    seen = chips[0, :, 4:]
    np.testing.assert_allclose(band_statistics(chips)[0, :12], seen.mean(axis=(1, 2)), rtol=1e-6)


def test_no_tiles_have_no_band_statistics() -> None:
    """No tile of a city that is one tile can be shifted."""
    assert band_statistics(np.empty((0, 12, 224, 224), np.uint16)).shape == (0, 24)
