"""Options that several commands of ``terrakin etl`` share."""

import os
from collections.abc import Callable
from pathlib import Path
from typing import Any

import click

Options = dict[str, Any]

STAC = click.option("--stac", required=True, help="STAC API (https://...) or static catalogue (its JSON: path or URL).")
COLLECTION = click.option("--collection", help="Collection id, where the catalogue has several.")
PERIOD = click.option("--period", required=True, help="Days of the scenes: 2024-06-01/2024-08-31.")
MAX_CLOUD_COVER = click.option(
    "--max-cloud-cover",
    type=click.FloatRange(0, 100),
    default=60.0,
    show_default=True,
    help="Leave out scenes with more cloud (percent); clearer ones are taken first.",
)
WIDEN_DAYS = click.option(
    "--widen-days", type=click.IntRange(0, 365), default=30, show_default=True,
    help="Where clear looks lack, take scenes of so many days before and after the period too; 0: never.",
)  # fmt: skip
SIGN = click.option(
    "--sign", is_flag=True, help="Sign addresses for Planetary Computer's storage (package planetary-computer)."
)
CITIES = click.option(
    "--cities", "city_file", type=click.Path(path_type=Path), help="GeoJSON or CSV of cities; else the database's."
)
CITY = click.option("--city", "city_names", multiple=True, help="Only this city (name or id); may be repeated.")
LIMIT = click.option("--limit", type=click.IntRange(1), help="At most so many cities.")
ENCODER = click.option(
    "--encoder", type=click.Choice(["mosaiks", "terramind_v1_base"]), default="mosaiks", show_default=True
)
WEIGHTS = click.option(
    "--weights",
    default="hub",
    show_default=True,
    help="TerraMind's: hub, a file (as published, or .onnx of export-onnx), or random (untrained).",
)
PRECISION = click.option(
    "--precision", type=click.Choice(["fp32", "bf16"]), default="fp32", show_default=True,
    help="TerraMind's with torch; bf16 pays on GPUs and processors that compute in it. int8: see export-onnx.",
)  # fmt: skip
WEIGHTS_SHA256 = click.option("--weights-sha256", help="SHA-256 that the weights file must have.")
WORKERS = click.option(
    "--workers", "n_workers", type=click.IntRange(1), default=os.cpu_count() or 1, show_default="cores",
    help="Processes of the local Dask cluster.",
)  # fmt: skip
DASK_SCHEDULER = click.option("--dask-scheduler", help="Use this Dask scheduler instead: tcp://host:port.")
POST_PROCESSING = click.option(
    "--post-processing",
    type=click.Choice(["raw", "centred", "standardised", "all_but_the_top"]),
    help="What makes patch vectors comparable. [default: the database's; standardised where none is recorded]",
)
REMOVALS = click.Choice(["dimensions", "leace", "none"])
BIAS_REMOVAL = click.option(
    "--bias-removal",
    type=REMOVALS,
    help="Measure spatial bias before any vector is made, and take it out as `etl bias` does. "
    "[default: as the database records; nothing where none is recorded]",
)
DRY_RUN = click.option("--dry-run", is_flag=True, help="Only say what would be done.")


def options(*wanted: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Several click options as one decorator, in the order given."""

    def decorate(command: Any) -> Any:
        for option in reversed(wanted):
            command = option(command)
        return command

    return decorate
