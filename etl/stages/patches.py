"""The patch embeddings in the work files, from which all stages after the model start."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any, TypeVar

import numpy as np

from etl.cities.city import City
from etl.encoders.validity import MIN_PATCH_VALID_SHARE
from etl.store.work_files import PATCHES, open_array, read_attributes
from etl.tasks.city_loop import Job
from etl.tasks.parallel import by_threads

T = TypeVar("T")
ALL = slice(None)


def read_patches(path: Path, tiles: slice = ALL) -> tuple[np.ndarray, np.ndarray]:
    """Of a city's tiles: patch embeddings (n, 196, dimension) float16, and which of them count, (n, 196) bool."""
    is_valid = np.asarray(open_array(path, "patch_valid_share")[tiles]) >= MIN_PATCH_VALID_SHARE
    return np.asarray(open_array(path, "embedding")[tiles]), is_valid


def chunks(path: Path) -> list[slice]:
    """A city's tiles, a chunk of its work file at a time: each core reads its own."""
    embedding = open_array(path, "embedding")
    n, step = embedding.shape[0], embedding.chunks[0]
    return [slice(start, min(start + step, n)) for start in range(0, n, step)]


def over_chunks(job: Job, stage: str, work: Callable[..., T], *more: Any) -> Iterator[tuple[City, T]]:
    """Results of ``work(path, tiles, *more)`` for all chunks of all of a job's cities in order, by threads, with a bar.

    Threads: what is done to a chunk (unpacking, sums) leaves the interpreter free.
    """
    paths = [(city, job.path(city.city_id, PATCHES)) for city in job.cities]
    places = [(city, path, tiles) for city, path in paths for tiles in chunks(path)]
    results = by_threads(work, ((path, tiles, *more) for _, path, tiles in places))
    with job.bar(stage, "tile", sum(tiles.stop - tiles.start for _, _, tiles in places)) as bar:
        for (city, _, tiles), result in zip(places, results, strict=True):
            yield city, result
            bar.update(tiles.stop - tiles.start)


def tile_means(embedding: np.ndarray, is_valid: np.ndarray) -> np.ndarray:
    """The mean of each tile's patches that count: (n, 196, dimension) and (n, 196) -> (n, dimension) float32."""
    weights = is_valid / np.maximum(is_valid.sum(axis=1, keepdims=True), 1)
    means: np.ndarray = (weights[:, None].astype(np.float32) @ embedding.astype(np.float32))[:, 0]
    return means


def encoder_of(job: Job, city_id: int) -> tuple[str, str, str]:
    """Name, weights and SHA-256 of the weights of what made a city's patches."""
    attributes = read_attributes(job.path(city_id, PATCHES)) or {}
    return attributes["encoder"], attributes["weights"], attributes["weights_sha256"]
