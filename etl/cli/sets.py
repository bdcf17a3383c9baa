"""``terrakin sets``: embeddings that other people published."""

from __future__ import annotations

from pathlib import Path
from tempfile import TemporaryDirectory

import click

from db.settings import Settings, read_settings
from etl.cli.output import progress_bar
from etl.sets.sources.layouts import AUTO, LAYOUTS, POST_PROCESSINGS

HEAD = f"{'set':<24}{'items':>12}{'numbers':>9}  {'layout':<13}{'compared':<14}state"


@click.group()
@click.pass_context
def group(ctx: click.Context) -> None:
    """Import embeddings that other people published, list, export and drop them."""
    ctx.obj = read_settings()


@group.command("import")
@click.argument("paths", nargs=-1, required=True)
@click.option("--name", required=True, help="Name of the set: small letters, digits, - and _.")
@click.option(
    "--layout", type=click.Choice([AUTO, *LAYOUTS]), default=AUTO, show_default=True, help="Layout of the files."
)
@click.option(
    "--post-processing", type=click.Choice(POST_PROCESSINGS),
    help="What searches compare: unit vectors, minus their mean, or also divided by the standard deviation. "
    "[default: centred]",
)  # fmt: skip
@click.option(
    "--squares", type=click.Choice(["tile", "block"]), default="tile", show_default=True,
    help="What pixels are averaged over: 2,240 m or 320 m.",
)  # fmt: skip
@click.option(
    "--area", type=click.Path(path_type=Path), help="GeoJSON of the area of these squares. [default: the real cities]"
)
@click.option("--time", help="Time of a Zarr store that is read, as 2024 or 2024-06-01. [default: the newest]")
@click.option("--force", "is_forced", is_flag=True, help="Import vectors that look as if they were decoded wrongly.")
@click.pass_obj
def import_(
    settings: Settings,
    /,
    paths: tuple[str, ...],
    name: str,
    layout: str,
    post_processing: str | None,
    squares: str,
    area: Path | None,
    time: str | None,
    *,
    is_forced: bool,
) -> None:
    """Import files, all files of folders, or files at http addresses, into a set that searches take as their unit.

    Files that the set has already are skipped. The same command resumes an interrupted import.
    """
    from etl.sets.importing import Request, import_files
    from etl.sets.sources.download import locate

    with TemporaryDirectory() as folder:
        locations = locate(paths, Path(folder), settings.http_timeout_s, progress_bar)
        request = Request(name, locations, layout, post_processing, is_forced, squares, area, time)
        found = import_files(settings, request, lambda line: click.echo(line, err=True), progress_bar)
    if found is None or not found.n_items:
        click.echo("0 rows with a vector: nothing to search", err=True)
    else:
        click.echo(f"set {name} has {found.n_items:,} items; searches take it as unit => '{name}'")


@group.command("list")
@click.pass_obj
def list_sets(settings: Settings) -> None:
    """List the imported sets."""
    from db.connect import connect
    from etl.sets.store import read_sets

    with connect(settings, "reader") as conn:
        sets = read_sets(conn)
    click.echo(HEAD if sets else "no set was imported; terrakin sets import FILE --name NAME imports one")
    for s in sets:
        state = "complete" if s.is_complete else "unfinished: run the same import again"
        click.echo(f"{s.name:<24}{s.n_items:>12,}{s.dimension:>9}  {s.layout:<13}{s.post_processing:<14}{state}")


@group.command()
@click.argument("name")
@click.pass_obj
def show(settings: Settings, name: str) -> None:
    """Print what is known of a set."""
    from db.connect import connect
    from etl.sets.report import describe
    from etl.sets.store import read_set

    with connect(settings, "reader") as conn:
        for line in describe(conn, read_set(conn, name)):
            click.echo(line)


@group.command()
@click.argument("name")
@click.option("--to", "folder", type=click.Path(path_type=Path), required=True, help="Folder that does not exist yet.")
@click.option("--searched", "is_searched", is_flag=True, help="Write the vectors that searches compare.")
@click.pass_obj
def export(settings: Settings, /, name: str, folder: Path, *, is_searched: bool) -> None:
    """Write set NAME, or tile or block, as GeoParquet with a STAC collection."""
    from etl.sets.export import export_set

    made = export_set(settings, name, folder, progress_bar, is_searched=is_searched)
    click.echo(f"{made.file}: {made.n_items:,} items of {made.dimension} numbers", err=True)


@group.command()
@click.argument("name")
@click.pass_obj
def drop(settings: Settings, name: str) -> None:
    """Delete a set with its items and keys."""
    from etl.sets.importing import drop_set

    click.echo(f"dropped set {name} of {drop_set(settings, name).n_items:,} items", err=True)
