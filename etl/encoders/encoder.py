"""What an encoder is: from a Sentinel-2 tile to one vector for each of its 14 x 14 patches.

The two encoders are ``etl.encoders.mosaiks`` (NumPy) and ``etl.encoders.terramind`` (torch, imported only when
it is loaded). This module imports neither.
"""

from typing import Literal, Protocol

import numpy as np

from etl.cities.grid import PATCHES_PER_TILE, TILE_PX
from etl.errors import EncoderError

N_BANDS = 12
N_PATCHES = PATCHES_PER_TILE
DIMENSION = 768

REFLECTANCE_SCALE = 10_000

Weights = Literal["pretrained", "random", "fitted"]


class Encoder(Protocol):
    """A fitted or loaded encoder, ready to embed.

    ``weights_sha256`` (64 hex digits) differs whenever the same pixels might get other vectors, so vectors of
    two different encoders are never compared by mistake.
    """

    @property
    def name(self) -> str:
        """``mosaiks`` or ``terramind_v1_base``."""

    @property
    def weights(self) -> Weights:
        """Where the weights come from; ``random`` must be said wherever results are shown."""

    @property
    def weights_sha256(self) -> str:
        """SHA-256 of the weights, hexadecimal."""

    @property
    def dimension(self) -> int:
        """Length of one patch vector."""

    @property
    def runtime(self) -> str:
        """What computes, and how exactly: for the record; vectors of all runtimes of one encoder are comparable."""

    def embed(self, chips: np.ndarray) -> np.ndarray:
        """Patch vectors of tiles.

        Args:
            chips: (n, 12, 224, 224) uint16, surface reflectance * 10000, 0 = nodata, bands as ``etl.imagery.sentinel2.BANDS``.

        Returns:
            (n, 196, 768) float32, finite; patches row by row from the north-west corner.

        Raises:
            EncoderError: ``chips`` has another shape or type.
        """


def check_chips(chips: np.ndarray) -> None:
    """Refuse an array that is not a stack of tiles.

    Raises:
        EncoderError: not (n, 12, 224, 224) uint16.
    """
    if chips.ndim != 4 or chips.shape[1:] != (N_BANDS, TILE_PX, TILE_PX) or chips.dtype != np.uint16:
        raise EncoderError(
            f"an encoder takes tiles of shape (n, {N_BANDS}, {TILE_PX}, {TILE_PX}) and type uint16, "
            f"not {chips.shape} of {chips.dtype}; give all 12 Sentinel-2 L2A bands at 10 m"
        )
