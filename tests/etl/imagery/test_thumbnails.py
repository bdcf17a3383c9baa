"""Thumbnails: shades by one formula, transparent nodata, bands and orientation."""

import io

import numpy as np
import pytest
from PIL import Image

from etl.imagery.sentinel2 import BANDS
from etl.imagery.thumbnails import SIDE_PX, thumbnail

SHAPE = (12, 224, 224)
RED, GREEN, BLUE = 3, 2, 1


def decode(webp: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(webp))
    assert picture.format == "WEBP"
    return np.asarray(picture).astype(float)


@pytest.mark.parametrize(
    ("dn", "shade"),
    # Computed by hand: 255 (dn / 3000) ^ (1 / 1.4); 750 is a quarter of white.
    [(1, 1), (750, 95), (1500, 155), (3000, 255), (16000, 255)],
)
def test_a_reflectance_has_the_same_shade_in_every_tile(dn: int, shade: int) -> None:
    rng = np.random.default_rng(dn)
    chip = rng.integers(1, 10000, SHAPE).astype(np.uint16)
    chip[[RED, GREEN, BLUE]] = dn
    pixels = decode(thumbnail(chip))
    assert pixels.shape == (SIDE_PX, SIDE_PX, 3)
    assert abs(pixels - shade).max() <= 2  # WebP is lossy


def test_red_green_and_blue_are_b04_b03_and_b02_and_north_is_up() -> None:
    assert [BANDS[i] for i in (RED, GREEN, BLUE)] == ["B04", "B03", "B02"]
    chip = np.full(SHAPE, 100, np.uint16)
    chip[RED, :112], chip[GREEN, 112:, :112], chip[BLUE, 112:, 112:] = 3000, 3000, 3000
    pixels = decode(thumbnail(chip))
    for area, channel in ((pixels[8:104], 0), (pixels[120:216, 8:104], 1), (pixels[120:216, 120:216], 2)):
        assert area.mean(axis=(0, 1)).argmax() == channel
        assert area[..., channel].min() > 240


def test_pixels_without_data_are_transparent_and_do_not_darken_others() -> None:
    chip = np.full(SHAPE, 1500, np.uint16)
    chip[11, :, :112] = 0
    pixels = decode(thumbnail(chip))
    assert (pixels[:, :112, 3] == 0).all()
    assert (pixels[:, 112:, 3] == 255).all()
    assert abs(pixels[:, 120:, :3] - 155).max() <= 3


def test_an_array_of_another_shape_or_type_is_refused() -> None:
    with pytest.raises(ValueError, match="uint16"):
        thumbnail(np.zeros(SHAPE, np.int16))
    with pytest.raises(ValueError, match="224"):
        thumbnail(np.zeros((12, 100, 224), np.uint16))
