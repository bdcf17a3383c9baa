"""The encoder protocol: from a Sentinel-2 tile to one vector for each of its 14 x 14 patches.

Implementations: ``etl.encoders.mosaiks`` (NumPy), ``etl.encoders.galileo`` and ``etl.encoders.terramind_onnx`` (ONNX
Runtime) and ``etl.encoders.terramind`` (torch). This module imports none of them.
"""

from typing import Literal, Protocol

import numpy as np

from etl.cities.grid import PATCHES_PER_TILE, TILE_PX
from etl.errors import EncoderError

N_BANDS = 12
N_PATCHES = PATCHES_PER_TILE
DIMENSION = 768

REFLECTANCE_SCALE = 10_000

NOMINAL_MONTH = 7
"""Month of pixels whose date is unknown."""

Weights = Literal["pretrained", "random", "fitted"]

DefaultMethod = Literal["mean", "mean_std"]


class Encoder(Protocol):
    """A fitted or loaded encoder, ready to embed."""

    @property
    def name(self) -> str:
        """``mosaiks``, ``galileo_nano`` or ``terramind_v1_base``."""

    @property
    def weights(self) -> Weights:
        """Where the weights come from; every page that shows results of ``random`` weights must warn about them."""

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights, 64 hexadecimal digits; differs whenever equal pixels might get other vectors."""

    @property
    def dimension(self) -> int:
        """Length of one patch vector."""

    @property
    def runtime(self) -> str:
        """Library, precision and device, for the record; vectors of all runtimes of one encoder are comparable."""

    @property
    def default_method(self) -> DefaultMethod:
        """The aggregation that a search uses where none is named."""

    def embed(self, chips: np.ndarray, month: int = NOMINAL_MONTH) -> np.ndarray:
        """Return the patch vectors of tiles.

        Args:
            chips: (n, 12, 224, 224) uint16, surface reflectance x 10000, 0 = nodata, bands in the order of
                ``etl.imagery.sentinel2.BANDS``.
            month: month of the pixels, 1 to 12; only galileo_nano takes it into account.

        Returns:
            (n, 196, 768) float32, finite; patches row by row from the north-west corner.

        Raises:
            EncoderError: ``chips`` has another shape or type.
        """


def check_chips(chips: np.ndarray) -> None:
    """Raise EncoderError if ``chips`` is not (n, 12, 224, 224) uint16."""
    if chips.ndim != 4 or chips.shape[1:] != (N_BANDS, TILE_PX, TILE_PX) or chips.dtype != np.uint16:
        raise EncoderError(
            f"an encoder needs tiles of shape (n, {N_BANDS}, {TILE_PX}, {TILE_PX}) and type uint16, "
            f"not {chips.shape} of {chips.dtype}; pass all 12 Sentinel-2 L2A bands at 10 m"
        )
