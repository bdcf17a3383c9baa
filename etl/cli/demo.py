"""``terrakin etl demo``: the synthetic catalogue."""

from pathlib import Path

import click

from db.settings import Settings
from etl.cli.output import progress_bar


@click.command()
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the catalogue. [default: <home>/demo]")
@click.pass_obj
def demo(settings: Settings, out: Path | None) -> None:
    """Build the synthetic demo catalogue.

    It contains made-up towns with known matches.
    """
    from etl.demo.catalogue import build_catalogue

    built = build_catalogue(out or settings.home / "demo", bar=progress_bar)
    click.echo(f"catalogue: {built.catalogue}\ncities:    {built.cities}")
