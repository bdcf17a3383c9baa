"""``terrakin evaluate``: how good the database's vectors are, beside other forms of them and a baseline."""

from pathlib import Path
from typing import Any

import click

from db.settings import read_settings
from etl.cli.options import SIGN
from etl.cli.output import progress_bar


@click.command()
@click.option(
    "--sample", type=click.IntRange(1), default=200, show_default=True,
    help="So many tiles are looked at again: changed, and on other dates.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(2), help="At most so many cities, drawn at random (always the same).")
@click.option("--dates/--no-dates", "with_dates", default=True, help="Read imagery of other dates, or do without.")
@click.option(
    "--forms", type=click.Path(path_type=Path),
    help="CSV of known urban forms: zone, is_south, row, col, form. [default: the demo's, where it is]",
)  # fmt: skip
@click.option("--weights", help="TerraMind's: hub, a file or random. [default: as the database records]")
@SIGN
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the report. [default: <home>/reports]")
def evaluate(out: Path | None, **given: Any) -> None:
    """Measure leak, retrieval and stability of every form of the vectors; writes evaluation.html and .json."""
    from etl.evaluation import run as evaluation
    from etl.evaluation.report import write

    settings = read_settings()
    found = evaluation.evaluate(settings, evaluation.EvaluationRequest(**given), progress_bar)
    report, figures = write(found, out or settings.home / "reports")
    if found.is_quality:
        for variant, score in found.order[:5]:
            click.echo(f"{score:.3f}  {variant.post_processing}, bias removal: {variant.removal}, {variant.method}")
    else:
        click.echo("random weights: nothing is ranked")
    click.echo(f"report:  {report}\nfigures: {figures}")


group = evaluate
"""The name that terrakin.py looks for."""
