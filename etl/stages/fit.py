"""The post-processing of a run: the recorded one, or one fitted to all patch vectors and then recorded."""

import logging
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg

from etl.errors import PostProcessingError, WorkFileError
from etl.stages import bias
from etl.stages.bias import BiasRequest
from etl.stages.block_positions import with_block_positions
from etl.stages.patches import count_tiles, fitted_jobs, over_chunks
from etl.stages.texture import with_texture
from etl.store.encoder import EncoderRecord, is_bias_measured, read_encoder, write_encoder, write_post_processing
from etl.store.patches import default_method_of, encoder_of, read_patches
from etl.store.work_files import PATCHES
from etl.tasks.job import Job
from etl.tasks.locks import one_at_a_time
from etl.vectors.post_processing import (
    DEFAULT_METHOD,
    Moments,
    PostProcessing,
    from_moments,
    merged,
    moments_of,
    needs_covariance,
)

log = logging.getLogger(__name__)


def post_processing(
    jobs: Sequence[Job], method: str | None = None, removal: BiasRequest | None = None
) -> PostProcessing:
    """Return the recorded post-processing, or fit one to the patches of this run and record it with its encoder.

    It is fitted to real tiles alone, where there are any.

    Args:
        jobs: the jobs of the run, one per period; at least one.
        method: one of etl.vectors.choices.POST_PROCESSINGS; None uses the recorded one, else the default.
        removal: how spatial bias is removed before any vector is made; None does as is recorded, else nothing.

    Raises:
        PostProcessingError: another method or removal is recorded, or the recorded one is incomplete.
        WorkFileError: patches were made by different encoders, or there are none.
    """
    conn = jobs[0].conn
    with one_at_a_time(conn, "fit"):
        check_post_processing(conn, method, removal)
        stored = read_encoder(conn)
        if stored is None:
            return _fit_and_record(jobs, method or DEFAULT_METHOD, removal)
    if is_refit_due(stored.post_processing, jobs):
        log.warning(
            "event=refit_due the recorded post-processing is not fitted to real tiles alone, but there are real ones; "
            "`terrakin etl bias --removal %s` fits it to these",
            stored.post_processing.removes,
        )
    return stored.post_processing


def is_refit_due(processing: PostProcessing, jobs: Sequence[Job]) -> bool:
    """Return True if the jobs have real tiles, and a post-processing is not recorded as fitted to such tiles alone."""
    return processing.fitted_on != "real" and fitted_jobs(jobs)[0] == "real"


def check_post_processing(conn: psycopg.Connection[Any], method: str | None, removal: BiasRequest | None) -> None:
    """Raise if the stored vectors were made otherwise: vectors of two post-processings cannot be compared.

    A removal that was measured and found nothing to remove is accepted, so that its run can be resumed.

    Raises:
        PostProcessingError: another method, or another removal of spatial bias, is recorded, or no texture is.
    """
    stored = read_encoder(conn)
    if stored is None:
        return
    recorded = stored.post_processing
    if recorded.texture is None:
        raise PostProcessingError(
            "the database's vectors were made without aggregation std; make all of them again with "
            f"`terrakin etl bias --removal {recorded.removes}`"
        )
    if method not in (None, recorded.method):
        raise PostProcessingError(
            f"the database's vectors are {recorded.method}, not {method}; leave --post-processing out, "
            f"or make all of them again with `terrakin etl bias --post-processing {method}`"
        )
    if removal is None or removal.removal == recorded.removes:
        return
    if recorded.removes == "none" and is_bias_measured(conn):
        log.warning("event=nothing_removed spatial bias was measured, and the recorded post-processing removes nothing")
        return
    raise PostProcessingError(
        f"the database's vectors were made with bias removal {recorded.removes}, not {removal.removal}; leave "
        f"--bias-removal out, or make all of them again with `terrakin etl bias --removal {removal.removal}`"
    )


def fit(jobs: Sequence[Job], method: str) -> PostProcessing:
    """Fit a method to the valid patches of all cities of all jobs: real ones alone, where there are any."""
    origin, fitted = fitted_jobs(jobs)
    with_covariance = needs_covariance(method)
    parts = (part for job in fitted for _, part in over_chunks(job, "fit", _moments, with_covariance))
    return replace(from_moments(merged(parts), method), fitted_on=origin, n_tiles=count_tiles(fitted))


def completed(jobs: Sequence[Job], processing: PostProcessing) -> PostProcessing:
    """Return a post-processing with all parts whose fit needs post-processed vectors: texture and block positions."""
    return with_block_positions(jobs, with_texture(jobs, processing))


def _moments(path: Path, tiles: slice, with_covariance: bool) -> Moments:
    embedding, is_valid = read_patches(path, tiles)
    return moments_of(embedding[is_valid], with_covariance)


def _fit_and_record(jobs: Sequence[Job], method: str, removal: BiasRequest | None) -> PostProcessing:
    conn = jobs[0].conn
    ready = [replace(job, cities=[c for c in job.cities if job.made_from(c.city_id, PATCHES)]) for job in jobs]
    paths = [job.path(city.city_id, PATCHES) for job in ready for city in job.cities]
    encoders = {encoder_of(path) for path in paths}
    if len(encoders) != 1:
        folder = jobs[0].settings.home / "work"
        raise WorkFileError(f"{folder} contains patches of {len(encoders)} encoders; embed the cities with one of them")
    record = EncoderRecord(*encoders.pop(), fit(ready, method), default_method_of(paths[0]))
    if removal is None:
        record = replace(record, post_processing=completed(ready, record.post_processing))
        return write_encoder(conn, record).post_processing
    chosen, measured = bias.run(ready, removal, record)
    chosen = completed(ready, chosen)
    with conn.transaction():
        write_encoder(conn, record)
        write_post_processing(conn, chosen, measured)
    return chosen
