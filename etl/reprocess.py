"""Makes all vectors of a database again with another post-processing, and switches to them in one transaction.

Vectors of two post-processings cannot be compared, so none are ever seen side by side: the new ones wait in work
files until all are there. Killed before the switch, nothing has changed; after it, the same command goes on.
"""

import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import psycopg

from db.connect import connect
from db.index import drop_indexes
from db.settings import Settings
from etl.errors import EncoderError, EtlError
from etl.pipeline import make_job, raise_for
from etl.stages import aggregate, bias, index, layout, load
from etl.stages.bias import BiasRequest
from etl.stages.fit import fit
from etl.store.encoder import read_encoder, write_post_processing
from etl.store.tiles import loaded_cities, read_stored_cities
from etl.store.work_files import PATCHES
from etl.tasks.city_loop import BarFactory, Job
from etl.tasks.ledger import heartbeat
from etl.tasks.locks import one_at_a_time
from etl.vectors.post_processing import PostProcessing
from etl.vectors.spatial_bias import SpatialBias

log = logging.getLogger(__name__)


def remove_bias(settings: Settings, request: BiasRequest, bar: BarFactory) -> PostProcessing:
    """Measure spatial bias over everything that is loaded, and make all vectors again as the request says.

    Returns:
        The post-processing that the vectors carry now.

    Raises:
        EtlError: nothing is loaded, patches are not on this machine, cities failed, or another process loads.
    """
    with connect(settings, "etl", autocommit=True) as conn:
        jobs = _jobs(settings, conn, bar)
        stored = read_encoder(conn) if jobs else None
        if stored is None:
            raise EncoderError("the database holds no vectors; fill it with `terrakin etl run` first")
        _check_patches(jobs)
        if request.post_processing is not None:
            stored = replace(stored, post_processing=fit(jobs, request.post_processing))
        processing, measured = bias.run(jobs, request, stored)
        failed = []
        for job in jobs:
            with heartbeat(settings, job.ledger.worker):
                failed += aggregate.run(job, processing)
        raise_for(failed, sum(len(job.cities) for job in jobs))
        now = read_encoder(conn)
        if now is None or now.post_processing.to_json() != processing.to_json():
            # Filled row by row they would take longer than building them anew, which the stage index does.
            drop_indexes(settings)
            _switch(conn, jobs, processing, measured)
        else:
            write_post_processing(conn, processing, measured)
            for job in jobs:
                with heartbeat(settings, job.ledger.worker):
                    failed += load.run(job)
            raise_for(failed, sum(len(job.cities) for job in jobs))
        with one_at_a_time(conn, "layout"):
            layout.run(conn, bar)
            index.run(settings, bar)
    return processing


def _jobs(settings: Settings, conn: psycopg.Connection[Any], bar: BarFactory) -> list[Job]:
    known = {city.city_id: city for city in read_stored_cities(conn)}
    return [
        make_job(settings, conn, [known[city_id] for city_id in city_ids], period, bar)
        for period, city_ids in loaded_cities(conn)
    ]


def _check_patches(jobs: Sequence[Job]) -> None:
    """Refuse to start where a city's vectors could not be made again: they could no longer be compared with others.

    Raises:
        EncoderError: patches are not on this machine.
    """
    missing = [c.name for job in jobs for c in job.cities if not job.made_from(c.city_id, PATCHES)]
    if missing:
        raise EncoderError(
            f"no patch embeddings of {', '.join(missing[:5])}{' ...' if len(missing) > 5 else ''} under "
            f"{jobs[0].settings.home / 'work'}; run this where they were embedded, or embed those cities again"
        )


def _switch(
    conn: psycopg.Connection[Any], jobs: Sequence[Job], processing: PostProcessing, measured: SpatialBias
) -> None:
    """Record the post-processing and load all vectors made with it, in one transaction."""
    with conn.transaction():
        # Its row is locked from here on: other processes wait with their loads, and then are refused.
        write_post_processing(conn, processing, measured)
        log.info("stage=bias event=switching")
        if loaded_cities(conn) != [(job.period, [city.city_id for city in job.cities]) for job in jobs]:
            raise EtlError("another process loaded cities meanwhile; run the same command again")
        for job in jobs:
            load.run_all(job)
