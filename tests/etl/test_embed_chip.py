"""Chips get the vectors of tiles with the same pixels; files that are not chips are refused."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio
from affine import Affine

from db.settings import Settings
from etl.cities.files import read_cities
from etl.cities.grid import TILE_PX, assign_cells, cell_and_month
from etl.demo.catalogue import DemoCatalogue
from etl.embed_chip import TEN_BANDS, read_chip, require_bands
from etl.encoders.galileo import load_galileo
from etl.encoders.validity import valid_pixels
from etl.errors import ChipError
from etl.imagery.sentinel2 import BANDS
from etl.period import Period
from etl.store.work_files import COMPOSITE, city_dir, open_array, read_attributes
from tests.etl.conftest import InThisProcess, environment

NORTH_UP = Affine(10, 0, 500_000, 0, -10, 5_000_000)


def write_chip(
    path: Path, pixels: np.ndarray | None = None, names: tuple[str | None, ...] = BANDS, **profile: Any
) -> Path:
    """Write a valid chip, except for the given changes."""
    pixels = np.full((12, TILE_PX, TILE_PX), 1000, np.uint16) if pixels is None else pixels
    count, height, width = pixels.shape
    given = {
        "driver": "GTiff", "count": count, "height": height, "width": width, "dtype": pixels.dtype.name,
        "crs": "EPSG:32632", "transform": NORTH_UP, "nodata": 0,
    } | profile  # fmt: skip
    with rasterio.open(path, "w", **given) as target:
        target.write(pixels)
        target.descriptions = names[:count]
    return path


STORED = """
    SELECT t.tile_id, t.city_id, t.valid_share, ST_X(t.location::geometry), ST_Y(t.location::geometry),
        t.embedding_mean::real[], t.embedding_dominant::real[],
        (SELECT array_agg(a.embedding::real[] ORDER BY a.method) FROM terrakin.tile_aggregates AS a
        WHERE a.tile_id = t.tile_id)
    FROM terrakin.tiles AS t
    ORDER BY t.tile_id
    LIMIT 1
"""


def test_a_chip_gets_the_vectors_of_the_tile_with_the_same_pixels(
    finished: Settings, tmp_path: Path, tiny_demo: DemoCatalogue
) -> None:
    with psycopg.connect(str(finished.database_url)) as conn:
        number, city_id, valid_share, lon, lat, mean, dominant, others = conn.execute(STORED).fetchone() or ()
    cell, _ = cell_and_month(number)
    assert cell in assign_cells(read_cities(tiny_demo.cities))[city_id]
    path = city_dir(finished.home, city_id, Period(date(2024, 6, 1), date(2024, 8, 31))) / COMPOSITE
    place = read_attributes(path) or {}
    y, x = (place["top_row"] - cell.row) * TILE_PX, (cell.col - place["left_col"]) * TILE_PX
    pixels = np.asarray(open_array(path, "reflectance")[:, y : y + TILE_PX, x : x + TILE_PX])
    box = cell.geobox
    chip = write_chip(tmp_path / "chip.tif", pixels, crs=str(box.crs), transform=box.transform, compress="deflate")

    done = InThisProcess(environment(finished.home, finished.database_url))("etl", "embed-chip", str(chip))
    assert done.returncode == 0, done.stderr
    answer = json.loads(done.stdout)
    assert answer["encoder"] == "mosaiks"
    assert len(answer["weights_sha256"]) == 64
    assert answer["valid_share"] == pytest.approx(valid_share)
    assert (answer["lon"], answer["lat"]) == (pytest.approx(lon, abs=1e-7), pytest.approx(lat, abs=1e-7))
    max_, median, min_, std = others
    stored = {"mean": mean, "dominant": dominant, "median": median, "min": min_, "max": max_, "std": std}
    stored["mean_std"] = np.concatenate([half / np.linalg.norm(half) for half in (mean, std)])
    assert answer["vectors"].keys() == stored.keys()
    for name, vector in stored.items():
        np.testing.assert_allclose(answer["vectors"][name], vector, rtol=1e-6, atol=1e-6)


def test_the_exit_code_tells_a_bad_file_from_a_missing_encoder(database: Settings, tmp_path: Path) -> None:
    terrakin = InThisProcess(environment(database.home, database.database_url))
    chip = write_chip(tmp_path / "chip.tif")
    (tmp_path / "text.tif").write_text("not a picture")
    for file, code, wanted in (
        (chip, 1, "terrakin etl run"),
        (tmp_path / "text.tif", 65, "text.tif"),
    ):
        done = terrakin("etl", "embed-chip", str(file))
        assert (done.returncode, done.stdout) == (code, "")
        assert wanted in done.stderr.splitlines()[-1]
        assert "Traceback" not in done.stderr


@pytest.mark.parametrize(
    ("changes", "wanted"),
    [
        ({"pixels": np.ones((3, 224, 224), np.uint16)}, "3 bands"),
        ({"pixels": np.ones((12, 224, 200), np.uint16)}, "200 x 224 px"),
        ({"pixels": np.ones((12, 224, 224), np.float32)}, "type float32"),
        ({"pixels": np.ones((10, 224, 224), np.uint16)}, "the bands B01 B02 .* B09;"),
        ({"nodata": 65535}, "nodata 65535"),
        ({"names": BANDS[::-1]}, "B12 B11 .* B01"),
        ({"crs": None}, "no CRS"),
        ({"crs": "EPSG:4326", "transform": Affine(1e-4, 0, 8, 0, -1e-4, 50)}, r"pixels of 0\.0001"),
        ({"transform": Affine(20, 0, 500_000, 0, -20, 5_000_000)}, "pixels of 20 x 20"),
        ({"transform": Affine(10, 0, 500_000, 0, 10, 5_000_000)}, "from north to south"),
        ({"tiled": True, "blockxsize": 2048, "blockysize": 2048, "compress": "deflate"}, "blocks of"),
    ],
)
def test_a_geotiff_of_another_form_is_refused(tmp_path: Path, changes: dict[str, Any], wanted: str) -> None:
    with pytest.raises(ChipError, match=wanted):
        read_chip(write_chip(tmp_path / "chip.tif", **changes))


@pytest.mark.parametrize("names", [TEN_BANDS, TEN_BANDS[::-1], (None,) * 10])
def test_ten_bands_are_read_by_their_names_or_else_in_order(tmp_path: Path, names: tuple[str | None, ...]) -> None:
    pixels = np.random.default_rng(0).integers(1, 9999, (12, TILE_PX, TILE_PX), np.uint16)
    pixels[BANDS.index("B05"), :3] = 0
    order = [BANDS.index(band or TEN_BANDS[i]) for i, band in enumerate(names)]
    chip = read_chip(write_chip(tmp_path / "chip.tif", pixels[order], names))
    rows = [BANDS.index(band) for band in TEN_BANDS]
    assert chip.bands == TEN_BANDS
    assert np.array_equal(chip.pixels[rows], pixels[rows])
    assert np.array_equal(valid_pixels(chip.pixels), (pixels != 0).all(axis=0))
    assert np.array_equal(load_galileo().embed(chip.pixels[None]), load_galileo().embed(pixels[None]))


@pytest.mark.parametrize("encoder", ["terramind_v1_base", "mosaiks"])
def test_ten_bands_are_refused_by_an_encoder_that_reads_twelve(tmp_path: Path, encoder: str) -> None:
    chip = read_chip(write_chip(tmp_path / "chip.tif", np.ones((10, TILE_PX, TILE_PX), np.uint16), TEN_BANDS))
    require_bands(chip, "galileo_nano")
    with pytest.raises(ChipError, match=f"B01 and B09, which {encoder} reads.*galileo_nano"):
        require_bands(chip, encoder)


def test_a_chip_of_ten_bands_is_no_chip_for_a_database_of_mosaiks(finished: Settings, tmp_path: Path) -> None:
    pixels = np.full((10, TILE_PX, TILE_PX), 1000, np.uint16)
    done = InThisProcess(environment(finished.home, finished.database_url))(
        "etl", "embed-chip", str(write_chip(tmp_path / "chip.tif", pixels, TEN_BANDS))
    )
    assert (done.returncode, done.stdout) == (65, "")
    assert "B01 and B09, which mosaiks reads" in done.stderr.splitlines()[-1]


def test_a_huge_image_in_a_small_file_is_refused_by_its_header(tmp_path: Path) -> None:
    path = tmp_path / "bomb.tif"
    profile = {"driver": "GTiff", "count": 12, "height": 20_000, "width": 20_000, "dtype": "uint16", "tiled": True}
    with rasterio.open(path, "w", **profile, crs="EPSG:32632", transform=NORTH_UP, SPARSE_OK=True):
        pass  # 9.6 GB of zeros
    assert path.stat().st_size < 2**20
    with pytest.raises(ChipError, match="20000 x 20000 px"):
        read_chip(path)


def test_files_that_are_not_geotiffs_are_refused(tmp_path: Path) -> None:
    damaged = write_chip(
        tmp_path / "damaged.tif", np.random.default_rng(0).integers(1, 9999, (12, 224, 224), np.uint16)
    )
    with damaged.open("r+b") as file:
        file.truncate(damaged.stat().st_size // 2)
    vrt = tmp_path / "chip.vrt"
    vrt.write_text('<VRTDataset rasterXSize="224" rasterYSize="224"/>')
    big = tmp_path / "big.tif"
    with big.open("wb") as file:
        file.truncate(2**25)
    for path in (damaged, vrt):
        with pytest.raises(ChipError, match=f"{path.name} .*GeoTIFF"):
            read_chip(path)
    for path in (big, tmp_path):
        with pytest.raises(ChipError, match=f"{path.name} .* 16 MiB"):
            read_chip(path)
    with pytest.raises(ChipError, match=r"absent\.tif: No such file"):
        read_chip(tmp_path / "absent.tif")


def test_a_cloudy_chip_is_refused(finished: Settings, tmp_path: Path) -> None:
    pixels = np.full((12, 224, 224), 1000, np.uint16)
    pixels[3, :150] = 0
    done = InThisProcess(environment(finished.home, finished.database_url))(
        "etl", "embed-chip", str(write_chip(tmp_path / "chip.tif", pixels))
    )
    assert (done.returncode, done.stdout) == (65, "")
    assert "only 33%" in done.stderr.splitlines()[-1]
