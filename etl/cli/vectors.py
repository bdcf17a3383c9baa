"""``terrakin etl bias``, ``layout`` and ``index``: what is made of all vectors at once."""

from pathlib import Path
from typing import Any

import click

from db.settings import Settings
from etl.cli.options import POST_PROCESSING, REMOVALS, options
from etl.cli.output import progress_bar
from etl.cli.request import bias_request


@click.command()
@click.option(
    "--removal", type=REMOVALS, default="dimensions", show_default=True,
    help="Set dimensions to 0, project directions out (LEACE), or put everything back.",
)  # fmt: skip
@options(POST_PROCESSING)
@click.option("--morans-i-floor", type=click.FloatRange(0, 1), default=0.5, show_default=True)
@click.option("--position-r2-floor", type=click.FloatRange(0, 1), default=0.1, show_default=True)
@click.option(
    "--max-share", type=click.FloatRange(0, 0.9), default=0.2, show_default=True, help="Remove no more; 0: nothing."
)
@click.option(
    "--forms",
    type=click.Path(path_type=Path),
    help="CSV of known urban forms of made-up towns, for retrieval. [default: <home>/demo/forms.csv, where it is]",
)
@click.option("--report", type=click.Path(path_type=Path), help="The page. [default: <home>/reports/spatial_bias.html]")
@click.pass_obj
def bias(settings: Settings, /, **given: Any) -> None:
    """Take out of all vectors what says where rather than what; the model is not run again.

    A given --post-processing is fitted anew to all patches; without it the recorded one stays.
    """
    from etl.reprocess import remove_bias
    from etl.vectors.spatial_bias import Limits

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
@click.option("--anew", is_flag=True, help="Lay all tiles out again, although every one has its place.")
@click.option("--compare", is_flag=True, help="Only write <home>/reports/layout.html: UMAP beside PaCMAP.")
@click.pass_obj
def layout(settings: Settings, anew: bool, compare: bool) -> None:
    """Give new tiles a place in the UMAP layout; lay all out when there is none, or most are new."""
    from db.connect import connect
    from etl.stages import layout as stage

    with connect(settings, "etl", autocommit=True) as conn:
        if compare:
            page = settings.home / "reports" / "layout.html"
            stage.report(conn, page)
            click.echo(f"report: {page}")
            return
        done = stage.run(conn, progress_bar, anew)
    click.echo(done or "every tile has its place already", err=True)


@click.command()
@click.pass_obj
def index(settings: Settings) -> None:
    """Build the vector indexes that are missing."""
    from etl.stages import index as stage

    built = stage.run(settings, progress_bar)
    click.echo(f"built {', '.join(built)}" if built else "all indexes were there", err=True)
