"""Valid pixels and patches."""

import numpy as np

from etl.encoders.validity import patch_valid_share, valid_pixels


def test_a_pixel_is_valid_if_no_band_is_0() -> None:
    chip = np.ones((12, 2, 3), np.uint16)
    chip[7, 0, 1] = 0
    chip[:, 1, 2] = 0
    np.testing.assert_array_equal(valid_pixels(chip), [[True, False, True], [True, True, False]])


def test_patch_shares_run_row_by_row_from_the_north_west() -> None:
    chips = np.ones((2, 12, 224, 224), np.uint16)
    chips[1, 3, 16:32, 32:40] = 0  # half of the patch in row 1, column 2
    expected = np.ones((2, 196), np.float32)
    expected[1, 14 + 2] = 0.5
    share = patch_valid_share(chips)
    np.testing.assert_array_equal(share, expected)
    assert share.dtype == np.float32
