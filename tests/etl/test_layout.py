"""The layout: alike tiles lie near each other, a seed gives the same plane again, few tiles are laid out too."""

import numpy as np
import pytest

from etl.layout import MIN_TILES, make_layout


def groups(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 768))
    return (np.repeat(centres, n // 3, axis=0) + 0.3 * rng.normal(size=(n, 768))).astype(np.float32)


def test_alike_tiles_lie_together_and_the_seed_repeats() -> None:
    vectors = groups(60)
    layout = make_layout(vectors)
    assert layout.method == "umap"
    assert layout.parameters["random_state"]
    places = layout.places.reshape(3, 20, 2)
    within = np.linalg.norm(places - places.mean(axis=1, keepdims=True), axis=2).max()
    centres = places.mean(axis=1)
    between = min(np.linalg.norm(centres[i] - centres[j]) for i, j in ((0, 1), (0, 2), (1, 2)))
    assert between > 2 * within
    np.testing.assert_array_equal(make_layout(vectors).places, layout.places)


@pytest.mark.parametrize("n", [1, 2, MIN_TILES - 1])
def test_few_tiles_get_finite_places(n: int) -> None:
    layout = make_layout(groups(12)[:n])
    assert layout.method == "pca"
    assert layout.places.shape == (n, 2)
    assert np.isfinite(layout.places).all()
