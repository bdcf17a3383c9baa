"""Work on batches of tiles by all cores."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from typing import Any, TypeVar

from joblib import Parallel, delayed

T = TypeVar("T")
MIN_TILES = 64
"""Two processes start in about the time that so many tiles take."""


def by_cores(work: Callable[..., T], batches: Sequence[tuple[Any, ...]], n_tiles: int) -> Iterator[T]:
    """Results of ``work(*batch)`` in the order of the batches, by this process alone where there are few tiles.

    Args:
        work: a function of a module, so that another process can import it.
        batches: its arguments, which are sent to that process.
        n_tiles: in all batches together.
    """
    cores = Parallel(n_jobs=-1 if n_tiles >= MIN_TILES else 1, return_as="generator", max_nbytes=None)
    yield from cores(delayed(work)(*batch) for batch in batches)


def by_threads(work: Callable[..., T], batches: Iterable[tuple[Any, ...]]) -> Iterator[T]:
    """The same by threads, for work that leaves the interpreter free: unpacking files, sums over large arrays."""
    cores = Parallel(n_jobs=-1, prefer="threads", return_as="generator", pre_dispatch="2*n_jobs")
    yield from cores(delayed(work)(*batch) for batch in batches)
