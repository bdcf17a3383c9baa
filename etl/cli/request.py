"""Turning the options of a command into the request of a pipeline."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.settings import Settings
from etl.cli.options import Options
from etl.encoders.choices import DEFAULT_ENCODER

if TYPE_CHECKING:  # commands import heavy modules only when they run
    from etl.period import Period
    from etl.pipeline import Request
    from etl.stages.bias import BiasRequest


def parse_period(text: str) -> Period:
    """Return ``2024-06-01/2024-08-31`` as a Period.

    Raises:
        click.BadParameter: the text has another form, or the period ends before it begins.
    """
    from etl.period import Period

    try:
        return Period.parse(text)
    except ValueError as error:
        raise click.BadParameter(str(error), param_hint="--period") from error


def make_request(settings: Settings, given: Options) -> Request:
    """Return the request of ``run`` or of one stage; options that the command lacks take their defaults."""
    from etl.encoders.selection import EncoderChoice
    from etl.encoders.validity import MIN_TILE_VALID_SHARE
    from etl.imagery.dask_cluster import DaskOptions
    from etl.imagery.stac.catalogue import Source
    from etl.pipeline import Request

    def source(period: Period) -> Source:
        return Source(
            given.get("stac", ""), given.get("collection"), period, given.get("max_cloud_cover", 60.0),
            given.get("widen_days", 0), given.get("sign", False), settings.http_timeout_s,
        )  # fmt: skip

    return Request(
        source=source,
        period=parse_period(given["period"]) if given["period"] else None,
        city_file=given.get("city_file"),
        city_names=given["city_names"],
        limit=given["limit"],
        encoder=EncoderChoice(
            given.get("encoder", DEFAULT_ENCODER), given.get("weights", "hub"), given.get("weights_sha256"),
            given.get("precision", "fp32"),
        ),
        dask=DaskOptions(given.get("dask_scheduler"), given.get("n_workers", 1)),
        post_processing=given.get("post_processing"),
        bias_removal=bias_request(settings, given["bias_removal"]) if given.get("bias_removal") else None,
        min_valid_share=given.get("min_valid_share", MIN_TILE_VALID_SHARE),
        with_layout=not given.get("without_layout", False),
    )  # fmt: skip


def bias_request(
    settings: Settings, removal: str, report: Path | None = None, forms: Path | None = None, **others: Any
) -> BiasRequest:
    """Return a request to remove spatial bias; report and forms default to files in the home folder."""
    from etl.stages.bias import BiasRequest

    demo_forms = settings.home / "demo" / "forms.csv"
    return BiasRequest(
        report or settings.home / "reports" / "spatial_bias.html",
        removal=removal,
        forms=forms or (demo_forms if demo_forms.exists() else None),
        **others,
    )


def warn_of_random_weights(request: Request) -> None:
    """Warn on stderr if the network is untrained."""
    if request.encoder.name == "terramind_v1_base" and request.encoder.weights == "random":
        click.echo("RANDOM WEIGHTS: the network is untrained, similarities will mean little", err=True)
