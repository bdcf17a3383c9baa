"""Bad input on the command line: one line of error, exit code 1, and no partial writes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pystac
import pytest
import rasterio

from db.settings import Settings
from etl.demo.catalogue import COLLECTION, DemoCatalogue
from tests.etl.conftest import PERIOD, CommandLine, InThisProcess, environment, run_arguments
from tests.file_server import Behaviour, served

LISBON = "SYNTHETIC_LISBON_20240605"
COUNTS = """
    SELECT (SELECT count(*) FROM terrakin.cities), (SELECT count(*) FROM terrakin.composites),
        (SELECT count(*) FROM terrakin.tiles), (SELECT count(*) FROM terrakin.etl_tasks)
"""
SCENES = "SELECT s ->> 'item_id', s ->> 'refused' FROM terrakin.composites, jsonb_array_elements(scenes) AS s"


@pytest.fixture
def terrakin(database: Settings) -> InThisProcess:
    return InThisProcess(environment(database.home, database.database_url))


@pytest.fixture
def started(database: Settings, command_line: Callable[..., CommandLine]) -> CommandLine:
    """A command line of its own process, whose log is on stderr."""
    return command_line(database.home, database.database_url)


@pytest.fixture
def damaged_demo(tiny_demo: DemoCatalogue, tmp_path: Path) -> DemoCatalogue:
    """A copy of the tiny demo that a test may damage."""
    root = tmp_path / "damaged"
    shutil.copytree(tiny_demo.catalogue.parent, root)
    return DemoCatalogue(root / "catalog.json", root / "cities.geojson", root / "forms.csv", root / "changes.csv")


def error_of(terrakin: CommandLine | InThisProcess, *arguments: str) -> str:
    """Run a command that fails with exit code 1 and without a traceback, and return its error line."""
    done = terrakin(*arguments)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("terrakin: error: ")
    return line


def counts(database: Settings) -> tuple[Any, ...] | None:
    """Return the number of cities, composites, tiles and tasks."""
    assert database.database_url
    with psycopg.connect(database.database_url) as conn:
        return conn.execute(COUNTS).fetchone()


def nothing_written(database: Settings) -> bool:
    return counts(database) == (0, 0, 0, 0) and not (database.home / "work").exists()


def edit_item(demo: DemoCatalogue, item_id: str, change: Callable[[dict[str, Any]], Any]) -> None:
    path = demo.catalogue.parent / COLLECTION / item_id / f"{item_id}.json"
    item = json.loads(path.read_text())
    change(item)
    path.write_text(json.dumps(item))


def test_an_unknown_city_is_reported_with_similar_names(
    terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue
) -> None:
    line = error_of(terrakin, *run_arguments(tiny_demo, "--city", "Lissabon"))
    assert "'Lissabon'" in line
    assert "'Lisbon (synthetic)'" in line
    assert nothing_written(database)


def test_an_empty_catalogue(
    terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    pystac.Catalog("empty", "nothing").normalize_and_save(str(tmp_path / "empty"), pystac.CatalogType.SELF_CONTAINED)
    catalogue = str(tmp_path / "empty" / "catalog.json")
    line = error_of(terrakin, "etl", "run", "--stac", catalogue, "--cities", str(tiny_demo.cities), "--period", PERIOD)
    assert catalogue in line
    assert "no items" in line
    assert nothing_written(database)


def test_an_absent_catalogue(terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue) -> None:
    line = error_of(
        terrakin, "etl", "run", "--stac", "/nowhere.json", "--cities", str(tiny_demo.cities), "--period", PERIOD
    )
    assert "/nowhere.json" in line
    assert nothing_written(database)


def test_a_period_without_scenes(terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue) -> None:
    line = error_of(
        terrakin, "etl", "run", "--stac", str(tiny_demo.catalogue), "--cities", str(tiny_demo.cities),
        "--period", "2019-01-01/2019-01-31",
    )  # fmt: skip
    assert "3 of 3 cities" in line
    assert "from 2019-01-01 to 2019-01-31" in line
    assert "--period" in line
    assert counts(database) == (3, 0, 0, 18)


def scenes_of_lisbon(database: Settings) -> dict[str, str | None]:
    """Return why each scene of Lisbon was refused, None where it is used."""
    with psycopg.connect(str(database.database_url)) as conn:
        return dict(conn.execute(SCENES).fetchall())


@pytest.mark.parametrize("n_bytes", [0, 1000, -1])
def test_a_truncated_cog_costs_its_scene_and_no_city(
    terrakin: InThisProcess, database: Settings, damaged_demo: DemoCatalogue, n_bytes: int
) -> None:
    path = damaged_demo.catalogue.parent / COLLECTION / LISBON / "B08.tif"
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2 if n_bytes < 0 else n_bytes])
    done = terrakin(*run_arguments(damaged_demo, "--city", "Lisbon (synthetic)"))
    assert done.returncode == 0, done.stderr
    scenes = scenes_of_lisbon(database)
    assert str(path) in str(scenes.pop(LISBON))
    assert list(scenes.values()) == [None, None]
    assert counts(database) == (1, 1, 4, 6)


def remove_scl(item: dict[str, Any]) -> None:
    item["assets"].pop("scl")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        (remove_scl, "no asset scl"),
        (lambda item: item["properties"].update({"s2:processing_baseline": "latest"}), "baseline 'latest'"),
        (lambda item: item["assets"]["red"].update({"raster:scale": 0.001}), "scale 0.001"),
        (lambda item: item["assets"]["red"].update({"raster:scale": "none"}), "no number"),
        (lambda item: item["assets"]["nir"].update({"href": "absent.tif"}), "absent.tif"),
    ],
)
def test_an_incomplete_item_costs_its_scene_and_no_city(
    terrakin: InThisProcess, database: Settings, damaged_demo: DemoCatalogue, change: Callable[[Any], Any], reason: str
) -> None:
    edit_item(damaged_demo, LISBON, change)
    done = terrakin(*run_arguments(damaged_demo, "--city", "Lisbon (synthetic)"))
    assert done.returncode == 0, done.stderr
    scenes = scenes_of_lisbon(database)
    assert reason in str(scenes.pop(LISBON))
    assert list(scenes.values()) == [None, None]


def test_a_city_without_a_usable_scene_fails_and_no_other(
    started: CommandLine, database: Settings, damaged_demo: DemoCatalogue
) -> None:
    for folder in damaged_demo.catalogue.parent.glob(f"{COLLECTION}/SYNTHETIC_LISBON_*"):
        edit_item(damaged_demo, folder.name, remove_scl)
    line = error_of(started, *run_arguments(damaged_demo))
    assert "1 of 3 cities" in line
    assert f"Lisbon (synthetic): no scene is usable: {LISBON} item {LISBON} has no asset scl" in line
    assert not list((database.home / "work" / "-2267057").rglob("composite.zarr*"))
    assert counts(database) == (3, 2, 8, 18)
    status = started("etl", "status").stdout
    assert "failed: Lisbon (synthetic), composite, attempt 1: " in status


def test_a_password_in_an_address_is_never_stored_or_printed(
    started: CommandLine, database: Settings, damaged_demo: DemoCatalogue
) -> None:
    with served(damaged_demo.catalogue.parent, Behaviour()) as url:
        (damaged_demo.catalogue.parent / COLLECTION / LISBON / "B11.tif").unlink()
        secret = url.replace("://", "://alice:s3cr3t@") + "/catalog.json"
        done = started(
            "--verbose", "etl", "run", "--stac", secret, "--cities", str(damaged_demo.cities), "--period", PERIOD,
            "--encoder", "mosaiks", "--city", "Lisbon (synthetic)", "--workers", "1",
        )  # fmt: skip
    assert done.returncode == 0, done.stderr
    with psycopg.connect(str(database.database_url)) as conn:
        (stored,) = conn.execute("SELECT stac_url FROM terrakin.composites").fetchone() or ("",)
        dump = conn.execute("SELECT string_agg(c::text, '') FROM terrakin.composites AS c").fetchone()
    assert stored == f"{url}/catalog.json"
    for text in (str(dump), done.stderr, done.stdout, started("etl", "status").stdout):
        assert "s3cr3t" not in text
        assert "alice" not in text


def test_a_weights_file_with_another_hash(
    terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    path = tmp_path / "weights.pt"
    path.write_bytes(b"other weights")
    line = error_of(
        terrakin,
        *run_arguments(
            tiny_demo, "--encoder", "terramind_v1_base", "--weights", str(path), "--weights-sha256", "0" * 64
        ),
    )
    assert str(path) in line
    assert "0000000000" in line
    assert nothing_written(database)


def test_another_encoder_than_the_stored_vectors(copied: Settings, tiny_demo: DemoCatalogue) -> None:
    terrakin = InThisProcess(environment(copied.home, copied.database_url))
    before = counts(copied)
    line = error_of(terrakin, *run_arguments(tiny_demo, "--encoder", "galileo_nano"))
    assert "mosaiks (fitted" in line
    assert "galileo_nano (pretrained" in line
    assert counts(copied) == before


def test_patches_of_another_encoder_are_not_aggregated(copied: Settings) -> None:
    """Such patches exist if two machines embed with different filters before either is recorded."""
    with psycopg.connect(str(copied.database_url)) as conn:
        conn.execute("UPDATE terrakin.encoder SET weights_sha256 = repeat('0', 64)")
    (vectors,) = (copied.home / "work" / "-2267057").rglob("vectors.zarr")
    shutil.rmtree(vectors)
    terrakin = InThisProcess(environment(copied.home, copied.database_url))
    line = error_of(terrakin, "etl", "aggregate", "--period", PERIOD, "--city", "Lisbon (synthetic)")
    assert "mosaiks (fitted, 000000000000)" in line
    assert not vectors.exists()


def test_an_unreachable_database(tiny_demo: DemoCatalogue, tmp_path: Path) -> None:
    terrakin = InThisProcess(environment(tmp_path / "home", "postgresql://someone:secret@127.0.0.1:1/nothing"))
    line = error_of(terrakin, *run_arguments(tiny_demo))
    assert "127.0.0.1" in line
    assert "DATABASE_URL" in line
    assert "secret" not in line


def test_a_database_without_the_schema(server_home: Path, tiny_demo: DemoCatalogue, tmp_path: Path) -> None:
    from db import cluster

    address = cluster.running(server_home)
    assert address is not None
    terrakin = InThisProcess(environment(tmp_path / "home", address.url(database="postgres")))
    line = error_of(terrakin, *run_arguments(tiny_demo))
    assert "terrakin db migrate" in line


def test_an_unknown_tile(started: CommandLine) -> None:
    done = started("db", "psql", "-c", "SELECT * FROM api.similar_tiles(42)")
    assert done.returncode == 1
    assert "42" in done.stderr
    assert "api.tile_at(lon, lat)" in done.stderr


def test_a_malformed_city_file(
    terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    path = tmp_path / "cities.geojson"
    path.write_text("no json")
    line = error_of(
        terrakin, "etl", "run", "--stac", str(tiny_demo.catalogue), "--cities", str(path), "--period", PERIOD
    )
    assert str(path) in line
    assert "JSON" in line
    assert nothing_written(database)


def test_a_city_whose_tile_belongs_to_a_nearer_one(
    terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    path = tmp_path / "cities.geojson"
    triangle = {"type": "Polygon", "coordinates": [[[20, 10], [20.001, 10], [20.001, 10.001], [20, 10]]]}
    features = [
        {
            "type": "Feature",
            "geometry": triangle,
            "properties": {
                "city_id": city_id, "name": name, "country_code": "XX", "country": "Nowhere", "continent": "Africa",
                "lon": 20.0 + degrees_east, "lat": 10.0,
            },
        }
        for city_id, name, degrees_east in ((7, "Seven", 0), (8, "Eight", 1))
    ]  # fmt: skip
    path.write_text(json.dumps({"type": "FeatureCollection", "features": features}))
    arguments = ("--stac", str(tiny_demo.catalogue), "--cities", str(path), "--period", PERIOD)
    assert "Eight" in error_of(terrakin, "etl", "run", *arguments)
    assert nothing_written(database)


def test_an_unknown_collection(terrakin: InThisProcess, database: Settings, tiny_demo: DemoCatalogue) -> None:
    line = error_of(terrakin, *run_arguments(tiny_demo, "--collection", "sentinel-9"))
    assert "sentinel-9" in line
    assert nothing_written(database)


def test_a_tile_that_is_cloudy_on_every_day_is_left_out_and_counted(
    terrakin: InThisProcess, database: Settings, damaged_demo: DemoCatalogue
) -> None:
    for path in damaged_demo.catalogue.parent.rglob("SYNTHETIC_LISBON_*/SCL.tif"):
        with rasterio.open(path) as source:
            profile, scl = source.profile, source.read()
        scl[:, :124, :124] = 9  # the scene's margin of 12 px, then the north-western tile
        profile |= {"driver": "COG", "blocksize": 512}
        for key in ("tiled", "blockxsize", "blockysize", "interleave"):
            profile.pop(key, None)
        with rasterio.open(path, "w", **profile) as target:
            target.write(scl)
    done = terrakin(*run_arguments(damaged_demo, "--city", "Lisbon (synthetic)"))
    assert done.returncode == 0, done.stderr
    counted = "tiles of 2024-06-01/2024-08-31: 3 embedded; left out: 1 too cloudy, 0 covered too little by imagery"
    assert done.stderr.splitlines()[-1] == counted
    assert counted in terrakin("etl", "status").stdout


def test_water_whose_infrared_was_clipped_to_zero_is_data(
    terrakin: InThisProcess, database: Settings, damaged_demo: DemoCatalogue
) -> None:
    """The south-western tile of Lisbon becomes clear sea (SCL 6) with noise around 0 in the infrared."""
    rng = np.random.default_rng(1)
    for folder in damaged_demo.catalogue.parent.glob(f"{COLLECTION}/SYNTHETIC_LISBON_*"):
        rewrite(folder / "SCL.tif", lambda scl: np.where(south_west(scl, 118), 6, scl))
        for band in ("B08", "B8A", "B11", "B12"):
            rewrite(
                folder / f"{band}.tif",
                lambda dn: np.where(
                    south_west(dn, 118 * len(dn) // 236), np.maximum(rng.normal(5, 30, dn.shape).round(), 0), dn
                ),
            )
    done = terrakin(*run_arguments(damaged_demo, "--city", "Lisbon (synthetic)", "--widen-days", "0"))
    assert done.returncode == 0, done.stderr
    with psycopg.connect(str(database.database_url)) as conn:
        shares = conn.execute("SELECT min(valid_share), count(*) FROM terrakin.tiles").fetchone()
    assert shares
    assert shares[0] > 0.98
    assert shares[1] == 4


def test_roofs_that_are_cloud_on_every_day_cost_their_own_pixels_only(
    terrakin: InThisProcess, database: Settings, damaged_demo: DemoCatalogue
) -> None:
    """100 roofs of 40 m, 3 % of the north-western tile of Lisbon, are class 9 on all three days; nothing else is."""
    corners = np.random.default_rng(3).integers(8, 114, (100, 2))

    def add_roofs(scl: np.ndarray) -> np.ndarray:
        scl = np.where(np.isin(scl, (3, 8, 9, 10)), np.uint8(4), scl)
        for row, column in corners:
            scl[row : row + 2, column : column + 2] = 9
        return scl

    for path in damaged_demo.catalogue.parent.glob(f"{COLLECTION}/SYNTHETIC_LISBON_*/SCL.tif"):
        rewrite(path, add_roofs)
    done = terrakin(*run_arguments(damaged_demo, "--city", "Lisbon (synthetic)", "--widen-days", "0"))
    assert done.returncode == 0, done.stderr
    with psycopg.connect(str(database.database_url)) as conn:
        shares = conn.execute("SELECT min(valid_share), count(*) FROM terrakin.tiles").fetchone()
    assert shares
    assert 0.96 < shares[0] < 0.98
    assert shares[1] == 4


def test_a_scene_with_saturated_pixels_is_refused_and_single_ones_are_not_used(
    terrakin: InThisProcess, database: Settings, damaged_demo: DemoCatalogue
) -> None:
    """The first day of Lisbon has 17 % of saturated pixels in the red, the second a single block of them."""
    folders = sorted(damaged_demo.catalogue.parent.glob(f"{COLLECTION}/SYNTHETIC_LISBON_*"))
    rewrite(folders[0] / "B04.tif", lambda dn: np.where(np.indices(dn.shape)[0] % 48 < 8, 65535, dn))
    rewrite(folders[1] / "B04.tif", lambda dn: np.where(south_west(dn, 20), 65535, dn))
    done = terrakin(*run_arguments(damaged_demo, "--city", "Lisbon (synthetic)", "--widen-days", "0"))
    assert done.returncode == 0, done.stderr
    with psycopg.connect(str(database.database_url)) as conn:
        scenes = conn.execute(SCENES).fetchall()
        assert conn.execute("SELECT count(*) FROM terrakin.tiles").fetchone() == (4,)
    assert len(scenes) == len(folders)
    ((item_id, reason),) = [scene for scene in scenes if scene[1]]
    assert item_id == folders[0].name
    assert "has saturated, defective or impossible values in 1" in reason


def south_west(pixels: np.ndarray, side: int) -> np.ndarray:
    """Return True in the south-western corner of an image."""
    rows, columns = np.indices(pixels.shape)
    return (rows >= len(pixels) - side) & (columns < side)


def rewrite(path: Path, change: Callable[[np.ndarray], np.ndarray]) -> None:
    """Replace the pixels of a COG."""
    with rasterio.open(path) as source:
        pixels = source.read(1)
        profile = {
            key: source.profile[key] for key in ("crs", "transform", "nodata", "dtype", "count", "height", "width")
        }
    with rasterio.open(path, "w", driver="COG", compress="deflate", blocksize=256, **profile) as target:
        target.write(change(pixels).astype(profile["dtype"]), 1)
