"""``terrakin etl cities`` and ``grid``: choosing cities, and cutting them into tiles."""

from pathlib import Path
from typing import Any

import click

from db.settings import Settings
from etl.cli.options import CITY, DRY_RUN, LIMIT, PERIOD, Options, options
from etl.cli.output import list_cities, print_tiles, progress_bar
from etl.cli.request import parse_period


@click.command()
@click.option(
    "--cities",
    "city_file",
    type=click.Path(path_type=Path),
    help="File of cities, in any vector format. Without it, the options below choose among GeoNames' cities.",
)
@click.option(
    "--per-country", type=click.IntRange(1), default=5, show_default=True, help="Maximum number of cities per country."
)
@click.option(
    "--at-least", type=click.IntRange(1), default=200, show_default=True,
    help="Minimum number of cities in all; --per-country is exceeded to reach it.",
)  # fmt: skip
@click.option(
    "--min-population", type=click.IntRange(100_000), default=100_000, show_default=True,
    help="Minimum population of a city.",
)  # fmt: skip
@click.option("--country", "countries", multiple=True, help="Only this country (ISO code); may be repeated.")
@click.option("--continent", "continents", multiple=True, help="Only this continent (English name); may be repeated.")
@click.option(
    "--urban-areas",
    type=click.Path(path_type=Path),
    help="File of polygons, such as Natural Earth's urban areas, used as extents of the cities in them.",
)
@click.option(
    "--download-mbit-s", type=click.FloatRange(min=1), default=100.0, show_default=True,
    help="Download speed assumed by --dry-run.",
)  # fmt: skip
@click.option(
    "--embed-tiles-s", type=click.FloatRange(min=0.01), default=5.0, show_default=True,
    help="Tiles embedded per second assumed by --dry-run.",
)  # fmt: skip
@options(CITY, LIMIT, DRY_RUN)
@click.pass_obj
def cities(settings: Settings, /, dry_run: bool, download_mbit_s: float, embed_tiles_s: float, **given: Any) -> None:
    """Choose cities and write them into the database.

    With --dry-run, only estimate the size of their run.
    """
    from db.connect import connect
    from etl.cities.estimate import Speeds, make_plan
    from etl.pipeline import choose_cities, with_tiles
    from etl.store.cities import write_cities

    if given["city_file"] is not None:
        chosen = choose_cities(settings, given["city_file"], given["city_names"], given["limit"])
    else:
        chosen = with_tiles(_geonames(given), given["city_names"], given["limit"])
    if dry_run:
        plan = make_plan(chosen, Speeds(download_mbit_s, embed_tiles_s))
        print_tiles(chosen, plan.tiles)
        click.echo(
            f"{len(chosen)} cities, {plan.n_tiles} tiles; about {plan.download_gb:,.0f} GB of download, "
            f"{plan.disk_gb:,.0f} GB of disk, {plan.hours:,.0f} hours (dry run, nothing written)",
            err=True,
        )
        return
    with connect(settings, "etl", autocommit=True) as conn:
        write_cities(conn, chosen)
    click.echo(f"{len(chosen)} cities", err=True)


@click.command()
@options(PERIOD, CITY, LIMIT, DRY_RUN)
@click.pass_obj
def grid(settings: Settings, period: str, city_names: tuple[str, ...], limit: int | None, dry_run: bool) -> None:
    """Cut cities into tiles and enter their tasks.

    The cities are those of the database; the tasks go into the ledger (terrakin.etl_tasks).
    """
    from db.connect import connect
    from etl.pipeline import choose_cities
    from etl.tasks.job import make_job

    chosen = choose_cities(settings, None, city_names, limit)
    if not dry_run:
        with connect(settings, "etl", autocommit=True) as conn:
            make_job(settings, conn, chosen, parse_period(period), progress_bar)
    list_cities(chosen)


def _geonames(given: Options) -> list[Any]:
    from etl.cities.files import read_areas
    from etl.cities.geonames import Selection, geonames_cities, pick, with_urban_areas

    known = pick(
        geonames_cities(),
        Selection(
            given["per_country"], given["at_least"], given["min_population"], given["countries"], given["continents"]
        ),
    )
    return with_urban_areas(known, read_areas(given["urban_areas"])) if given["urban_areas"] else known
