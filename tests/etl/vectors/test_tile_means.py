"""The mean of a tile's valid patches."""

import numpy as np

from etl.vectors.tile_means import tile_means


def test_means_equal_numpy_over_valid_patches() -> None:
    rng = np.random.default_rng(0)
    patches = rng.normal(size=(5, 12, 6)).astype(np.float16)
    valid = rng.random((5, 12)) < 0.5
    valid[:, 0] = True
    means = tile_means(patches, valid)
    expected = [patches[i][valid[i]].astype(np.float64).mean(axis=0) for i in range(5)]
    np.testing.assert_allclose(means, expected, atol=1e-6)
    assert means.dtype == np.float32


def test_a_tile_without_a_valid_patch_gets_zeros() -> None:
    np.testing.assert_array_equal(tile_means(np.ones((1, 3, 2), np.float16), np.zeros((1, 3), bool)), [[0, 0]])
