"""Computing over the patch embeddings of jobs: all of them chunk by chunk, or those of a sample of tiles."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from etl.cities.city import City
from etl.store.patches import chunks
from etl.store.work_files import PATCHES
from etl.tasks.job import Job
from etl.tasks.parallel import by_threads

T = TypeVar("T")

SAMPLE_SEED = 20150623


def fitted_jobs(jobs: Sequence[Job]) -> tuple[str, list[Job]]:
    """Return the origin of the tiles to which post-processing is fitted, and the jobs with only their cities.

    Fitted to real tiles alone, where there are any: then synthetic towns do not affect how similar real tiles are.
    """
    has_real = any(not city.is_synthetic for job in jobs for city in job.cities)
    kept = [replace(job, cities=[city for city in job.cities if city.is_synthetic != has_real]) for job in jobs]
    return "real" if has_real else "synthetic", [job for job in kept if job.cities]


def over_chunks(job: Job, stage: str, work: Callable[..., T], *more: Any) -> Iterator[tuple[City, T]]:
    """Yield each city with ``work(path, tiles, *more)`` for each chunk of its ``patches.zarr``, in order, with a bar.

    Args:
        job: the run.
        stage: the bar's label.
        work: reads the given tiles of the file at the given path; computed by threads, because decompression and sums
            release the GIL.
        more: further arguments of ``work``.
    """
    parts = list(_parts(job))
    results = by_threads(work, ((path, tiles, *more) for _, path, tiles in parts))
    with job.bar(stage, "tile", sum(tiles.stop - tiles.start for _, _, tiles in parts)) as bar:
        for (city, _, tiles), result in zip(parts, results, strict=True):
            yield city, result
            bar.update(tiles.stop - tiles.start)


def over_sample(jobs: Sequence[Job], stage: str, n_most: int, work: Callable[..., T], *more: Any) -> Iterator[T]:
    """Yield ``work(path, tiles, rows, *more)`` for each chunk with tiles of a random sample; equal jobs, equal sample.

    Args:
        jobs: at least one.
        stage: the bar's label.
        n_most: number of tiles in the sample, or all if there are fewer.
        work: as for ``over_chunks``; ``rows`` are indexes of the sample's tiles within the chunk.
        more: further arguments of ``work``.
    """
    parts = [(path, tiles) for job in jobs for _, path, tiles in _parts(job)]
    ends = np.cumsum([tiles.stop - tiles.start for _, tiles in parts])
    sample = np.sort(np.random.default_rng(SAMPLE_SEED).permutation(ends[-1])[:n_most])
    rows = np.split(sample, np.searchsorted(sample, ends[:-1]))
    chosen = [
        (path, tiles, some - (end - (tiles.stop - tiles.start)))
        for (path, tiles), end, some in zip(parts, ends, rows, strict=True)
        if len(some)
    ]
    with jobs[0].bar(stage, "tile", len(sample)) as bar:
        for (_, _, some), result in zip(chosen, by_threads(work, ((*part, *more) for part in chosen)), strict=True):
            yield result
            bar.update(len(some))


def count_tiles(jobs: Sequence[Job]) -> int:
    """Return the number of embedded tiles of the jobs' cities."""
    return sum(tiles.stop - tiles.start for job in jobs for _, _, tiles in _parts(job))


def sample_of_cities(jobs: Sequence[Job], n_most: int) -> list[Job]:
    """Return the jobs with a random sample of their cities: real ones first, and the same of equal jobs.

    Args:
        jobs: at least one.
        n_most: cities are drawn until they have this many tiles; all are returned if there are fewer.
    """
    cities = [(i, city, _n_tiles(job, city)) for i, job in enumerate(jobs) for city in job.cities]
    shuffled = [cities[number] for number in np.random.default_rng(SAMPLE_SEED).permutation(len(cities))]
    drawn = sorted(shuffled, key=lambda entry: entry[1].is_synthetic)
    n_before = np.cumsum([0, *(n for _, _, n in drawn)])[:-1]
    kept = {(i, city.city_id) for (i, city, _), n in zip(drawn, n_before, strict=True) if n < n_most}
    chosen = [replace(job, cities=[c for c in job.cities if (i, c.city_id) in kept]) for i, job in enumerate(jobs)]
    return [job for job in chosen if job.cities]


def _n_tiles(job: Job, city: City) -> int:
    return sum(tiles.stop - tiles.start for tiles in chunks(job.path(city.city_id, PATCHES)))


def _parts(job: Job) -> Iterator[tuple[City, Path, slice]]:
    for city in job.cities:
        path = job.path(city.city_id, PATCHES)
        for tiles in chunks(path):
            yield city, path, tiles
