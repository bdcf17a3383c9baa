"""Running the stages in order, each for the cities that need it, after cheap checks of the whole request."""

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
from etl.encoders.encoder import Encoder
from etl.encoders.selection import EncoderChoice, load_encoder
from etl.errors import CityError, EmptyDatabaseError
from etl.imagery.catalogue import Source, check_catalogue
from etl.imagery.dask_cluster import DaskOptions
from etl.stages import aggregate, composite, embed, index, layout, load, thumbnail
from etl.stages.bias import BiasRequest
from etl.stages.encoder import check_encoder, fitted_encoder
from etl.stages.fit import check_post_processing, post_processing
from etl.store.cities import check_period, read_stored_cities, write_cities
from etl.tasks.job import BarFactory, Job, make_job, raise_for
from etl.tasks.ledger import Stage, heartbeat
from etl.tasks.locks import one_at_a_time
from etl.tasks.progress import tile_counts


@dataclass(frozen=True)
class Request:
    """The options of a run.

    Attributes:
        source: where scenes are searched, and of which days.
        city_file: GeoJSON or CSV of cities; None uses those of the database.
        city_names: only these cities (names or ids); empty for all.
        limit: maximum number of cities; None for all.
        encoder: the encoder and its weights.
        dask: where imagery is computed.
        post_processing: one of etl.vectors.choices.POST_PROCESSINGS; None uses the recorded one, else the
            default.
        bias_removal: how spatial bias is removed before vectors are made; None does as is recorded, else nothing.
    """

    source: Source
    city_file: Path | None
    city_names: Sequence[str] = ()
    limit: int | None = None
    encoder: EncoderChoice = field(default_factory=EncoderChoice)
    dask: DaskOptions = field(default_factory=DaskOptions)
    post_processing: str | None = None
    bias_removal: BiasRequest | None = None


def choose_cities(settings: Settings, request_file: Path | None, names: Sequence[str], limit: int | None) -> list[City]:
    """Return the requested cities, by city_id.

    Raises:
        CityError: the file is malformed, a name is unknown, or a city's extent contains no tile.
        EmptyDatabaseError: no file is given, and the database has no cities.
    """
    if request_file is not None:
        known = read_city_table(request_file) if request_file.suffix == ".csv" else read_cities(request_file)
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
        CityError: a name is unknown, or a city's extent contains no tile.
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
    """Run all stages, from cities to indexes.

    Returns:
        etl.tasks.progress.tile_counts after the run.

    Raises:
        EtlError: bad input, before anything is written.
        FailedCitiesError: cities failed, after the others are done.
    """
    chosen = choose_cities(settings, request.city_file, request.city_names, request.limit)
    check_catalogue(request.source)
    encoder = load_encoder(request.encoder)
    with connect(settings, "etl", autocommit=True) as conn:
        _check(conn, request, chosen, encoder)
        write_cities(conn, chosen)
        job = make_job(settings, conn, chosen, request.source.period, bar)
        with heartbeat(settings, job.ledger.worker):
            failed = composite.run(job, request.source, request.dask)
            _raise_if_none_is_left(failed, job)
            failed += embed.run(job, encoder or fitted_encoder(job))
            _raise_if_none_is_left(failed, job)
            failed += aggregate.run(job, post_processing([job], request.post_processing, request.bias_removal))
            failed += load.run(job)
            failed += thumbnail.run(job)
        with one_at_a_time(conn, "layout"):
            layout.run(conn, bar)
            index.run(settings, bar)
        counts = tile_counts(conn)
    raise_for(failed, len(chosen))
    return counts


def run_stage(settings: Settings, stage: Stage, request: Request, bar: BarFactory) -> None:
    """Run one stage for cities of the database.

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
            failed = _run_stage(job, stage, request, encoder)
    raise_for(failed, len(chosen))


def _run_stage(job: Job, stage: Stage, request: Request, encoder: Encoder | None) -> list[str]:
    if stage == "composite":
        return composite.run(job, request.source, request.dask)
    if stage == "embed":
        check_encoder(job.conn, request.encoder, encoder)
        return embed.run(job, encoder or fitted_encoder(job))
    if stage == "aggregate":
        return aggregate.run(job, post_processing([job], request.post_processing, request.bias_removal))
    return load.run(job) if stage == "load" else thumbnail.run(job)


def _check(conn: psycopg.Connection[Any], request: Request, chosen: Sequence[City], encoder: Encoder | None) -> None:
    """Raise EtlError if the request contradicts what the database contains."""
    check_encoder(conn, request.encoder, encoder)
    check_post_processing(conn, request.post_processing, request.bias_removal)
    check_period(conn, [city.city_id for city in chosen], request.source.period)


def _raise_if_none_is_left(failed: Sequence[str], job: Job) -> None:
    """Raise if all cities failed: later stages would have no input, and would hide the reason behind other errors."""
    if len(failed) == len(job.cities):
        raise_for(failed, len(job.cities))
