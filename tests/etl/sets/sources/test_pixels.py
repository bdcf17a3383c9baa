"""Rasters of pixels, averaged over tiles or blocks: synthetic ones in the layouts of AlphaEarth and TESSERA."""

import json
from pathlib import Path

import numpy as np
import pytest
import rasterio
import shapely
from affine import Affine
from pyproj import Transformer

from db.connect import connect
from db.settings import Settings
from etl.sets.sources.chunks import in_degrees
from tests.builders.rows import make_city
from tests.etl.sets.conftest import Rows, Terrakin, assert_read_in_place, failure
from tests.file_server import RANGE, Behaviour, served

SRID = 32632
WEST, NORTH = 2240 * 200, 2240 * 2500
"""Corner of a tile of the lattice."""
SIDE = 2 * 224
ITEMS = """
    SELECT i.embedding, ST_Area(o.footprint::geography), (i.properties ->> 'valid_pixels')::integer
    FROM terrakin.imported_items AS i
    JOIN api.imported_overview AS o ON o.item_id = i.item_id
    ORDER BY -(split_part(i.source_id, '-', 2)::bigint / 100000), i.source_id
"""


def stored_numbers(seed: int = 0) -> np.ndarray:
    """Return int8 numbers (64, 448, 448) whose decoded pixels have a length of about 1, different in each quarter."""
    rng = np.random.default_rng(seed)
    vectors = rng.normal(size=(64, 2, 2))
    vectors /= np.linalg.norm(vectors, axis=0)
    vectors = vectors.repeat(224, axis=1).repeat(224, axis=2)
    return np.round(np.sign(vectors) * np.sqrt(np.abs(vectors)) * 127.5).clip(-127, 127).astype(np.int8)


def decoded(numbers: np.ndarray) -> np.ndarray:
    scaled = numbers.astype(float) / 127.5
    return np.asarray(np.sign(scaled) * scaled**2)


def write_alphaearth(path: Path, numbers: np.ndarray, *, is_bottom_up: bool = True, crs: int = SRID) -> Path:
    """Write a COG-like GeoTIFF of synthetic pixels; AlphaEarth's rows run from south to north."""
    transform = Affine(10, 0, WEST, 0, -10, NORTH)
    if is_bottom_up:
        numbers, transform = numbers[:, ::-1], Affine(10, 0, WEST, 0, 10, NORTH - 10 * numbers.shape[1])
    shape = {"count": len(numbers), "height": numbers.shape[1], "width": numbers.shape[2]}
    with rasterio.open(
        path, "w", driver="GTiff", dtype="int8", nodata=-128, crs=crs, transform=transform, tiled=True, **shape
    ) as file:
        file.write(numbers)
    return path


def write_area(path: Path, west: float, south: float, east: float, north: float) -> Path:
    """Write a box of the projection as GeoJSON in degrees."""
    ring = in_degrees(np.array([shapely.segmentize(shapely.box(west, south, east, north), 1000)]), SRID)[0]
    feature = {"type": "Feature", "properties": {}, "geometry": shapely.geometry.mapping(ring)}
    path.write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


@pytest.fixture
def area(tmp_path: Path) -> Path:
    """The four tiles of the raster."""
    return write_area(tmp_path / "area.geojson", WEST, NORTH - 4480, WEST + 4480, NORTH)


@pytest.mark.parametrize("is_bottom_up", [True, False])
def test_alphaearth_pixels_are_decoded_and_averaged_over_tiles(
    is_bottom_up: bool, terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path
) -> None:
    numbers = stored_numbers()
    numbers[:, 300, 300] = -128
    file = write_alphaearth(tmp_path / "synthetic.tif", numbers, is_bottom_up=is_bottom_up)
    answer = terrakin("sets", "import", file, "--name", "aef", "--area", area)
    assert answer.returncode == 0, answer.stderr
    assert "each vector is the mean of the pixels of a square of 2,240 m" in answer.stderr
    found = rows(ITEMS)
    assert [n for _, _, n in found] == [224**2] * 3 + [224**2 - 1]
    np.testing.assert_allclose([area_m2 for _, area_m2, _ in found], 2240**2, rtol=0.01)
    wanted = decoded(stored_numbers()[:, 112::224, 112::224]).reshape(64, 4).T
    wanted /= np.linalg.norm(wanted, axis=1, keepdims=True)
    np.testing.assert_allclose([v.to_numpy() for v, _, _ in found], wanted, atol=1e-6)


def test_a_raster_at_an_address_is_read_where_it_is(terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path) -> None:
    (tmp_path / "served").mkdir()
    # Eight ninths of the file lie outside the area.
    file = write_alphaearth(tmp_path / "served" / "synthetic.tif", np.tile(stored_numbers(), (1, 3, 3)))
    behaviour = assert_read_in_place(terrakin, rows, file, "?token=secret", area)
    with served(file.parent, Behaviour()) as address:
        missing = terrakin("sets", "import", f"{address}/missing.tif", "--name", "address", "--area", area)
    assert "missing.tif cannot be read" in failure(missing)
    assert rows("SELECT DISTINCT name FROM terrakin.imported_files") == [("synthetic.tif",)]
    ranges = [RANGE.search(asked) for asked in behaviour.asked()]
    n_read = sum(int(found[2]) - int(found[1]) + 1 for found in ranges if found)
    assert 0.1 * file.stat().st_size < n_read < 0.5 * file.stat().st_size


def test_blocks_with_half_their_pixels_count(terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path) -> None:
    numbers = stored_numbers()
    numbers[:, :32, :17] = -128
    file = write_alphaearth(tmp_path / "synthetic.tif", numbers)
    answer = terrakin("sets", "import", file, "--name", "aef", "--area", area, "--squares", "block")
    assert "195 items of 64 numbers" in answer.stderr
    assert "1 rows without a vector" in answer.stderr
    assert {round(area_m2 / 320**2, 1) for _, area_m2, _ in rows(ITEMS)} == {1.0}


def write_tessera(folder: Path, *, scales_per_number: bool, crs: int | None = SRID) -> Path:
    """Write a synthetic TESSERA tile: numbers, scales and a landmask that has the position."""
    rng = np.random.default_rng(3)
    numbers = rng.integers(-100, 100, (2, 2, 128)).repeat(224, axis=0).repeat(224, axis=1).astype(np.int8)
    scales = np.full((SIDE, SIDE), 0.02, np.float32)
    scales[:224, :224] = 0.03
    scales[300, 300] = np.nan
    stem = folder / "grid_8.35_50.45"
    np.save(stem.with_name(stem.name + ".npy"), numbers)
    np.save(
        stem.with_name(stem.name + "_scales.npy"),
        np.repeat(scales[..., None], 128, axis=2) if scales_per_number else scales,
    )
    with rasterio.open(
        f"{stem}.tiff", "w", driver="GTiff", dtype="uint8", count=1, height=SIDE, width=SIDE, crs=crs,
        transform=Affine(10, 0, WEST, 0, -10, NORTH),
    ) as file:  # fmt: skip
        file.write(np.ones((1, SIDE, SIDE), np.uint8))
    return stem.with_name(stem.name + ".npy")


@pytest.mark.parametrize("scales_per_number", [False, True])
def test_tessera_numbers_are_multiplied_by_their_scales(
    scales_per_number: bool, terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path
) -> None:
    folder = tmp_path / "tessera"
    folder.mkdir()
    file = write_tessera(folder, scales_per_number=scales_per_number)
    answer = terrakin("sets", "import", folder, "--name", "tessera", "--area", area)
    assert answer.returncode == 0, answer.stderr
    found = rows(ITEMS)
    assert [n for _, _, n in found] == [224**2] * 3 + [224**2 - 1]
    numbers = np.load(file)[112::224, 112::224].reshape(4, 128).astype(float)
    wanted = numbers * np.array([[0.03], [0.02], [0.02], [0.02]])
    np.testing.assert_allclose([v.to_numpy() for v, _, _ in found], wanted, rtol=1e-5)


def test_without_an_area_pixels_are_averaged_over_the_real_cities(
    terrakin: Terrakin, rows: Rows, database: Settings, tmp_path: Path
) -> None:
    file = write_alphaearth(tmp_path / "synthetic.tif", stored_numbers())
    assert "the database, which has none" in failure(terrakin("sets", "import", file, "--name", "aef"))
    lon, lat = Transformer.from_crs(SRID, 4326, always_xy=True).transform(WEST + 1120, NORTH - 1120)
    with connect(database) as conn:
        make_city(conn, 7, lon=lon, lat=lat, is_synthetic=False)
        conn.execute("UPDATE terrakin.cities SET extent = ST_Multi(ST_Buffer(location, 800)::geometry)")
    assert terrakin("sets", "import", file, "--name", "aef").returncode == 0
    assert rows("SELECT city_id FROM api.imported_overview") == [(7,)]


@pytest.mark.parametrize("missing", ["_scales.npy", ".tiff"])
def test_tessera_without_a_part_is_refused(missing: str, terrakin: Terrakin, area: Path, tmp_path: Path) -> None:
    folder = tmp_path / "tessera"
    folder.mkdir()
    file = write_tessera(folder, scales_per_number=False)
    file.with_name(file.stem + missing).unlink()
    assert f"{file.stem}{missing} is missing beside it" in failure(
        terrakin("sets", "import", file, "--name", "tessera", "--area", area)
    )


@pytest.mark.parametrize(
    ("part", "text"),
    [
        (".npy", "grid_8.35_50.45.npy cannot be read"),
        ("_scales.npy", "grid_8.35_50.45.npy cannot be read"),
        (".tiff", "grid_8.35_50.45.tiff has no CRS"),
    ],
)
def test_a_damaged_part_of_tessera_is_named(
    part: str, text: str, terrakin: Terrakin, area: Path, tmp_path: Path
) -> None:
    file = write_tessera(tmp_path, scales_per_number=False)
    damaged = file.with_name(file.stem + part)
    damaged.write_bytes(damaged.read_bytes()[:200])
    assert text in failure(terrakin("sets", "import", file, "--name", "tessera", "--area", area))


def test_rasters_that_are_something_else_are_refused(
    terrakin: Terrakin, rows: Rows, area: Path, tmp_path: Path
) -> None:
    def refused(path: Path) -> str:
        return failure(terrakin("sets", "import", path, "--name", "a", "--area", area))

    few = write_alphaearth(tmp_path / "few.tif", stored_numbers()[:10])
    assert "has 10 bands of int8; AlphaEarth has 64" in refused(few)
    degrees = write_alphaearth(tmp_path / "degrees.tif", stored_numbers(), crs=4326)
    assert "is in EPSG:4326; pixels are read in a UTM zone" in refused(degrees)
    line = refused(write_alphaearth(tmp_path / "linear.tif", (stored_numbers() // 4).astype(np.int8)))
    assert "decoded pixels have a mean length of" in line
    assert "--force" in line
    assert rows("SELECT count(*) FROM terrakin.imported_sets") == [(0,)]


@pytest.mark.parametrize(
    ("text", "message"), [("{}", "no GeoJSON"), ('{"type": "Point", "coordinates": [1, 2]}', "no polygon")]
)
def test_a_malformed_area_is_refused(text: str, message: str, terrakin: Terrakin, tmp_path: Path) -> None:
    (tmp_path / "area.geojson").write_text(text)
    file = write_alphaearth(tmp_path / "synthetic.tif", stored_numbers())
    line = failure(terrakin("sets", "import", file, "--name", "a", "--area", tmp_path / "area.geojson"))
    assert message in line
