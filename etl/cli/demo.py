"""``terrakin etl demo``: the catalogues of the demo, real places and synthetic towns."""

from pathlib import Path

import click

from db.settings import Settings
from etl.cli.output import progress_bar


@click.command()
@click.option(
    "--out", type=click.Path(path_type=Path), help="Folder of the synthetic catalogue. [default: <home>/demo]"
)
@click.pass_obj
def demo(settings: Settings, out: Path | None) -> None:
    """Build the synthetic demo catalogue; print where it and the real one are.

    The real one is part of the package: chips of 45 places. The synthetic one contains made-up towns with known
    matches.
    """
    from etl.demo.catalogue import build_catalogue
    from etl.evaluation.real.chips import CATALOGUE

    built = build_catalogue(out or settings.home / "demo", bar=progress_bar)
    click.echo(f"real catalogue: {CATALOGUE}\nreal places:    {CATALOGUE.with_name('places.geojson')}")
    click.echo(f"catalogue: {built.catalogue}\ncities:    {built.cities}")
