"""Computing over the patch embeddings of all cities of a job, chunk by chunk."""

from collections.abc import Callable, Iterator
from typing import Any, TypeVar

from etl.cities.city import City
from etl.store.patches import chunks
from etl.store.work_files import PATCHES
from etl.tasks.job import Job
from etl.tasks.parallel import by_threads

T = TypeVar("T")


def over_chunks(job: Job, stage: str, work: Callable[..., T], *more: Any) -> Iterator[tuple[City, T]]:
    """Yield each city with ``work(path, tiles, *more)`` for each chunk of its ``patches.zarr``, in order, with a bar.

    Args:
        job: the run.
        stage: the bar's label.
        work: reads the given tiles of the file at the given path; computed by threads, because decompression and sums
            release the GIL.
        more: further arguments of ``work``.
    """
    paths = [(city, job.path(city.city_id, PATCHES)) for city in job.cities]
    parts = [(city, path, tiles) for city, path in paths for tiles in chunks(path)]
    results = by_threads(work, ((path, tiles, *more) for _, path, tiles in parts))
    with job.bar(stage, "tile", sum(tiles.stop - tiles.start for _, _, tiles in parts)) as bar:
        for (city, _, tiles), result in zip(parts, results, strict=True):
            yield city, result
            bar.update(tiles.stop - tiles.start)
