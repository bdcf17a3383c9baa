"""Stage aggregate: patch embeddings to one vector a tile and method, kept as ``vectors.zarr``."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
import psycopg
from joblib import Parallel, delayed

from etl.aggregate import VERSION, TileVectors, aggregate
from etl.cities import City
from etl.errors import EncoderError
from etl.locks import one_at_a_time
from etl.post_processing import DEFAULT_METHOD, PostProcessing, fit_post_processing
from etl.stages import Job, fingerprint, walk_cities
from etl.store_encoder import EncoderRecord, read_encoder, write_encoder
from etl.work import PATCHES, VECTORS, read_array, read_attributes, write_arrays

MIN_PATCH_VALID_SHARE = 0.5
"""A patch with fewer valid pixels does not count: what stands in for nodata would."""
METHODS = ("mean", "dominant", "median", "min", "max")
BATCH_TILES = 16
MIN_TILES_FOR_PROCESSES = 64
"""Two processes start in about the time that this many tiles take."""


def post_processing(job: Job, method: str | None = None) -> PostProcessing:
    """The recorded post-processing, else one fitted to all patches of this run and recorded with its encoder.

    Args:
        job: the run.
        method: one of etl.post_processing.METHODS; None takes the recorded one, else the default.

    Raises:
        EncoderError: patches were made by different encoders, or another method is recorded.
    """
    check_post_processing(job.conn, method)
    with one_at_a_time(job.conn, "fit"):
        stored = read_encoder(job.conn)
        return stored.post_processing if stored is not None else _fit_and_record(job, method or DEFAULT_METHOD)


def _fit_and_record(job: Job, method: str) -> PostProcessing:
    ready = replace(job, cities=[city for city in job.cities if job.made_from(city.city_id, PATCHES)])
    encoders = {_encoder_of(job, city.city_id) for city in ready.cities}
    if len(encoders) != 1:
        raise EncoderError(f"patches of {len(encoders)} encoders lie in {job.settings.home / 'work'}; embed them again")
    fitted = fit([ready], method)
    return write_encoder(job.conn, EncoderRecord(*encoders.pop(), fitted)).post_processing


def check_post_processing(conn: psycopg.Connection[Any], method: str | None) -> None:
    """Refuse a method other than the recorded one: vectors of two cannot be compared.

    Raises:
        EncoderError: another is recorded.
    """
    stored = read_encoder(conn) if method else None
    if stored is not None and stored.post_processing.method != method:
        raise EncoderError(
            f"the database's vectors are {stored.post_processing.method}, not {method}; leave --post-processing out, "
            f"or make all of them again with `terrakin etl bias --post-processing {method}`"
        )


def fit(jobs: Sequence[Job], method: str) -> PostProcessing:
    """Fit a method to the valid patches of all cities of all jobs."""
    return fit_post_processing(chain.from_iterable(map(_valid_patches, jobs)), method)


def fingerprints(job: Job, processing: PostProcessing) -> dict[int, str | None]:
    """What each city's vectors are made from under a post-processing; None where its patches are missing."""
    processing_id = fingerprint(processing.to_json())
    made_from = {city.city_id: job.made_from(city.city_id, PATCHES) for city in job.cities}
    return {city_id: source and fingerprint(source, processing_id, VERSION) for city_id, source in made_from.items()}


def run(job: Job, processing: PostProcessing) -> list[str]:
    """Aggregate the patches whose vectors are missing. Returns one line a failed city."""

    def work(city: City, made_from: str, advance: Callable[[int], Any]) -> Mapping[str, Any]:
        return _aggregate(job, processing, city, made_from, advance)

    return walk_cities(job, "aggregate", "tile", fingerprints(job, processing), VECTORS, work)


def _aggregate(
    job: Job, processing: PostProcessing, city: City, made_from: str, advance: Callable[[int], Any]
) -> Mapping[str, Any]:
    _check_encoder_of(job, city)
    path = job.path(city.city_id, PATCHES)
    embedding, is_valid = read_array(path, "embedding"), _is_valid(job, city.city_id)
    parts = []
    for part in _in_batches(processing, embedding, is_valid):
        parts.append(part)
        advance(len(part.mean))
    names = (*METHODS, "dominant_share", "dominant_patches")
    arrays = {name: np.concatenate([getattr(part, name) for part in parts]) for name in names}
    arrays |= {name: read_array(path, name) for name in ("tile_id", "valid_share")}
    write_arrays(job.path(city.city_id, VECTORS), arrays, {"made_from": made_from})
    return {"n_tiles": len(embedding)}


def _in_batches(processing: PostProcessing, embedding: np.ndarray, is_valid: np.ndarray) -> Iterator[TileVectors]:
    """The tiles' vectors in their order: by a process a core, or by this one where starting others takes longer."""
    starts = range(0, len(embedding), BATCH_TILES)
    cores = Parallel(
        n_jobs=-1 if len(embedding) >= MIN_TILES_FOR_PROCESSES else 1, return_as="generator", max_nbytes=None
    )
    yield from cores(
        delayed(_vectors)(processing, embedding[i : i + BATCH_TILES], is_valid[i : i + BATCH_TILES]) for i in starts
    )


def _vectors(processing: PostProcessing, patches: np.ndarray, is_valid: np.ndarray) -> TileVectors:
    return aggregate(processing.apply(patches), is_valid)


def _valid_patches(job: Job) -> Iterator[np.ndarray]:
    with job.bar("fit", "city", len(job.cities)) as bar:
        for city in job.cities:
            yield read_array(job.path(city.city_id, PATCHES), "embedding")[_is_valid(job, city.city_id)]
            bar.update()


def _is_valid(job: Job, city_id: int) -> np.ndarray:
    share = read_array(job.path(city_id, PATCHES), "patch_valid_share")
    return share >= MIN_PATCH_VALID_SHARE


def _check_encoder_of(job: Job, city: City) -> None:
    """Refuse patches of another encoder than the database's: made before it was recorded, or on another machine."""
    stored, (name, weights, sha256) = read_encoder(job.conn), _encoder_of(job, city.city_id)
    if stored is not None and (stored.name, stored.weights_sha256) != (name, sha256):
        raise EncoderError(
            f"its patches were made by {name} ({weights}, {sha256[:12]}), the database's vectors by {stored.name} "
            f"({stored.weights}, {stored.weights_sha256[:12]}); embed it again with that one"
        )


def _encoder_of(job: Job, city_id: int) -> tuple[str, str, str]:
    attributes = read_attributes(job.path(city_id, PATCHES)) or {}
    return attributes["encoder"], attributes["weights"], attributes["weights_sha256"]
