"""``terrakin etl run``, and the commands for stages that work city by city."""

from typing import TYPE_CHECKING, Any

import click

from db.settings import Settings
from etl.cli.options import (
    BIAS_REMOVAL,
    CITIES,
    CITY,
    COLLECTION,
    DASK_SCHEDULER,
    DEFAULT_PERIOD,
    DRY_RUN,
    ENCODER,
    LIMIT,
    MAX_CLOUD_COVER,
    MIN_VALID_SHARE,
    PERIOD,
    POST_PROCESSING,
    PRECISION,
    SIGN,
    STAC,
    WEIGHTS,
    WEIGHTS_SHA256,
    WIDEN_DAYS,
    WITHOUT_LAYOUT,
    WORKERS,
    Options,
    options,
)
from etl.cli.output import list_cities, progress_bar
from etl.cli.request import make_request, warn_of_random_weights

if TYPE_CHECKING:  # commands import heavy modules only when they run
    from etl.tasks.ledger import Stage


@click.command()
@options(
    STAC, COLLECTION, CITIES, DEFAULT_PERIOD, MAX_CLOUD_COVER, WIDEN_DAYS, MIN_VALID_SHARE, SIGN, CITY, LIMIT, ENCODER,
    WEIGHTS, WEIGHTS_SHA256, PRECISION, POST_PROCESSING, BIAS_REMOVAL, WORKERS, DASK_SCHEDULER, WITHOUT_LAYOUT, DRY_RUN,
)  # fmt: skip
@click.pass_obj
def run(settings: Settings, /, dry_run: bool, **given: Any) -> None:
    """Run all stages.

    The same command resumes an interrupted run and repeats nothing that is done.
    """
    from etl import pipeline

    request = make_request(settings, given)
    if dry_run:
        _plan(settings, request)
        return
    warn_of_random_weights(request)
    for line in pipeline.run(settings, request, progress_bar):
        click.echo(line, err=True)


@click.command()
@options(STAC, COLLECTION, PERIOD, MAX_CLOUD_COVER, WIDEN_DAYS, SIGN, CITY, LIMIT, WORKERS, DASK_SCHEDULER)
@click.pass_obj
def composite(settings: Settings, /, **given: Any) -> None:
    """Make the cloud-free composites that are missing."""
    _run_stage(settings, "composite", given)


@click.command()
@options(PERIOD, CITY, LIMIT, MIN_VALID_SHARE, ENCODER, WEIGHTS, WEIGHTS_SHA256, PRECISION)
@click.pass_obj
def embed(settings: Settings, /, **given: Any) -> None:
    """Embed the composites that have no patch embeddings yet."""
    _run_stage(settings, "embed", given)


@click.command()
@options(PERIOD, CITY, LIMIT, POST_PROCESSING, BIAS_REMOVAL)
@click.pass_obj
def aggregate(settings: Settings, /, **given: Any) -> None:
    """Aggregate patch embeddings to tile vectors."""
    _run_stage(settings, "aggregate", given)


@click.command()
@options(PERIOD, CITY, LIMIT)
@click.pass_obj
def blocks(settings: Settings, /, **given: Any) -> None:
    """Make vectors of blocks of 320 m from patch embeddings."""
    _run_stage(settings, "blocks", given)


@click.command()
@options(PERIOD, CITY, LIMIT)
@click.pass_obj
def load(settings: Settings, /, **given: Any) -> None:
    """Load tile and block vectors into the database."""
    _run_stage(settings, "load", given)


@click.command()
@options(PERIOD, CITY, LIMIT)
@click.pass_obj
def thumbnail(settings: Settings, /, **given: Any) -> None:
    """Make the missing thumbnails of loaded tiles."""
    _run_stage(settings, "thumbnail", given)


def _run_stage(settings: Settings, stage: "Stage", given: Options) -> None:
    from etl.pipeline import run_stage

    request = make_request(settings, given)
    if stage == "embed":
        warn_of_random_weights(request)
    run_stage(settings, stage, request, progress_bar)


def _plan(settings: Settings, request: Any) -> None:
    from etl.pipeline import choose_cities

    list_cities(choose_cities(settings, request.city_file, request.city_names, request.limit))
