"""Thumbnails: shades by one formula, nodata transparent; made for what was loaded before, again where tiles changed."""

import io
from collections.abc import Callable

import numpy as np
import psycopg
import pytest
from PIL import Image

from db.settings import Settings
from etl.demo.catalogue import DemoCatalogue
from etl.imagery.sentinel2 import BANDS
from etl.imagery.thumbnails import SIDE_PX, thumbnail
from tests.etl.conftest import CommandLine, run_arguments

SHAPE = (12, 224, 224)
RED, GREEN, BLUE = 3, 2, 1


def opened(webp: bytes) -> np.ndarray:
    picture = Image.open(io.BytesIO(webp))
    assert picture.format == "WEBP"
    return np.asarray(picture).astype(float)


@pytest.mark.parametrize(
    ("dn", "shade"),
    # By hand: 255 (dn / 3000) ^ (1 / 1.4); 750 is a quarter of white.
    [(1, 1), (750, 95), (1500, 155), (3000, 255), (16000, 255)],
)
def test_a_reflectance_has_the_same_shade_in_every_tile(dn: int, shade: int) -> None:
    rng = np.random.default_rng(dn)
    chip = rng.integers(1, 10000, SHAPE).astype(np.uint16)
    chip[[RED, GREEN, BLUE]] = dn
    pixels = opened(thumbnail(chip))
    assert pixels.shape == (SIDE_PX, SIDE_PX, 3)
    assert abs(pixels - shade).max() <= 2  # WebP is lossy


def test_red_is_b04_green_is_b03_blue_is_b02_and_north_is_up() -> None:
    assert [BANDS[i] for i in (RED, GREEN, BLUE)] == ["B04", "B03", "B02"]
    chip = np.full(SHAPE, 100, np.uint16)
    chip[RED, :112], chip[GREEN, 112:, :112], chip[BLUE, 112:, 112:] = 3000, 3000, 3000
    pixels = opened(thumbnail(chip))
    for area, channel in ((pixels[8:56], 0), (pixels[72:120, 8:56], 1), (pixels[72:120, 72:120], 2)):
        assert area.mean(axis=(0, 1)).argmax() == channel
        assert area[..., channel].min() > 240


def test_pixels_without_data_in_any_band_are_transparent_and_darken_no_other() -> None:
    chip = np.full(SHAPE, 1500, np.uint16)
    chip[11, :, :112] = 0
    pixels = opened(thumbnail(chip))
    assert (pixels[:, :64, 3] == 0).all()
    assert (pixels[:, 64:, 3] == 255).all()
    assert abs(pixels[:, 64:, :3] - 155).max() <= 3


def test_only_a_chip_is_drawn() -> None:
    with pytest.raises(ValueError, match="uint16"):
        thumbnail(np.zeros(SHAPE, np.int16))
    with pytest.raises(ValueError, match="224"):
        thumbnail(np.zeros((12, 100, 224), np.uint16))


ALL = "SELECT tile_id, md5(webp) FROM terrakin.tile_thumbnails ORDER BY tile_id"
TASKS = "SELECT city_id, attempts, finished_at FROM terrakin.etl_tasks WHERE stage = 'thumbnail' ORDER BY city_id"


def test_what_was_loaded_before_and_what_changed_gets_its_thumbnails_by_the_next_run(
    database: Settings, tiny_demo: DemoCatalogue, command_line: Callable[..., CommandLine]
) -> None:
    terrakin = command_line(database.home, database.database_url)
    assert terrakin(*run_arguments(tiny_demo)).returncode == 0
    assert database.database_url
    with psycopg.connect(database.database_url, autocommit=True) as conn:
        made, tasks = conn.execute(ALL).fetchall(), conn.execute(TASKS).fetchall()
        assert len(made) == len({md5 for _, md5 in made}) == 12
        for (webp,) in conn.execute("SELECT webp FROM terrakin.tile_thumbnails").fetchall():
            assert opened(webp).shape[:2] == (SIDE_PX, SIDE_PX)
        # As a database of before this stage: neither tasks nor pictures.
        conn.execute("DELETE FROM terrakin.tile_thumbnails")
        conn.execute("DELETE FROM terrakin.etl_tasks WHERE stage = 'thumbnail'")
        assert terrakin(*run_arguments(tiny_demo)).returncode == 0
        assert conn.execute(ALL).fetchall() == made

        tasks = conn.execute(TASKS).fetchall()
        conn.execute("DELETE FROM terrakin.tile_thumbnails WHERE tile_id = %s", (made[0][0],))
        assert terrakin(*run_arguments(tiny_demo)).returncode == 0
        assert conn.execute(ALL).fetchall() == made
        assert len(set(conn.execute(TASKS).fetchall()) - set(tasks)) == 1, "the one city that lacked a picture"

        tasks = conn.execute(TASKS).fetchall()
        # No more than 30 % of cloud: another day is left out, and the composites differ.
        assert terrakin(*run_arguments(tiny_demo, "--max-cloud-cover", "30")).returncode == 0
        assert not set(conn.execute(TASKS).fetchall()) & set(tasks), "composites changed, all are drawn again"
