"""``terrakin etl place``: one place on demand."""

import time
from dataclasses import replace
from typing import Any

import click

from db.settings import Settings
from etl.cli.options import (
    COLLECTION,
    DASK_SCHEDULER,
    ENCODER,
    MAX_CLOUD_COVER,
    MIN_VALID_SHARE,
    PERIOD,
    PRECISION,
    SIGN,
    STAC,
    WEIGHTS,
    WEIGHTS_SHA256,
    WIDEN_DAYS,
    WITHOUT_LAYOUT,
    WORKERS,
    options,
)
from etl.cli.output import progress_bar
from etl.cli.request import make_request, warn_of_random_weights


@click.command(context_settings={"ignore_unknown_options": True})  # a negative longitude is no option
@click.argument("lon", type=click.FloatRange(-180, 180))
@click.argument("lat", type=click.FloatRange(-84, 84))
@click.option("--name", required=True, help="Name of the place.")
@click.option(
    "--radius-km", type=click.FloatRange(0, 200, min_open=True), default=3.0, show_default=True,
    help="Radius of the area around the position.",
)  # fmt: skip
@click.option("--synthetic", "is_synthetic", is_flag=True, help="Its pixels are generated, as in the demo's catalogue.")
@click.option(
    "--watch",
    is_flag=True,
    help="Search from the place as soon as it is loaded; print after how many seconds, and the most similar cities.",
)
@click.option("--country-code", help="ISO 3166-1 alpha-2 code. [default: that of the nearest city]")
@options(
    STAC, COLLECTION, PERIOD, MAX_CLOUD_COVER, WIDEN_DAYS, MIN_VALID_SHARE, SIGN, ENCODER, WEIGHTS, WEIGHTS_SHA256,
    PRECISION, WORKERS, DASK_SCHEDULER, WITHOUT_LAYOUT,
)  # fmt: skip
@click.pass_obj
def place(
    settings: Settings,
    /,
    lon: float,
    lat: float,
    name: str,
    radius_km: float,
    country_code: str | None,
    *,
    is_synthetic: bool,
    watch: bool,
    without_layout: bool,
    **given: Any,
) -> None:
    """Load one place.

    The same command resumes an interrupted run and repeats nothing that is done.
    """
    from db.connect import connect
    from etl import pipeline
    from etl.cities.place import make_place
    from etl.store.cities import read_stored_cities
    from etl.store.matches import similar_cities

    started = time.monotonic()
    with connect(settings, "etl", autocommit=True) as conn:
        stored = read_stored_cities(conn)
    found = make_place(lon, lat, name, radius_km * 1000, stored, country_code=country_code, is_synthetic=is_synthetic)
    click.echo(f"{name} is in {found.country} ({found.country_code}, {found.continent})", err=True)
    request = make_request(settings, {**given, "city_names": (), "limit": None, "without_layout": True})
    request = replace(request, places=[found])
    warn_of_random_weights(request)
    lines = pipeline.run(settings, request, progress_bar)
    if watch:
        with connect(settings, "reader") as conn:
            matches = similar_cities(conn, lon, lat)
        click.echo(f"{name} is searchable after {time.monotonic() - started:.0f} s: api.similar_at({lon}, {lat})")
        for match in matches:
            click.echo(f"{match.rank}. {match.city}, {match.country_code}: similarity {match.similarity:.3f}")
    if not without_layout:
        pipeline.lay_out(settings, progress_bar)
    for line in lines:
        click.echo(line, err=True)
