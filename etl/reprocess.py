"""Making all vectors of a database again with another post-processing, and switching to them in one transaction.

Vectors of two post-processings cannot be compared, so readers never see both. The new vectors are kept in work files
until all are complete. A process killed before the switch has changed nothing; the same command resumes it.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from db.connect import connect
from db.embedding_sets.restart import restart_set
from db.index import drop_indexes
from db.settings import Settings
from etl.errors import ConcurrentChangeError, EmptyDatabaseError, WorkFileError
from etl.stages import aggregate, bias, blocks, index, layout, load
from etl.stages.bias import BiasRequest
from etl.stages.fit import completed, fit, is_refit_due
from etl.store.cities import loaded_cities, read_stored_cities
from etl.store.encoder import read_encoder, write_post_processing
from etl.store.work_files import PATCHES
from etl.tasks.job import BarFactory, Job, make_job, raise_for
from etl.tasks.ledger import heartbeat
from etl.tasks.locks import one_at_a_time
from etl.vectors.bias.spatial_bias import SpatialBias
from etl.vectors.post_processing import PostProcessing

log = logging.getLogger(__name__)

Connection = psycopg.Connection[Any]


def remove_bias(settings: Settings, request: BiasRequest, bar: BarFactory) -> PostProcessing:
    """Measure spatial bias over all loaded tiles, and make all vectors again as requested.

    A post-processing that is not recorded as fitted to real tiles alone is fitted again if there are real ones.

    Returns:
        The post-processing of the new vectors.

    Raises:
        EmptyDatabaseError: nothing is loaded.
        WorkFileError: patches are not on this machine.
        FailedCitiesError: cities failed.
        ConcurrentChangeError: another process loaded cities.
    """
    with connect(settings, "etl", autocommit=True) as conn:
        jobs = _jobs(settings, conn, bar)
        stored = read_encoder(conn) if jobs else None
        if stored is None:
            raise EmptyDatabaseError("the database holds no vectors; fill it with `terrakin etl run` first")
        _check_patches(jobs)
        recorded = stored.post_processing
        if request.post_processing is not None or is_refit_due(recorded, jobs):
            stored = replace(stored, post_processing=fit(jobs, request.post_processing or recorded.method))
        chosen, measured = bias.run(jobs, request, stored)
        processing = completed(jobs, chosen)
        failed = []
        for job in jobs:
            with heartbeat(settings, job.ledger.worker):
                failed += aggregate.run(job, processing) + blocks.run(job, processing)
        raise_for(failed, sum(len(job.cities) for job in jobs))
        _load(settings, conn, jobs, processing, measured)
        with one_at_a_time(conn, "layout"):
            layout.run(conn, bar)
            index.run(settings, bar)
    return processing


def _jobs(settings: Settings, conn: Connection, bar: BarFactory) -> list[Job]:
    known = {city.city_id: city for city in read_stored_cities(conn)}
    return [
        make_job(settings, conn, [known[city_id] for city_id in city_ids], period, bar)
        for period, city_ids in loaded_cities(conn)
    ]


def _check_patches(jobs: Sequence[Job]) -> None:
    """Raise if a city's vectors cannot be made again, because they could no longer be compared with the others.

    Raises:
        WorkFileError: patches are not on this machine.
    """
    missing = [c.name for job in jobs for c in job.cities if not job.made_from(c.city_id, PATCHES)]
    if missing:
        raise WorkFileError(
            f"no patch embeddings of {', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''} under "
            f"{jobs[0].settings.home / 'work'}; run this where they were embedded, or embed those cities again"
        )


def _load(
    settings: Settings, conn: Connection, jobs: Sequence[Job], processing: PostProcessing, measured: SpatialBias
) -> None:
    """Load the new vectors: all at once if their post-processing is new, else city by city."""
    now = read_encoder(conn)
    if now is None or now.post_processing.to_json() != processing.to_json():
        # Updating the indexes row by row takes longer than building them, which stage index does.
        drop_indexes(settings)
        _switch(conn, jobs, processing, measured)
        return
    write_post_processing(conn, processing, measured)
    failed = []
    for job in jobs:
        with heartbeat(settings, job.ledger.worker):
            failed += load.run(job)
    raise_for(failed, sum(len(job.cities) for job in jobs))


def _switch(conn: Connection, jobs: Sequence[Job], processing: PostProcessing, measured: SpatialBias) -> None:
    """Record the post-processing and load all vectors made with it, in one transaction.

    Raises:
        ConcurrentChangeError: other cities are loaded than when the jobs were made.
    """
    with conn.transaction():
        # This locks its row: other processes wait before they load, and then fail.
        write_post_processing(conn, processing, measured)
        log.info("stage=bias event=switching")
        if loaded_cities(conn) != [(job.period, [city.city_id for city in job.cities]) for job in jobs]:
            raise ConcurrentChangeError("another process loaded cities in the meantime; run the same command again")
        restart_set(conn, "block", "mean", len(processing.mean))
        for job in jobs:
            load.run_all(job)
