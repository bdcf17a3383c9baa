"""Thumbnails: tiles in true colour, all with the same stretch, so that they can be compared by eye."""

import io

import numpy as np
from PIL import Image

from etl.cities.grid import TILE_PX
from etl.imagery.sentinel2 import BANDS

SIDE_PX = TILE_PX
WHITE_REFLECTANCE = 0.3
"""Surface reflectance drawn as white. Sentinel-2's true-colour image (TCI) of Level-2A ends at 0.2, where roofs, sand
and concrete merge into one white area; at 0.3 they differ, and only clouds, snow and salt are saturated."""
GAMMA = 1.4
"""Brightens the dark half: water, forest and shaded streets are nearly black without it. Chosen by eye on 35 real
chips."""
QUALITY = 85
METHOD = 2
"""Compression effort, 0 to 6: libwebp's default 4 takes 1.5 times as long for files 3 % smaller."""
STYLE = f"{SIDE_PX} px, 0..{WHITE_REFLECTANCE}, gamma {GAMMA}, webp {QUALITY}"
"""Part of each thumbnail's fingerprint: when it changes, all thumbnails are made again."""
REFLECTANCE_SCALE = 10000
TRUE_COLOUR = tuple(BANDS.index(band) for band in ("B04", "B03", "B02"))


def _stretch_table() -> np.ndarray:
    reflectance = np.arange(2**16) / REFLECTANCE_SCALE
    table: np.ndarray = np.rint(255 * np.clip(reflectance / WHITE_REFLECTANCE, 0, 1) ** (1 / GAMMA)).astype(np.uint8)
    return table


STRETCH = _stretch_table()
"""(65536,) uint8: shade for each reflectance x 10000."""


def thumbnail(chip: np.ndarray) -> bytes:
    """Draw a tile as WebP, SIDE_PX x SIDE_PX px, north up.

    Red, green and blue are B04, B03 and B02; shade = 255 (reflectance / 0.3) ^ (1 / 1.4), clipped to 0..255. Pixels
    without data in any band are transparent.

    Args:
        chip: (12, 224, 224) uint16, surface reflectance x 10000 in the order of BANDS; 0 is nodata.

    Raises:
        ValueError: ``chip`` has another shape or type.
    """
    if chip.shape != (len(BANDS), TILE_PX, TILE_PX) or chip.dtype != np.uint16:
        raise ValueError(f"a chip is ({len(BANDS)}, {TILE_PX}, {TILE_PX}) uint16, not {chip.shape} {chip.dtype}")
    picture = Image.merge("RGB", [Image.fromarray(STRETCH.take(chip[band])) for band in TRUE_COLOUR])
    is_valid = (chip != 0).all(axis=0)
    if not is_valid.all():
        picture.putalpha(Image.fromarray(np.where(is_valid, np.uint8(255), np.uint8(0))))
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=METHOD)
    return file.getvalue()
