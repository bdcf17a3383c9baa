"""The pipeline over the real Thailand scene, from a STAC catalogue with clouds to PostgreSQL, with every encoder."""

import json
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from pyproj import Transformer
from shapely import wkt
from shapely.geometry import mapping

from db.settings import Settings
from etl.cities.grid import TILE_M, cell_and_month
from tests.conftest import cloned_database
from tests.etl.conftest import InThisProcess, copy_of, environment
from tests.real.test_composite import CLOUDY, thailand_city
from tests.real.thailand import SRID, write_catalogue

PERIOD = "2020-02-01/2020-02-29"


@pytest.fixture(scope="module")
def catalogue(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    root = tmp_path_factory.mktemp("thailand")
    path = write_catalogue(real_data, root, CLOUDY)
    properties = dict(vars(thailand_city()))
    feature = {"type": "Feature", "geometry": mapping(properties.pop("extent")), "properties": properties}
    (root / "cities.geojson").write_text(json.dumps({"type": "FeatureCollection", "features": [feature]}))
    return path


def succeed(settings: Settings, *arguments: str) -> str:
    """Run a command that succeeds, and return what it says on stderr."""
    done = InThisProcess(environment(settings.home, settings.database_url))("etl", *arguments)
    assert done.returncode == 0, done.stderr
    return done.stderr


@pytest.fixture(scope="module")
def composited(catalogue: Path, server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """Home and database after the stage composite, which is the same for all encoders."""
    with cloned_database(server_home) as url:
        settings = Settings(tmp_path_factory.mktemp("composited") / ".terrakin", database_url=url)
        succeed(settings, "cities", "--cities", str(catalogue.with_name("cities.geojson")))
        succeed(settings, "composite", "--stac", str(catalogue), "--period", PERIOD, "--workers", "1")
        yield settings


@pytest.fixture(params=["galileo_nano", "mosaiks", "terramind_v1_base"])
def loaded(
    request: pytest.FixtureRequest, composited: Settings, catalogue: Path, server_home: Path, tmp_path: Path
) -> Iterator[tuple[str, psycopg.Connection]]:
    """Name of an encoder, and a database that ``terrakin etl run`` has filled with the scene's tiles."""
    # galileo_nano is the encoder where none is named.
    encoder = [] if request.param == "galileo_nano" else ["--encoder", request.param]
    if request.param == "terramind_v1_base":
        pytest.importorskip("terratorch", reason="terratorch is not installed: pip install '.[terramind]'")
        encoder += ["--weights", "random"]
    with copy_of(composited, server_home, tmp_path / ".terrakin") as settings:
        said = succeed(
            settings, "run", "--stac", str(catalogue), "--cities", str(catalogue.with_name("cities.geojson")),
            "--period", PERIOD, "--workers", "1", "--without-layout", *encoder,
        )  # fmt: skip
        assert ("RANDOM WEIGHTS" in said) == (request.param == "terramind_v1_base")
        with psycopg.connect(str(settings.database_url)) as conn:
            yield request.param, conn


def test_sixteen_tiles_are_loaded_at_the_place_of_their_pixels_and_the_encoder_is_recorded(
    loaded: tuple[str, psycopg.Connection],
) -> None:
    encoder, conn = loaded
    rows = conn.execute("SELECT tile_id, ST_AsText(footprint, 15), valid_share FROM terrakin.tiles").fetchall()
    assert len(rows) == 16
    to_metres = Transformer.from_crs(4326, SRID, always_xy=True)
    for tile_id, footprint, _ in rows:
        cell, month = cell_and_month(tile_id)
        assert (month.year, month.month) == (2020, 2)
        x, y = to_metres.transform(*zip(*wkt.loads(footprint).geoms[0].exterior.coords[:4], strict=True))
        left, bottom = cell.col * TILE_M, cell.row * TILE_M
        corners = [(left, bottom), (left + TILE_M, bottom), (left + TILE_M, bottom + TILE_M), (left, bottom + TILE_M)]
        for got_x, got_y, (want_x, want_y) in zip(x, y, corners, strict=True):
            assert abs(got_x - want_x) < 0.01
            assert abs(got_y - want_y) < 0.01
    weights = {"galileo_nano": "pretrained", "mosaiks": "fitted", "terramind_v1_base": "random"}[encoder]
    assert conn.execute("SELECT name, weights FROM terrakin.encoder").fetchone() == (encoder, weights)
    assert conn.execute("SELECT is_synthetic, collection FROM terrakin.composites").fetchone() == (
        False,
        "thailand-villages",
    )
    answer = conn.execute(
        "SELECT count(*), min(similarity) < max(similarity) "
        "FROM api.similar_tiles((SELECT min(tile_id) FROM terrakin.tiles), exclude_same_city => false)"
    ).fetchone()
    assert answer == (15, True)
