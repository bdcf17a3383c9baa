"""The script that takes the pictures of the README."""

import subprocess
import sys
from pathlib import Path

import pytest
import rasterio
from playwright.sync_api import Browser
from rasterio.errors import NotGeoreferencedWarning

from tests.builders.towns import TOWNS, TownDatabase

SCRIPT = Path(__file__).parents[2] / "scripts" / "screenshot.py"


def test_the_script_takes_a_picture_and_prints_the_matches(
    site: str, browser: Browser, towns: TownDatabase, tmp_path: Path
) -> None:
    """``browser`` is requested so that the test is skipped without one."""
    out = tmp_path / "images" / "harbours.png"
    tile_id = towns.tile_of(TOWNS[0].city_id, "harbour")
    command = [sys.executable, SCRIPT, "--url", site, "--out", out, "--tile-id", tile_id, "--k", 3]
    result = subprocess.run([str(part) for part in command], capture_output=True, text=True, check=True)
    assert [line.split()[0] for line in result.stdout.splitlines()] == ["1", "2", "3"]
    with pytest.warns(NotGeoreferencedWarning), rasterio.open(out) as picture:
        assert (picture.width, picture.height) == (1280, 800)
