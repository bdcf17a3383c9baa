"""``terrakin etl``: all stages at once, each stage by itself, the demo catalogue, and the ledger's state."""

from contextlib import AbstractContextManager
from datetime import date
from pathlib import Path
from typing import Any

import click

from db.settings import Settings, read_settings
from etl.options import (
    CITIES,
    CITY,
    COLLECTION,
    DASK_SCHEDULER,
    DRY_RUN,
    ENCODER,
    LIMIT,
    MAX_CLOUD_COVER,
    PERIOD,
    STAC,
    WEIGHTS,
    WEIGHTS_SHA256,
    WORKERS,
    Options,
    options,
)


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Fill the tables: cities, composites, embeddings, layout, indexes."""
    ctx.obj = read_settings()


@group.command()
@options(
    STAC, COLLECTION, CITIES, PERIOD, MAX_CLOUD_COVER, CITY, LIMIT, ENCODER, WEIGHTS, WEIGHTS_SHA256, WORKERS,
    DASK_SCHEDULER, DRY_RUN,
)  # fmt: skip
@click.pass_obj
def run(settings: Settings, /, dry_run: bool, **given: Any) -> None:
    """Run all stages. The same command again resumes what was interrupted and repeats nothing."""
    from etl import pipeline

    request = _request(given)
    if dry_run:
        _plan(settings, request)
        return
    _say_weights(request)
    pipeline.run(settings, request, _bar)


@group.command()
@click.option(
    "--cities",
    "city_file",
    type=click.Path(path_type=Path),
    help="GeoJSON or CSV of cities; without it, GeoNames' cities are chosen by the options below.",
)
@click.option("--per-country", type=click.IntRange(1), default=5, show_default=True, help="At most so many a country.")
@click.option("--at-least", type=click.IntRange(1), default=200, show_default=True, help="More a country, if need be.")
@click.option("--min-population", type=click.IntRange(100_000), default=100_000, show_default=True)
@click.option("--country", "countries", multiple=True, help="Only this country (ISO code); may be repeated.")
@click.option("--continent", "continents", multiple=True, help="Only this continent (English name); may be repeated.")
@click.option(
    "--urban-areas",
    type=click.Path(path_type=Path),
    help="GeoJSON of polygons (Natural Earth's urban areas): extents of the cities whose centres they hold.",
)
@click.option("--download-mbit-s", type=click.FloatRange(min=1), default=100.0, show_default=True, help="For dry runs.")
@click.option("--embed-tiles-s", type=click.FloatRange(min=0.01), default=5.0, show_default=True, help="For dry runs.")
@options(CITY, LIMIT, DRY_RUN)
@click.pass_obj
def cities(settings: Settings, /, dry_run: bool, download_mbit_s: float, embed_tiles_s: float, **given: Any) -> None:
    """Choose the cities and write them into the database; with --dry-run only say what they would take."""
    from db.connect import connect
    from etl.pipeline import choose_cities, with_tiles
    from etl.plan import Speeds, make_plan
    from etl.store import write_cities

    if given["city_file"] is not None:
        chosen = choose_cities(settings, given["city_file"], given["city_names"], given["limit"])
    else:
        chosen = with_tiles(_geonames(given), given["city_names"], given["limit"])
    if dry_run:
        plan = make_plan(chosen, Speeds(download_mbit_s, embed_tiles_s))
        _say_tiles(chosen, plan.tiles)
        click.echo(
            f"{len(chosen)} cities, {plan.n_tiles} tiles; about {plan.download_gb:,.0f} GB of download, "
            f"{plan.disk_gb:,.0f} GB of disk, {plan.hours:,.0f} hours (dry run, nothing written)",
            err=True,
        )
        return
    with connect(settings, "etl", autocommit=True) as conn:
        write_cities(conn, chosen)
    click.echo(f"{len(chosen)} cities", err=True)


def _geonames(given: Options) -> list[Any]:
    from etl.cities import read_areas
    from etl.city_table import Selection, geonames_cities, pick, with_urban_areas

    known = pick(
        geonames_cities(),
        Selection(
            given["per_country"], given["at_least"], given["min_population"], given["countries"], given["continents"]
        ),
    )
    return with_urban_areas(known, read_areas(given["urban_areas"])) if given["urban_areas"] else known


@group.command()
@options(PERIOD, CITY, LIMIT, DRY_RUN)
@click.pass_obj
def grid(settings: Settings, period: str, city_names: tuple[str, ...], limit: int | None, dry_run: bool) -> None:
    """Cut the database's cities into tiles and enter them into the ledger."""
    from db.connect import connect
    from etl.pipeline import choose_cities, make_job

    chosen = choose_cities(settings, None, city_names, limit)
    if not dry_run:
        with connect(settings, "etl", autocommit=True) as conn:
            make_job(settings, conn, chosen, parse_period(period), _bar)
    _list_cities(chosen)


@group.command()
@options(STAC, COLLECTION, PERIOD, MAX_CLOUD_COVER, CITY, LIMIT, WORKERS, DASK_SCHEDULER)
@click.pass_obj
def composite(settings: Settings, /, **given: Any) -> None:
    """Make the cloud-free composites that are missing."""
    _run_stage(settings, "composite", given)


@group.command()
@options(PERIOD, CITY, LIMIT, ENCODER, WEIGHTS, WEIGHTS_SHA256)
@click.pass_obj
def embed(settings: Settings, /, **given: Any) -> None:
    """Embed the composites whose patches are missing."""
    _run_stage(settings, "embed", given)


@group.command()
@options(PERIOD, CITY, LIMIT)
@click.pass_obj
def aggregate(settings: Settings, /, **given: Any) -> None:
    """Aggregate patches to one vector a tile and method."""
    _run_stage(settings, "aggregate", given)


@group.command()
@options(PERIOD, CITY, LIMIT)
@click.pass_obj
def load(settings: Settings, /, **given: Any) -> None:
    """Load tile vectors into the database."""
    _run_stage(settings, "load", given)


@group.command()
@click.option("--morans-i-floor", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--position-r2-floor", type=click.FloatRange(0, 1), default=0.1, show_default=True)
@click.option(
    "--max-share", type=click.FloatRange(0, 0.9), default=0.2, show_default=True, help="Exclude no more; 0: nothing."
)
@click.option("--report", type=click.Path(path_type=Path), help="The page. [default: <home>/reports/spatial_bias.html]")
@click.pass_obj
def bias(settings: Settings, /, report: Path | None, **given: Any) -> None:
    """Exclude the dimensions that say where rather than what, and make all vectors again; the model is not run."""
    from etl.pipeline import remove_bias
    from etl.spatial_bias import Limits

    page = report or settings.home / "reports" / "spatial_bias.html"
    found = remove_bias(settings, Limits(**given), page, _bar)
    click.echo(f"{int(found.is_excluded.sum())} of {len(found.is_excluded)} dimensions excluded; report: {page}")


@group.command()
@click.option("--anew", is_flag=True, help="Lay all tiles out again, although every one has its place.")
@click.pass_obj
def layout(settings: Settings, anew: bool) -> None:
    """Lay all tiles out with UMAP, when one has no place yet."""
    from db.connect import connect
    from etl.stages import layout as stage

    with connect(settings, "etl", autocommit=True) as conn:
        made = stage.run(conn, _bar, anew)
    click.echo("layout made" if made else "every tile has its place already", err=True)


@group.command()
@click.pass_obj
def index(settings: Settings) -> None:
    """Build the vector indexes that are missing."""
    from etl.stages import index as stage

    built = stage.run(settings, _bar)
    click.echo(f"built {', '.join(built)}" if built else "all indexes were there", err=True)


@group.command()
@click.option("--watch", "every_s", type=click.FloatRange(min=0.2), help="Show it again every so many seconds.")
@click.pass_obj
def status(settings: Settings, every_s: float | None) -> None:
    """Show what is done, and what failed and why."""
    import time

    from db.connect import connect

    with connect(settings, "reader", autocommit=True) as conn:
        while True:
            lines = _status(conn)
            if every_s is not None:
                click.clear()
            click.echo("\n".join(lines))
            if every_s is None:
                return
            time.sleep(every_s)


def _status(conn: Any) -> list[str]:
    from etl.ledger import failures, progress

    lines = [f"{'period':<25}{'stage':<11}{'cities':>7}{'pending':>9}{'running':>9}{'done':>7}{'failed':>8}"]
    for period, stage, *counts in progress(conn):
        days = f"{period.lower}/{period.upper}"
        lines.append(f"{days:<25}{stage:<11}{counts[0]:>7}{counts[1]:>9}{counts[2]:>9}{counts[3]:>7}{counts[4]:>8}")
    for city, _, stage, attempts, error in failures(conn):
        lines.append(f"failed: {city}, {stage}, attempt {attempts}: {error}")
    return lines


@group.command()
@click.argument("city_names", nargs=-1)
@click.pass_obj
def retry(settings: Settings, city_names: tuple[str, ...]) -> None:
    """Let what failed be tried again by the next run: these cities (names or ids), or all."""
    from db.connect import connect
    from etl.ledger import retry as run

    with connect(settings, "etl", autocommit=True) as conn:
        n_tasks = run(conn, city_names)
    click.echo(f"{n_tasks} failed tasks wait for the next `terrakin etl run`", err=True)


@group.command()
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the catalogue. [default: <home>/demo]")
@click.pass_obj
def demo(settings: Settings, out: Path | None) -> None:
    """Build the synthetic demo catalogue: made-up towns whose look-alikes are known."""
    from etl.demo.catalogue import build_catalogue

    built = build_catalogue(out or settings.home / "demo", bar=_bar)
    click.echo(f"catalogue: {built.catalogue}\ncities:    {built.cities}")


def parse_period(text: str) -> Any:
    """``2024-06-01/2024-08-31`` as a Period."""
    from etl.stac import Period

    try:
        start, end = (date.fromisoformat(day) for day in text.split("/"))
    except ValueError as error:
        raise click.BadParameter(f"{text!r} is not of the form 2024-06-01/2024-08-31", param_hint="--period") from error
    if end < start:
        raise click.BadParameter(f"{text!r} ends before it begins", param_hint="--period")
    return Period(start, end)


def _request(given: Options) -> Any:
    from etl.pipeline import Request
    from etl.stac import Source
    from etl.stages.composite import DaskOptions
    from etl.stages.embed import EncoderChoice

    return Request(
        source=Source(
            given.get("stac", ""), given.get("collection"), parse_period(given["period"]),
            given.get("max_cloud_cover", 60.0),
        ),
        city_file=given.get("city_file"),
        city_names=given["city_names"],
        limit=given["limit"],
        encoder=EncoderChoice(
            given.get("encoder", "mosaiks"), given.get("weights", "hub"), given.get("weights_sha256")
        ),
        dask=DaskOptions(given.get("dask_scheduler"), given.get("n_workers", 1)),
    )  # fmt: skip


def _run_stage(settings: Settings, stage: str, given: Options) -> None:
    from etl.pipeline import run_stage

    request = _request(given)
    if stage == "embed":
        _say_weights(request)
    run_stage(settings, stage, request, _bar)


def _say_weights(request: Any) -> None:
    if request.encoder.name == "terramind_v1_base" and request.encoder.weights == "random":
        click.echo("RANDOM WEIGHTS: the network is untrained, similarities will mean little", err=True)


def _plan(settings: Settings, request: Any) -> None:
    from etl.pipeline import choose_cities

    _list_cities(choose_cities(settings, request.city_file, request.city_names, request.limit))


def _list_cities(chosen: list[Any]) -> None:
    from etl.grid import assign_cells

    tiles = {city_id: len(cells) for city_id, cells in assign_cells(chosen).items()}
    _say_tiles(chosen, tiles)
    click.echo(f"{len(chosen)} cities, {sum(tiles.values())} tiles", err=True)


def _say_tiles(chosen: list[Any], tiles: dict[int, int]) -> None:
    for city in chosen:
        click.echo(f"{city.city_id:>10}  {city.name}, {city.country}: {tiles[city.city_id]} tiles")


def _bar(stage: str, unit: str, total: int) -> AbstractContextManager[Any]:
    from tqdm import tqdm

    return tqdm(total=total, desc=f"{stage:<9}", unit=unit, dynamic_ncols=True)
