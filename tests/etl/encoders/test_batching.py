"""Batches of tiles in parallel threads."""

import threading

import numpy as np
import pytest

from etl.encoders.batching import embed_batches
from etl.encoders.encoder import DIMENSION, N_PATCHES


@pytest.mark.parametrize(
    ("n_chips", "sizes"), [(0, []), (1, [1]), (2, [1, 1]), (5, [2, 3]), (9, [2, 2, 2, 3]), (16, [4, 4, 4, 4])]
)
def test_every_tile_gets_its_vectors_and_batches_have_nearly_equal_size(n_chips: int, sizes: list[int]) -> None:
    chips = np.arange(n_chips, dtype=np.uint16)[:, None, None, None] * np.ones((1, 12, 4, 4), np.uint16)
    seen: list[int] = []

    def run(batch: np.ndarray) -> np.ndarray:
        seen.append(len(batch))
        return np.broadcast_to(batch[:, 0, 0, 0, None, None], (len(batch), N_PATCHES, DIMENSION))

    vectors = embed_batches(run, chips, batch_size=4, n_parallel=2)

    assert vectors.shape == (n_chips, N_PATCHES, DIMENSION)
    np.testing.assert_array_equal(vectors[:, 0, 0], np.arange(n_chips))
    assert sorted(seen) == sizes


def test_batches_run_in_parallel_in_initialised_threads() -> None:
    together = threading.Barrier(2, timeout=10)
    initialised = threading.local()

    def initialise() -> None:
        initialised.yes = True

    def run(batch: np.ndarray) -> np.ndarray:
        together.wait()  # times out if there is only one thread
        assert initialised.yes
        return np.zeros((len(batch), N_PATCHES, DIMENSION), np.float32)

    embed_batches(run, np.zeros((2, 12, 4, 4), np.uint16), 4, 2, initialise)


def test_an_error_in_a_batch_is_propagated() -> None:
    def run(batch: np.ndarray) -> np.ndarray:
        raise MemoryError

    with pytest.raises(MemoryError):
        embed_batches(run, np.zeros((2, 12, 4, 4), np.uint16), 4, 2)
