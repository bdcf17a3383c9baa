"""Galileo nano, pretrained on Sentinel-2 among other sensors, computed by ONNX Runtime from a file in the package.

Tseng et al. 2025, "Galileo: Learning Global & Local Features of Many Remote Sensing Modalities" (arXiv 2502.09356).
``scripts/build_galileo.py`` made the file from the published weights (MIT, see etl/data/README.md).
"""

import hashlib
import json
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np

from etl.cities.grid import PATCHES_PER_SIDE, PATCHES_PER_TILE, TILE_PX
from etl.encoders.batching import N_CORES, embed_batches
from etl.encoders.encoder import DIMENSION, NOMINAL_MONTH, DefaultMethod, Weights, check_chips
from etl.encoders.validity import valid_pixels
from etl.errors import EncoderError

NAME = "galileo_nano"
MODEL = Path(__file__).parents[1] / "data" / "galileo_nano.onnx"
MODEL_SHA256 = "823abe5740f0215d666bf0f5dcb1be2f3ce6f954413d7ce7677f8f91e01d9742"
DESCRIPTION = "terrakin"
"""Key of the file's metadata under which the normalisation and the origin of the weights are kept as JSON."""
BAND_KEYS = ("B02", "B03", "B04", "B05", "B06", "B07", "B08", "B8A", "B11", "B12")
"""The network's bands: those of ``etl.imagery.sentinel2.BANDS`` without B01 and B09."""
BAND_ROWS = (1, 2, 3, 4, 5, 6, 7, 8, 10, 11)
"""Their rows in a tile."""
RED, NEAR_INFRARED = BAND_KEYS.index("B04"), BAND_KEYS.index("B08")
WINDOW_PX = 56
"""The network was trained on windows of 4 to 12 tokens; 7 tokens of 8 px divide a tile evenly."""
WINDOWS = TILE_PX // WINDOW_PX
GROUPS, WIDTH = 6, 128
WINDOWS_A_CALL = 1
"""More windows per call leave the processor's cache and are slower."""
MONTHS = 12


@dataclass(frozen=True)
class GalileoEncoder:
    """An ONNX Runtime session, ready to embed; see ``etl.encoders.encoder.Encoder``.

    Attributes:
        weights_sha256: SHA-256 of the ONNX file.
        band_mean: (10,) float32, reflectance * 10000, of the bands in ``BAND_KEYS``.
        band_std: (10,) float32, the same.
        ndvi_mean: stands in for NDVI where a pixel has no data.
        session: of ONNX Runtime.
    """

    weights_sha256: str
    band_mean: np.ndarray
    band_std: np.ndarray
    ndvi_mean: float
    session: Any = field(repr=False)
    name: str = NAME
    weights: Weights = "pretrained"
    dimension: int = DIMENSION
    runtime: str = "onnx fp32 on CPUExecutionProvider"
    default_method: DefaultMethod = "mean_std"

    def embed(self, chips: np.ndarray, month: int = NOMINAL_MONTH) -> np.ndarray:
        """Return the patch vectors of tiles: six channel groups of 128 numbers, each the mean of 2 x 2 tokens.

        Nodata pixels become the mean of their band, as for the other encoders.

        Args:
            chips: (n, 12, 224, 224) uint16, surface reflectance * 10000, 0 = nodata, bands in the order of
                ``etl.imagery.sentinel2.BANDS``.
            month: month of the observation, 1 to 12.

        Returns:
            (n, 196, 768) float32, row by row from the north-west corner.

        Raises:
            EncoderError: ``chips`` has another shape or type, or ``month`` is out of range.
        """
        check_chips(chips)
        if not 1 <= month <= MONTHS:
            raise EncoderError(f"month {month} is not between 1 and {MONTHS}")

        def run(batch: np.ndarray) -> np.ndarray:
            return np.stack([patches_of(self._tokens(chip, month)) for chip in batch])

        return embed_batches(run, chips, batch_size=1, n_parallel=N_CORES)

    def _tokens(self, chip: np.ndarray, month: int) -> np.ndarray:
        """Return the tokens (16, 294, 128) of the windows of one tile (12, 224, 224)."""
        windows = windows_of(self._normalised(chip))
        months = np.full(WINDOWS_A_CALL, month - 1)
        calls = [windows[start : start + WINDOWS_A_CALL] for start in range(0, len(windows), WINDOWS_A_CALL)]
        return np.concatenate([self.session.run(None, {"bands": call, "month": months})[0] for call in calls])

    def _normalised(self, chip: np.ndarray) -> np.ndarray:
        """Return (11, 224, 224) float32: ten bands with mean 0.5 and standard deviation 0.25, then NDVI."""
        bands = chip[list(BAND_ROWS)].astype(np.float32)
        is_valid = valid_pixels(chip)
        total = bands[NEAR_INFRARED] + bands[RED]
        ndvi = (bands[NEAR_INFRARED] - bands[RED]) / np.maximum(total, 1)
        low, scale = self.band_mean - 2 * self.band_std, 4 * self.band_std
        scaled = (bands - low[:, None, None]) / scale[:, None, None]
        scaled = np.where(is_valid, scaled, np.float32(0.5))
        ndvi = np.where(is_valid, ndvi, np.float32(self.ndvi_mean))
        return np.concatenate([scaled, ndvi[None]]).astype(np.float32)


def windows_of(bands: np.ndarray) -> np.ndarray:
    """Return the 16 windows (16, c, 56, 56) of a tile (c, 224, 224), row by row."""
    parts = bands.reshape(len(bands), WINDOWS, WINDOW_PX, WINDOWS, WINDOW_PX).transpose(1, 3, 0, 2, 4)
    return np.ascontiguousarray(parts.reshape(-1, len(bands), WINDOW_PX, WINDOW_PX))


def patches_of(tokens: np.ndarray) -> np.ndarray:
    """Return the 196 patches (196, 768) of a tile from the tokens (16, 294, 128) of its windows.

    A patch of 160 m is the mean of 2 x 2 tokens of 80 m, per channel group.
    """
    side = round((tokens.shape[1] // GROUPS) ** 0.5)
    by_window = tokens.reshape(WINDOWS, WINDOWS, side, side, GROUPS * WIDTH)
    positions = by_window.transpose(0, 2, 1, 3, 4).reshape(PATCHES_PER_SIDE, 2, PATCHES_PER_SIDE, 2, DIMENSION)
    mean: np.ndarray = positions.mean(axis=(1, 3)).reshape(PATCHES_PER_TILE, DIMENSION)
    return mean


def load_galileo(path: Path = MODEL, sha256: str = MODEL_SHA256) -> GalileoEncoder:
    """Open the packaged ONNX file after checking its hash.

    Raises:
        EncoderError: the file is missing, truncated or has another hash.
    """
    import onnxruntime

    try:
        content = path.read_bytes()
    except OSError as error:
        raise EncoderError(f"weights file {path} cannot be read ({error.strerror}); install terrakin again") from error
    digest = hashlib.sha256(content).hexdigest()
    if digest != sha256:
        raise EncoderError(
            f"weights file {path} ({len(content)} bytes) has SHA-256 {digest}, not {sha256}; install terrakin again"
        )
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1  # each core embeds its own tile
    session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
    values = json.loads(session.get_modelmeta().custom_metadata_map[DESCRIPTION])
    mean, std = (np.array(values[key], np.float32) for key in ("band_mean", "band_std"))
    return GalileoEncoder(digest, mean, std, values["ndvi_mean"], session)
