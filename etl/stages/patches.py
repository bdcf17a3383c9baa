"""The patch embeddings in the work files, from which all stages after the model start."""

from collections.abc import Iterator

import numpy as np

from etl.stages import Job
from etl.work import PATCHES, read_array, read_attributes

MIN_PATCH_VALID_SHARE = 0.5
"""A patch with fewer valid pixels does not count: what stands in for nodata would."""


def read_patches(job: Job, city_id: int) -> tuple[np.ndarray, np.ndarray]:
    """Of a city: patch embeddings (n, 196, dimension) float16, and which of them count, (n, 196) bool."""
    path = job.path(city_id, PATCHES)
    return read_array(path, "embedding"), read_array(path, "patch_valid_share") >= MIN_PATCH_VALID_SHARE


def valid_patches(job: Job) -> Iterator[np.ndarray]:
    """The patches that count, (m, dimension) float16, city by city, with a bar."""
    with job.bar("fit", "city", len(job.cities)) as bar:
        for city in job.cities:
            embedding, is_valid = read_patches(job, city.city_id)
            yield embedding[is_valid]
            bar.update()


def tile_means(embedding: np.ndarray, is_valid: np.ndarray) -> np.ndarray:
    """The mean of each tile's patches that count: (n, 196, dimension) and (n, 196) -> (n, dimension) float32."""
    weights = is_valid / np.maximum(is_valid.sum(axis=1, keepdims=True), 1)
    means: np.ndarray = (weights[:, None].astype(np.float32) @ embedding.astype(np.float32))[:, 0]
    return means


def encoder_of(job: Job, city_id: int) -> tuple[str, str, str]:
    """Name, weights and SHA-256 of the weights of what made a city's patches."""
    attributes = read_attributes(job.path(city_id, PATCHES)) or {}
    return attributes["encoder"], attributes["weights"], attributes["weights_sha256"]
