import numpy as np

from benchmarks.search.keys import K, agreement

RNG = np.random.default_rng(0)
VECTORS = RNG.standard_normal((200, 16)).astype(np.float32)
PLACE = np.repeat(np.arange(10), 20)


def test_the_vectors_agree_with_themselves_at_any_length() -> None:
    scaled = VECTORS * RNG.uniform(1, 5, (200, 1)).astype(np.float32)
    assert agreement(scaled, VECTORS, PLACE).min() == 1


def test_unrelated_keys_agree_as_often_as_chance() -> None:
    keys = RNG.standard_normal((200, 16)).astype(np.float32)
    assert abs(agreement(keys, VECTORS, PLACE).mean() - K / 180) < 0.02


def test_the_own_place_does_not_count() -> None:
    # Keys that differ from the vectors only in how similar blocks of one place are.
    own = np.eye(10, dtype=np.float32)[PLACE] * 3
    assert agreement(np.hstack([VECTORS, own]), np.hstack([VECTORS, 0 * own]), PLACE).mean() > 0.5
