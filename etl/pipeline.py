"""Runs the stages in order, each for what is missing; all that is cheap to check is checked before any writing."""

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from db.connect import connect
from db.settings import Settings
from etl.cities.city import City, read_cities, select_cities
from etl.cities.grid import assign_cells
from etl.cities.table import read_city_table
from etl.encoders.selection import EncoderChoice, check_encoder, load_encoder
from etl.errors import CityError, EtlError
from etl.imagery.catalogue import Source, check_catalogue
from etl.period import Period
from etl.stages import aggregate, composite, embed, index, layout, load, thumbnail
from etl.stages.bias import BiasRequest
from etl.stages.fit import check_post_processing, post_processing
from etl.store.tiles import check_period, read_stored_cities, write_cities
from etl.store.work_files import folder_id
from etl.tasks.city_loop import BarFactory, Job
from etl.tasks.ledger import Ledger, heartbeat, this_worker
from etl.tasks.locks import one_at_a_time
from etl.tasks.progress import tile_counts

log = logging.getLogger(__name__)


@dataclass(frozen=True)
class Request:
    """What a run was asked for.

    Attributes:
        source: where scenes are found, and of which days.
        city_file: GeoJSON or CSV of cities; None takes those of the database.
        city_names: only these cities (names or ids); empty takes all.
        limit: at most so many cities; None takes all.
        encoder: which encoder.
        dask: where imagery is computed.
        post_processing: one of etl.vectors.post_processing.METHODS; None takes the recorded one, else the default.
        bias_removal: what is done about spatial bias before vectors are made; None takes the recorded, else nothing.
    """

    source: Source
    city_file: Path | None
    city_names: Sequence[str] = ()
    limit: int | None = None
    encoder: EncoderChoice = field(default_factory=EncoderChoice)
    dask: composite.DaskOptions = field(default_factory=composite.DaskOptions)
    post_processing: str | None = None
    bias_removal: BiasRequest | None = None


def choose_cities(settings: Settings, request_file: Path | None, names: Sequence[str], limit: int | None) -> list[City]:
    """The cities that were asked for, by city_id.

    Raises:
        CityError: the file is bad, a name is unknown, or a city's extent holds no tile.
    """
    if request_file is not None:
        known = read_city_table(request_file) if request_file.suffix == ".csv" else read_cities(request_file)
    else:
        with connect(settings, "etl", autocommit=True) as conn:
            known = read_stored_cities(conn)
        if not known:
            raise CityError("the database has no cities; give a city file (--cities), or run `terrakin etl cities`")
    return with_tiles(known, names, limit)


def with_tiles(known: Sequence[City], names: Sequence[str], limit: int | None) -> list[City]:
    """Those of the known cities that were asked for, by city_id.

    Raises:
        CityError: a name is unknown, or a city's extent holds no tile.
    """
    chosen = sorted(select_cities(known, names), key=lambda city: city.city_id)[:limit]
    cells = assign_cells(known)
    empty = [city.name for city in chosen if not cells[city.city_id]]
    if empty:
        raise CityError(
            f"no tile has its centre in the extent of {', '.join(empty)}; give a polygon of several square kilometres"
        )
    return chosen


def run(settings: Settings, request: Request, bar: BarFactory) -> list[str]:
    """All stages, from cities to indexes; returns what etl.tasks.ledger.tile_counts says then.

    Raises:
        EtlError: bad input, before anything is written; or after all others went on, the cities that failed.
    """
    chosen = choose_cities(settings, request.city_file, request.city_names, request.limit)
    check_catalogue(request.source)
    encoder = load_encoder(request.encoder)
    with connect(settings, "etl", autocommit=True) as conn:
        check_encoder(conn, request.encoder, encoder)
        check_post_processing(conn, request.post_processing, request.bias_removal)
        check_period(conn, [city.city_id for city in chosen], request.source.period)
        write_cities(conn, chosen)
        job = make_job(settings, conn, chosen, request.source.period, bar)
        with heartbeat(settings, job.ledger.worker):
            failed = composite.run(job, request.source, request.dask)
            _raise_if_none_is_left(failed, job)
            failed += embed.run(job, encoder or embed.fitted_encoder(job))
            _raise_if_none_is_left(failed, job)
            failed += aggregate.run(job, post_processing(job, request.post_processing, request.bias_removal))
            failed += load.run(job)
            failed += thumbnail.run(job)
        with one_at_a_time(conn, "layout"):
            layout.run(conn, bar)
            index.run(settings, bar)
        counts = tile_counts(conn)
    raise_for(failed, len(chosen))
    return counts


def make_job(
    settings: Settings, conn: psycopg.Connection[Any], chosen: Sequence[City], period: Period, bar: BarFactory
) -> Job:
    """Enter the cities' tasks into the ledger, and gather what the stages need."""
    cells = assign_cells(read_stored_cities(conn))
    ledger = Ledger(conn, period, this_worker(), folder_id(settings.home))
    ledger.plan([city.city_id for city in chosen])
    log.info("stage=grid cities=%d tiles=%d", len(chosen), sum(len(cells[c.city_id]) for c in chosen))
    return Job(settings, conn, ledger, chosen, cells, bar)


def run_stage(settings: Settings, stage: str, request: Request, bar: BarFactory) -> None:
    """One of composite, embed, aggregate, load and thumbnail, for cities that are in the database.

    Raises:
        EtlError: as ``run``.
    """
    chosen = choose_cities(settings, None, request.city_names, request.limit)
    encoder = load_encoder(request.encoder) if stage == "embed" else None
    if stage == "composite":
        check_catalogue(request.source)
    with connect(settings, "etl", autocommit=True) as conn:
        check_period(conn, [city.city_id for city in chosen], request.source.period)
        job = make_job(settings, conn, chosen, request.source.period, bar)
        with heartbeat(settings, job.ledger.worker):
            if stage == "composite":
                failed = composite.run(job, request.source, request.dask)
            elif stage == "embed":
                check_encoder(conn, request.encoder, encoder)
                failed = embed.run(job, encoder or embed.fitted_encoder(job))
            elif stage == "aggregate":
                failed = aggregate.run(job, post_processing(job, request.post_processing, request.bias_removal))
            elif stage == "load":
                failed = load.run(job)
            else:
                failed = thumbnail.run(job)
    raise_for(failed, len(chosen))


def _raise_if_none_is_left(failed: Sequence[str], job: Job) -> None:
    """The later stages would have nothing to work on, and would hide the reason behind an error of their own."""
    if len(failed) == len(job.cities):
        raise_for(failed, len(job.cities))


def raise_for(failed: Sequence[str], n_cities: int) -> None:
    """End a run in which cities failed.

    Raises:
        EtlError: the first one's reason, and how many there were.
    """
    if failed:
        others = f" (and {len(failed) - 1} more: terrakin etl status)" if len(failed) > 1 else ""
        raise EtlError(f"{len(failed)} of {n_cities} cities failed. {failed[0]}{others}")
