"""``terrakin etl export-onnx``: TerraMind as a file that ONNX Runtime computes, faster than torch on processors."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.settings import Settings
from etl.cli.options import WEIGHTS, WEIGHTS_SHA256

if TYPE_CHECKING:  # the commands import nothing heavy before they run
    import numpy as np

N_CHECKED = 8
"""Tiles of this machine's composites on which the file must agree with torch."""


@click.command("export-onnx")
@WEIGHTS
@WEIGHTS_SHA256
@click.option(
    "--precision", type=click.Choice(["fp32", "int8"]), default="fp32", show_default=True,
    help="int8: dynamic quantisation, a quarter of the size, faster where the processor multiplies bytes (VNNI, AMX).",
)  # fmt: skip
@click.option(
    "--chip", "chip_files", type=click.Path(path_type=Path), multiple=True,
    help="GeoTIFF of a tile (as for embed-chip) to check it on; may be repeated. [default: tiles of this machine's "
    "composites]",
)  # fmt: skip
@click.option(
    "--min-cosine", type=click.FloatRange(0, 1), default=0.999, show_default=True,
    help="Lowest cosine of a patch vector to torch's in fp32 with which the file is kept.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), help="The file. [default: beside this machine's work files]")
@click.pass_obj
def export_onnx(settings: Settings, /, chip_files: tuple[Path, ...], output: Path | None, **given: Any) -> None:
    """Write TerraMind as one ONNX file, checked against torch on real tiles; then `--weights FILE.onnx`."""
    from etl.encoders import onnx_export, terramind
    from etl.encoders import selection as encoder_choice
    from etl.store.work_files import encoder_dir

    chips = _chips(settings.home, chip_files)
    precision = given["precision"]
    path = output or encoder_dir(settings.home) / encoder_choice.export_name(precision)
    loaded = encoder_choice.load_encoder(
        encoder_choice.EncoderChoice(terramind.NAME, given["weights"], given["weights_sha256"])
    )
    description = onnx_export.export_onnx(loaded, path, precision, chips, given["min_cosine"])
    click.echo(
        f"{path}: {path.stat().st_size / 2**20:.0f} MiB, {description.precision}, {description.weights} weights "
        f"{description.weights_sha256[:12]}; lowest cosine of a patch vector to torch's fp32 on {len(chips)} tiles: "
        f"{description.min_cosine:.6f}"
    )


def _chips(home: Path, files: tuple[Path, ...]) -> np.ndarray:
    """The tiles to check on: the files', else some of this machine's composites."""
    import numpy as np

    from etl.cities.grid import TILE_PX
    from etl.embed_chip import read_chip
    from etl.errors import EncoderError
    from etl.store.work_files import COMPOSITE, open_array

    if files:
        return np.stack([read_chip(file).pixels for file in files])
    composites = sorted((home / "work").glob(f"*/*/{COMPOSITE}"))[:N_CHECKED]
    if not composites:
        raise EncoderError(
            f"there are no tiles to check the file on: no composites under {home / 'work'}; give some with --chip"
        )
    return np.stack([np.asarray(open_array(path, "reflectance")[:, :TILE_PX, :TILE_PX]) for path in composites])
