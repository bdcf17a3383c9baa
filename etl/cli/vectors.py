"""``terrakin etl bias``, ``layout`` and ``index``: what is made of all vectors at once."""

from pathlib import Path
from typing import Any

import click

from db.settings import Settings
from etl.cli.output import progress_bar


@click.command()
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
    found = remove_bias(settings, Limits(**given), page, progress_bar)
    click.echo(f"{int(found.is_excluded.sum())} of {len(found.is_excluded)} dimensions excluded; report: {page}")


@click.command()
@click.option("--anew", is_flag=True, help="Lay all tiles out again, although every one has its place.")
@click.pass_obj
def layout(settings: Settings, anew: bool) -> None:
    """Lay all tiles out with UMAP, when one has no place yet."""
    from db.connect import connect
    from etl.stages import layout as stage

    with connect(settings, "etl", autocommit=True) as conn:
        made = stage.run(conn, progress_bar, anew)
    click.echo("layout made" if made else "every tile has its place already", err=True)


@click.command()
@click.pass_obj
def index(settings: Settings) -> None:
    """Build the vector indexes that are missing."""
    from etl.stages import index as stage

    built = stage.run(settings, progress_bar)
    click.echo(f"built {', '.join(built)}" if built else "all indexes were there", err=True)
