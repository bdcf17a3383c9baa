"""Work on batches of tiles on all cores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

T = TypeVar("T")
MIN_TILES = 64
"""Starting a second process takes about as long as working on this many tiles."""


def by_cores(work: Callable[..., T], batches: Sequence[tuple[Any, ...]], n_tiles: int) -> Iterator[T]:
    """Yield ``work(*batch)`` in the order of the batches, computed by processes, or by this one if tiles are few.

    Args:
        work: a function of a module, so that another process can import it.
        batches: its arguments, which are pickled.
        n_tiles: number of tiles in all batches.
    """
    cores = Parallel(n_jobs=-1 if n_tiles >= MIN_TILES else 1, return_as="generator", max_nbytes=None)
    yield from cores(delayed(work)(*batch) for batch in batches)


def by_threads(work: Callable[..., T], batches: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """Yield ``work(*batch)`` computed by threads: for work that releases the GIL, such as decompression and sums."""
    cores = Parallel(n_jobs=-1, prefer="threads", return_as="generator", pre_dispatch="2*n_jobs")
    yield from cores(delayed(work)(*batch) for batch in batches)
