"""``terrakin etl export-onnx``: TerraMind as a file for ONNX Runtime, which is faster than torch on CPUs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from db.settings import Settings
from etl.cli.options import WEIGHTS, WEIGHTS_SHA256

if TYPE_CHECKING:  # commands import heavy modules only when they run
    import numpy as np

N_CHECKED = 8
"""Number of this machine's tiles on which the file is compared with torch."""


@click.command("export-onnx")
@WEIGHTS
@WEIGHTS_SHA256
@click.option(
    "--precision", type=click.Choice(["fp32", "int8"]), default="fp32", show_default=True,
    help="int8: dynamic quantisation, a quarter of the size, faster on CPUs with VNNI or AMX.",
)  # fmt: skip
@click.option(
    "--chip", "chip_files", type=click.Path(path_type=Path), multiple=True,
    help="GeoTIFF of a tile (as for embed-chip) on which to check the file; may be repeated. [default: tiles of this "
    "machine's composites]",
)  # fmt: skip
@click.option(
    "--min-cosine", type=click.FloatRange(0, 1), default=0.999, show_default=True,
    help="Keep the file only if every patch vector has at least this cosine to torch's in fp32.",
)  # fmt: skip
@click.option("--output", type=click.Path(path_type=Path), help="Path of the file. [default: among the work files]")
@click.pass_obj
def export_onnx(settings: Settings, /, chip_files: tuple[Path, ...], output: Path | None, **given: Any) -> None:
    """Export TerraMind to an ONNX file.

    The file is checked against torch on real tiles, and is used with `--weights FILE.onnx`.
    """
    from etl.encoders import onnx_export, terramind
    from etl.encoders.selection import EncoderChoice, load_encoder
    from etl.store.work_files import exported_encoder

    chips = _chips(settings.home, chip_files)
    precision = given["precision"]
    path = output or exported_encoder(settings.home, precision)
    loaded = load_encoder(EncoderChoice(terramind.NAME, given["weights"], given["weights_sha256"]))
    description = onnx_export.export_onnx(loaded, path, precision, chips, given["min_cosine"])
    click.echo(
        f"{path}: {path.stat().st_size / 2**20:.0f} MiB, {description.precision}, {description.weights} weights "
        f"{description.weights_sha256[:12]}; lowest cosine of a patch vector to torch's fp32 on {len(chips)} tiles: "
        f"{description.min_cosine:.6f}"
    )


def _chips(home: Path, files: tuple[Path, ...]) -> np.ndarray:
    """Return the tiles to check on: those of the files, else some of this machine's composites."""
    import numpy as np

    from etl.embed_chip import read_chip, require_bands
    from etl.encoders.terramind import NAME
    from etl.store.composites import sample_chips

    if not files:
        return sample_chips(home, N_CHECKED)
    chips = [read_chip(file) for file in files]
    for chip in chips:
        require_bands(chip, NAME)
    return np.stack([chip.pixels for chip in chips])
