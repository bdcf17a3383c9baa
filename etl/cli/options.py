"""Options shared by several commands of ``terrakin etl``."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

from etl.encoders.choices import DEFAULT_ENCODER, ENCODERS
from etl.vectors.choices import POST_PROCESSINGS, REMOVALS

Options = dict[str, Any]

STAC = click.option("--stac", required=True, help="STAC API (https://...) or static catalogue (path or URL of JSON).")
COLLECTION = click.option("--collection", help="Collection id; needed if the catalogue has several.")
PERIOD = click.option("--period", required=True, help="First and last day of the scenes: 2024-06-01/2024-08-31.")
DEFAULT_PERIOD = click.option(
    "--period", help="First and last day of the scenes, where the city file gives none: 2024-06-01/2024-08-31."
)
MAX_CLOUD_COVER = click.option(
    "--max-cloud-cover",
    type=click.FloatRange(0, 100),
    default=60.0,
    show_default=True,
    help="Maximum cloud cover of a scene (percent); clearer scenes are used first.",
)
WIDEN_DAYS = click.option(
    "--widen-days", type=click.IntRange(0, 365), default=30, show_default=True,
    help="Days before and after the period that are searched too if clear observations are missing.",
)  # fmt: skip
MIN_VALID_SHARE = click.option(
    "--min-valid-share",
    type=click.FloatRange(0, 1, min_open=True),
    default=0.5,
    show_default=True,
    help="Minimum share of a tile's pixels that must be clear; tiles with less are left out.",
)
SIGN = click.option(
    "--sign", is_flag=True, help="Sign asset addresses for Planetary Computer (needs package planetary-computer)."
)
CITIES = click.option(
    "--cities",
    "city_file",
    type=click.Path(path_type=Path),
    help="GeoJSON or CSV of cities. [default: the cities of the database]",
)
CITY = click.option("--city", "city_names", multiple=True, help="Only this city (name or id); may be repeated.")
LIMIT = click.option("--limit", type=click.IntRange(1), help="Maximum number of cities.")
ENCODER = click.option(
    "--encoder",
    type=click.Choice(ENCODERS),
    default=DEFAULT_ENCODER,
    show_default=True,
    help="See `terrakin etl encoders`.",
)
WEIGHTS = click.option(
    "--weights",
    default="hub",
    show_default=True,
    help="TerraMind's weights: hub, a file (as published, or .onnx from export-onnx), or random (untrained).",
)
PRECISION = click.option(
    "--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True,
    help="Precision of torch; bf16 is faster only on GPUs and CPUs that support it. For int8 see export-onnx.",
)  # fmt: skip
WEIGHTS_SHA256 = click.option("--weights-sha256", help="SHA-256 that the weights file must have.")
WORKERS = click.option(
    "--workers", "n_workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="cores",
    help="Number of processes of the local Dask cluster; 1 reads imagery in a thread of this process.",
)  # fmt: skip
DASK_SCHEDULER = click.option("--dask-scheduler", help="Use a running Dask scheduler instead: tcp://host:port.")
POST_PROCESSING = click.option(
    "--post-processing",
    type=click.Choice(POST_PROCESSINGS),
    help="How patch vectors are made comparable. [default: as the database records, else standardised]",
)
REMOVAL = click.Choice(REMOVALS)
BIAS_REMOVAL = click.option(
    "--bias-removal",
    type=REMOVAL,
    help="Measure spatial bias before any vector is made, and remove it as `etl bias` does. "
    "[default: as the database records, else none]",
)
WITHOUT_LAYOUT = click.option(
    "--without-layout", is_flag=True, help="Leave out layout and indexes, because another run follows."
)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only print what would be done.")


def options(*wanted: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Combine several click options into one decorator, in the order given."""

    def decorate(command: Any) -> Any:
        for option in reversed(wanted):
            command = option(command)
        return command

    return decorate
