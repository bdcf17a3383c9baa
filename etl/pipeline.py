"""Running the stages in order, each for the cities that need it, after cheap checks of the whole request."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import psycopg

from db.connect import connect
from db.settings import Settings
from etl.cities.city import City, by_period, select_cities
from etl.cities.files import read_cities
from etl.cities.grid import assign_cells
from etl.encoders.encoder import Encoder
from etl.encoders.selection import EncoderChoice, load_encoder
from etl.encoders.validity import MIN_TILE_VALID_SHARE
from etl.errors import CityError, EmptyDatabaseError
from etl.imagery.dask_cluster import DaskOptions
from etl.imagery.stac.catalogue import Source, check_catalogue
from etl.period import Period
from etl.stages import aggregate, blocks, composite, embed, index, layout, load, thumbnail
from etl.stages.bias import BiasRequest
from etl.stages.encoder import check_encoder, fitted_encoder
from etl.stages.fit import check_post_processing, post_processing
from etl.store.cities import check_period, read_stored_cities, write_cities
from etl.tasks.job import BarFactory, Job, make_job, make_jobs, raise_for
from etl.tasks.ledger import Stage, heartbeat
from etl.tasks.locks import one_at_a_time
from etl.tasks.progress import tile_counts


@dataclass(frozen=True)
class Request:
    """The options of a run.

    Attributes:
        source: where the scenes of a period are searched.
        period: days of the scenes of cities that have no period of their own; None if all have one.
        city_file: cities in any vector format; None uses those of the database.
        places: load these alone, beside the cities of the database.
        city_names: only these cities (names or ids); empty for all.
        limit: maximum number of cities; None for all.
        encoder: the encoder and its weights.
        dask: where imagery is computed.
        post_processing: one of etl.vectors.choices.POST_PROCESSINGS; None uses the recorded one, else the
            default.
        bias_removal: how spatial bias is removed before vectors are made; None does as is recorded, else nothing.
        min_valid_share: tiles with a lower share of clear pixels are not embedded.
        with_layout: whether tiles are laid out and indexed in the end.
    """

    source: Callable[[Period], Source]
    period: Period | None
    city_file: Path | None
    places: Sequence[City] = ()
    city_names: Sequence[str] = ()
    limit: int | None = None
    encoder: EncoderChoice = field(default_factory=EncoderChoice)
    dask: DaskOptions = field(default_factory=DaskOptions)
    post_processing: str | None = None
    bias_removal: BiasRequest | None = None
    min_valid_share: float = MIN_TILE_VALID_SHARE
    with_layout: bool = True


def choose_cities(settings: Settings, request_file: Path | None, names: Sequence[str], limit: int | None) -> list[City]:
    """Return the requested cities, by city_id.

    Raises:
        CityError: the file is malformed, a name is unknown, or a city's extent contains no tile.
        EmptyDatabaseError: no file is given, and the database has no cities.
    """
    if request_file is not None:
        known = read_cities(request_file)
    else:
        with connect(settings, "etl", autocommit=True) as conn:
            known = read_stored_cities(conn)
        if not known:
            raise EmptyDatabaseError(
                "the database has no cities; give a city file (--cities), or run `terrakin etl cities`"
            )
    return with_tiles(known, names, limit)


def with_tiles(known: Sequence[City], names: Sequence[str], limit: int | None) -> list[City]:
    """Return those of the known cities that are requested, by city_id.

    Raises:
        CityError: a name is unknown, or a city's tiles all belong to others.
    """
    chosen = sorted(select_cities(known, names), key=lambda city: city.city_id)[:limit]
    cells = assign_cells(known)
    empty = [city.name for city in chosen if not cells[city.city_id]]
    if empty:
        raise CityError(
            f"all tiles in the extent of {', '.join(empty)} belong to other cities, whose centres are nearer; leave "
            "it out, or give an extent that reaches further"
        )
    return chosen


def run(settings: Settings, request: Request, bar: BarFactory) -> list[str]:
    """Run all stages, from cities to indexes.

    Returns:
        etl.tasks.progress.tile_counts after the run.

    Raises:
        EtlError: bad input, before anything is written.
        FailedCitiesError: cities failed, after the others are done.
    """
    chosen = list(request.places) or choose_cities(settings, request.city_file, request.city_names, request.limit)
    cities = by_period(chosen, request.period)
    check_catalogue(request.source(next(iter(cities))))
    encoder = load_encoder(request.encoder)
    with connect(settings, "etl", autocommit=True) as conn:
        _check(conn, request, cities, encoder)
        write_cities(conn, chosen)
        jobs = make_jobs(settings, conn, cities, bar)
        with heartbeat(settings, jobs[0].ledger.worker):
            failed = _composite(jobs, request)
            _raise_if_none_is_left(failed, chosen)
            failed += _embed(jobs, request, encoder)
            _raise_if_none_is_left(failed, chosen)
            processing = post_processing(jobs, request.post_processing, request.bias_removal)
            failed += _for_each(jobs, lambda job: aggregate.run(job, processing))
            failed += _for_each(jobs, lambda job: blocks.run(job, processing))
            failed += _for_each(jobs, load.run)
            failed += _for_each(jobs, thumbnail.run)
        counts = tile_counts(conn)
    if request.with_layout:
        lay_out(settings, bar)
    raise_for(failed, len(chosen))
    return counts


def lay_out(settings: Settings, bar: BarFactory) -> None:
    """Lay out the tiles that have no place in the layout, and bring the indexes up to date."""
    with connect(settings, "etl", autocommit=True) as conn, one_at_a_time(conn, "layout"):
        layout.run(conn, bar)
        index.run(settings, bar)


def run_stage(settings: Settings, stage: Stage, request: Request, bar: BarFactory) -> None:
    """Run one stage for cities of the database.

    Raises:
        EtlError: as ``run``.
    """
    chosen = choose_cities(settings, None, request.city_names, request.limit)
    encoder = load_encoder(request.encoder) if stage == "embed" else None
    (period,) = by_period(chosen, request.period)
    if stage == "composite":
        check_catalogue(request.source(period))
    with connect(settings, "etl", autocommit=True) as conn:
        check_period(conn, [city.city_id for city in chosen], period)
        job = make_job(settings, conn, chosen, period, bar)
        with heartbeat(settings, job.ledger.worker):
            failed = _run_stage(job, stage, request, encoder)
    raise_for(failed, len(chosen))


def _run_stage(job: Job, stage: Stage, request: Request, encoder: Encoder | None) -> list[str]:
    if stage == "composite":
        return _composite([job], request)
    if stage == "embed":
        check_encoder(job.conn, request.encoder, encoder)
        return _embed([job], request, encoder)
    if stage == "aggregate":
        return aggregate.run(job, post_processing([job], request.post_processing, request.bias_removal))
    if stage == "blocks":
        return blocks.run(job, post_processing([job]))
    return load.run(job) if stage == "load" else thumbnail.run(job)


def _composite(jobs: Sequence[Job], request: Request) -> list[str]:
    with composite.lazy_cluster(request.dask) as ensure_cluster:
        return _for_each(jobs, lambda job: composite.run(job, request.source(job.period), ensure_cluster))


def _embed(jobs: Sequence[Job], request: Request, encoder: Encoder | None) -> list[str]:
    chosen = encoder or fitted_encoder(jobs, request.min_valid_share)
    return _for_each(jobs, lambda job: embed.run(job, chosen, request.min_valid_share))


def _for_each(jobs: Sequence[Job], run_one: Callable[[Job], list[str]]) -> list[str]:
    """Run a stage for each job, and return one line per city that failed."""
    return [line for job in jobs for line in run_one(job)]


def _check(
    conn: psycopg.Connection[Any],
    request: Request,
    cities: Mapping[Period, Sequence[City]],
    encoder: Encoder | None,
) -> None:
    """Raise EtlError if the request contradicts what the database contains."""
    check_encoder(conn, request.encoder, encoder)
    check_post_processing(conn, request.post_processing, request.bias_removal)
    for period, some in cities.items():
        check_period(conn, [city.city_id for city in some], period)


def _raise_if_none_is_left(failed: Sequence[str], chosen: Sequence[City]) -> None:
    """Raise if all cities failed: later stages would have no input, and would hide the reason behind other errors."""
    if len(failed) == len(chosen):
        raise_for(failed, len(chosen))
