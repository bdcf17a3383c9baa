"""Checks of a scene's pixels on all real chips and scenes: offsets, and clouds that the mask misses."""

import csv
from pathlib import Path

import numpy as np
import pytest
import rasterio

from etl.imagery.quality import BANDS_CHECKED, decide_offset, hidden_by_cloud
from etl.imagery.sentinel2 import BANDS
from tests.real.thailand import read_scene

CHECKED = [BANDS.index(band) for band in BANDS_CHECKED]
MISJUDGED = {"hydro_patch_100000"}
"""The manifest's guess is a heuristic; this chip of open water has 996 in its darkest infrared, so 1000 was added."""
NOTHING_DARK = {
    "s2100k_patch_252161", "s2100k_patch_70541", "s2100k_patch_759128", "s2100k_patch_766272", "s2100k_patch_770287",
    "hydro_patch_10000",
}  # fmt: skip
"""Sand, bare soil and snow without water or shade within 2.24 km: a claim that 1000 is already subtracted is accepted.
(A scene is larger than a chip, and contains dark pixels.)"""


def chips(real_data: Path) -> dict[str, tuple[np.ndarray, int]]:
    """Return pixels (6, 224, 224) uint16 and their actual offset, by name of chip."""
    read = {}
    with (real_data / "s2-l2a" / "manifest.csv").open() as file:
        for row in csv.DictReader(file):
            with rasterio.open(real_data / "s2-l2a" / f"{row['name']}.tif") as source:
                dn = source.read()[CHECKED]
            is_shifted = row["offset_guess"] == "likely +1000" or row["name"] in MISJUDGED
            read[row["name"]] = dn, -1000 if is_shifted else 0
    assert len(read) == 35
    return read


def coarse_scene(real_data: Path, name: str) -> np.ndarray:
    """Return (6, 178, 178) uint16: each band subsampled to 60 m."""
    bands = read_scene(real_data, name)
    return np.stack([bands[b][:: len(bands[b]) // 178, :: len(bands[b]) // 178][:178, :178] for b in BANDS_CHECKED])


@pytest.mark.parametrize("claimed_dn", [0, -1000])
def test_a_wrong_claim_is_corrected_if_the_chip_contains_dark_pixels(real_data: Path, claimed_dn: int) -> None:
    wrong = []
    for name, (dn, offset_dn) in chips(real_data).items():
        decided = decide_offset(dn, claimed_dn, 5.0)
        expected = claimed_dn if name in NOTHING_DARK else offset_dn
        if decided.offset_dn != expected:
            wrong.append((name, decided))
    assert wrong == []


def test_scenes_before_baseline_4_have_no_offset(real_data: Path) -> None:
    for dn, _ in chips(real_data).values():
        assert decide_offset(dn, 0, 2.14).offset_dn == 0


def test_the_offsets_of_both_scenes_are_found(real_data: Path) -> None:
    assert decide_offset(coarse_scene(real_data, "thailand-villages"), -1000, 5.0).offset_dn == 0
    assert decide_offset(coarse_scene(real_data, "drc-cloudy"), -1000, 4.0).offset_dn == -1000


def test_clouds_under_a_clear_mask_are_detected_and_nothing_else_is(real_data: Path) -> None:
    """Deserts, ice, snow, water, forest and towns are not detected; every tile of the cloudy scene is."""
    for name, (dn, offset_dn) in chips(real_data).items():
        assert hidden_by_cloud(dn, np.ones(dn.shape[1:], bool), offset_dn) is None, name
    for name, is_hidden in (("thailand-villages", False), ("drc-cloudy", True)):
        scene, size = coarse_scene(real_data, name), 37
        offset_dn = decide_offset(scene, 0, None).offset_dn if name == "thailand-villages" else -1000
        for y, x in np.ndindex(4, 4):
            tile = scene[:, y * size : (y + 1) * size, x * size : (x + 1) * size]
            found = hidden_by_cloud(tile, np.ones(tile.shape[1:], bool), offset_dn)
            assert (found is not None) == is_hidden, (name, y, x)
