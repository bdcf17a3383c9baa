"""The layout: similar tiles lie near each other, a seed makes it reproducible, and few tiles are possible."""

import subprocess
import sys

import numpy as np
import pytest

from etl.vectors.umap_layout import BLOCK, EXACT_BELOW, MIN_TILES, make_layout, place


def groups(n: int, seed: int = 0) -> np.ndarray:
    rng = np.random.default_rng(seed)
    centres = rng.normal(size=(3, 768))
    return (np.repeat(centres, n // 3, axis=0) + 0.3 * rng.normal(size=(n, 768))).astype(np.float32)


def test_similar_tiles_lie_together_and_the_seed_makes_it_reproducible() -> None:
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


def test_the_neighbour_search_is_compiled_only_for_many_tiles() -> None:
    """In a new process, in which nothing has imported umap."""
    code = (
        "import sys; from etl.vectors.umap_layout import _import_umap as load\n"
        "def is_compiled(): return hasattr(sys.modules['pynndescent.utils'].tau_rand_int, 'py_func')\n"
        f"load({EXACT_BELOW - 1}); few = is_compiled(); load({EXACT_BELOW}); print(few, is_compiled())"
    )
    run = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert run.stdout.split() == ["False", "True"]


@pytest.mark.parametrize("n", [1, 2, MIN_TILES - 1])
def test_few_tiles_get_finite_positions(n: int) -> None:
    layout = make_layout(groups(12)[:n])
    assert layout.method == "pca"
    assert layout.places.shape == (n, 2)
    assert np.isfinite(layout.places).all()


def test_a_new_tile_is_placed_among_similar_ones_whatever_else_is_new() -> None:
    vectors = groups(60)
    places = np.repeat([[0, 0], [10, 0], [0, 10]], 20, axis=0).astype(np.float32)
    new = groups(60, seed=0)[[0, 20, 40]] * 3  # length does not matter
    together = np.concatenate(list(place(new, vectors, places)))
    np.testing.assert_allclose(together, [[0, 0], [10, 0], [0, 10]], atol=1e-5)
    for i in range(3):
        np.testing.assert_allclose(
            np.concatenate(list(place(new[i : i + 1], vectors, places)))[0], together[i], atol=1e-5
        )


def test_a_tile_equal_to_all_others_is_placed_at_their_mean() -> None:
    vectors = np.ones((20, 768), np.float32)
    places = np.tile([[2.0, 4.0]], (20, 1)).astype(np.float32)
    (found,) = place(vectors[:1], vectors, places)
    np.testing.assert_allclose(found, [[2, 4]], atol=1e-6)


def test_blocks_of_new_tiles_keep_their_order() -> None:
    vectors = groups(60)
    places = np.repeat([[0, 0], [10, 0], [0, 10]], 20, axis=0).astype(np.float32)
    rows = np.resize(np.arange(60), BLOCK + 7)
    found = list(place(vectors[rows], vectors, places))
    assert [len(block) for block in found] == [BLOCK, 7]
    np.testing.assert_allclose(np.concatenate(found), places[rows], atol=1e-5)
