"""``terrakin etl bias`` and ``layout``: what is computed from all vectors at once."""

from pathlib import Path
from typing import Any

import click

from db.settings import Settings
from etl.cli.options import POST_PROCESSING, REMOVAL, options
from etl.cli.output import progress_bar
from etl.cli.request import bias_request


@click.command()
@click.option(
    "--removal", type=REMOVAL, default="dimensions", show_default=True,
    help="Set dimensions to 0, project directions out (leace), or restore everything (none).",
)  # fmt: skip
@options(POST_PROCESSING)
@click.option(
    "--morans-i-floor", type=click.FloatRange(0, 1), default=0.5, show_default=True,
    help="Moran's I below which no dimension is excluded.",
)  # fmt: skip
@click.option(
    "--position-r2-floor", type=click.FloatRange(0, 1), default=0.1, show_default=True,
    help="R² of position below which no dimension is excluded.",
)  # fmt: skip
@click.option(
    "--max-share", type=click.FloatRange(0, 0.9), default=0.2, show_default=True,
    help="Maximum share of the dimensions or directions that is removed.",
)  # fmt: skip
@click.option(
    "--forms",
    type=click.Path(path_type=Path),
    help="CSV of known urban forms of synthetic towns, to measure retrieval. [default: <home>/demo/forms.csv if it "
    "exists]",
)
@click.option(
    "--report", type=click.Path(path_type=Path),
    help="Path of the report. [default: <home>/reports/spatial_bias.html]",
)  # fmt: skip
@click.pass_obj
def bias(settings: Settings, /, **given: Any) -> None:
    """Remove spatial bias from all vectors.

    Spatial bias is what encodes location rather than content. The model is not run again.

    With --post-processing, that method is fitted to the patches: of real tiles alone, where there are any. Without it,
    the recorded one stays, unless it is fitted to synthetic tiles and there are real ones.
    """
    from etl.reprocess import remove_bias
    from etl.vectors.bias.spatial_bias import Limits

    limits = Limits(given["morans_i_floor"], given["position_r2_floor"], given["max_share"])
    request = bias_request(
        settings, given["removal"], given["report"], given["forms"],
        limits=limits, post_processing=given["post_processing"],
    )  # fmt: skip
    made = remove_bias(settings, request, progress_bar)
    n_directions = len(made.removal.measure) if made.removal else 0
    click.echo(
        f"{made.method}: {len(made.excluded_dimensions)} of {len(made.mean)} dimensions excluded, {n_directions} "
        f"directions removed; report: {request.report}"
    )


@click.command()
@click.option("--all", "redo", is_flag=True, help="Lay out all tiles again, although each has a position.")
@click.option("--compare", is_flag=True, help="Only write <home>/reports/layout.html, which compares UMAP with PaCMAP.")
@click.pass_obj
def layout(settings: Settings, redo: bool, compare: bool) -> None:
    """Place new tiles into the UMAP layout.

    All tiles are laid out if there is no layout, or if most tiles are new.
    """
    from db.connect import connect
    from etl.stages import layout as stage

    with connect(settings, "etl", autocommit=True) as conn:
        if compare:
            page = settings.home / "reports" / "layout.html"
            stage.report(conn, page)
            click.echo(f"report: {page}")
            return
        done = stage.run(conn, progress_bar, redo)
    click.echo(done or "every tile has a position already", err=True)
