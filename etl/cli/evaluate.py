"""``terrakin evaluate``: how good the database's vectors are, compared with other variants and a baseline."""

from pathlib import Path
from typing import Any

import click

from db.settings import read_settings
from etl.cli.options import SIGN
from etl.cli.output import progress_bar


@click.command()
@click.option(
    "--sample", type=click.IntRange(1), default=200, show_default=True,
    help="Number of tiles that are perturbed, and read on other dates.",
)  # fmt: skip
@click.option("--limit", type=click.IntRange(2), help="Maximum number of cities, drawn at random with a fixed seed.")
@click.option("--dates/--no-dates", "with_dates", default=True, help="Whether to read imagery of other dates.")
@click.option(
    "--forms", type=click.Path(path_type=Path),
    help="CSV of known urban forms: zone, is_south, row, col, form. [default: the demo's, if it exists]",
)  # fmt: skip
@click.option("--weights", help="TerraMind's weights: hub, a file or random. [default: as the database records]")
@SIGN
@click.option("--real/--no-real", "with_real", default=True, help="Whether to compare all encoders on real pixels.")
@click.option(
    "--real-places", type=click.Path(path_type=Path),
    help="catalog.json of the real places. [default: the packed catalogue]",
)  # fmt: skip
@click.option(
    "--real-data", type=click.Path(path_type=Path, file_okay=False, exists=True), envvar="TERRAKIN_REAL_DATA",
    help="Folder with a pair of dates (timeseries/ssl4eo-0000200) and labelled chips.",
)  # fmt: skip
@click.option("--out", type=click.Path(path_type=Path), help="Folder of the report. [default: <home>/reports]")
def evaluate(out: Path | None, with_real: bool, real_places: Path | None, real_data: Path | None, **given: Any) -> None:
    """Measure leakage, retrieval and stability of every variant of the vectors; write evaluation.html and .json."""
    from etl.evaluation import run as evaluation
    from etl.evaluation.real.run import RealRequest
    from etl.evaluation.real.samples.chips import CATALOGUE
    from etl.evaluation.report import write

    settings = read_settings()
    real = RealRequest(real_places or CATALOGUE, real_data) if with_real else None
    found = evaluation.evaluate(settings, evaluation.EvaluationRequest(real=real, **given), progress_bar)
    report, figures = write(found, out or settings.home / "reports")
    if found.is_quality:
        for variant, score in found.order[:5]:
            name = f"{variant.post_processing}, bias removal: {variant.removal}, {variant.aggregation}"
            click.echo(f"{score:.3f}  {name}")
    else:
        click.echo("random weights: nothing is ranked")
    click.echo(f"report:  {report}\nfigures: {figures}")


group = evaluate
"""The name that terrakin.py looks up."""
