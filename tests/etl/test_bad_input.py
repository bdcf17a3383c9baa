"""Bad input on the command line: one line of error, exit code 1, and no partial writes."""

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import psycopg
import pystac
import pytest

from db.settings import Settings
from etl.demo.catalogue import COLLECTION, DemoCatalogue
from tests.etl.conftest import PERIOD, CommandLine, InThisProcess, environment, run_arguments
from tests.file_server import Behaviour, served

LISBON = "SYNTHETIC_LISBON_20240605"
COUNTS = """
    SELECT (SELECT count(*) FROM terrakin.cities), (SELECT count(*) FROM terrakin.composites),
        (SELECT count(*) FROM terrakin.tiles), (SELECT count(*) FROM terrakin.etl_tasks)
"""


@pytest.fixture
def terrakin(database: Settings) -> InThisProcess:
    return InThisProcess(environment(database.home, database.database_url))


@pytest.fixture
def started(database: Settings, command_line: Callable[..., CommandLine]) -> CommandLine:
    """A command line of its own process, whose log is on stderr."""
    return command_line(database.home, database.database_url)


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


def test_a_password_in_an_address_is_never_stored_or_printed(
    started: CommandLine, database: Settings, tiny_demo: DemoCatalogue, tmp_path: Path
) -> None:
    root = tmp_path / "damaged"
    shutil.copytree(tiny_demo.catalogue.parent, root)
    (root / COLLECTION / LISBON / "B11.tif").unlink()
    with served(root, Behaviour()) as url:
        secret = url.replace("://", "://alice:s3cr3t@") + "/catalog.json"
        done = started(
            "--verbose", "etl", "run", "--stac", secret, "--cities", str(tiny_demo.cities), "--period", PERIOD,
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
