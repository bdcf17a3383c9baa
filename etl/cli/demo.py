"""``terrakin etl demo``: the catalogues of the demo, real places and synthetic towns."""

from pathlib import Path

import click

from db.settings import Settings
from etl.cli.output import progress_bar


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the synthetic catalogue. [default: <home>/demo]"
)
@click.option(
    "--later", "is_later", is_flag=True,
    help="Build the second period instead, autumn 2025, in which some blocks have changed. [folder: <home>/demo-later]",
)  # fmt: skip
@click.pass_obj
def demo(settings: Settings, /, out: Path | None, *, is_later: bool) -> None:
    """Build the synthetic demo catalogue; print where it and the real one are.

    The real one is part of the package: chips of 45 places. The synthetic one contains made-up towns with known
    matches.
    """
    from etl.demo.catalogue import build_catalogue
    from etl.demo.scenes import AUTUMN, SUMMER
    from etl.evaluation.real.samples.chips import CATALOGUE

    folder = out or settings.home / ("demo-later" if is_later else "demo")
    built = build_catalogue(folder, bar=progress_bar, season=AUTUMN if is_later else SUMMER)
    click.echo(f"real catalogue: {CATALOGUE}\nreal places:    {CATALOGUE.with_name('places.geojson')}")
    click.echo(f"catalogue: {built.catalogue}\ncities:    {built.cities}")
    if is_later:
        click.echo(f"changes:   {built.changes}")
