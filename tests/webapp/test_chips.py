"""A GeoTIFF of one's own: embedded by the real command, and what it may not do."""

import fcntl
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio
from flask.testing import FlaskClient
from pgvector import Vector

from db.connect import connect
from db.settings import Settings
from etl.encoders import mosaiks
from etl.store.encoder import EncoderRecord, write_encoder
from etl.store.work_files import encoder_dir
from etl.vectors.post_processing import PostProcessing
from tests.etl.test_embed_chip import NORTH_UP, write_chip
from tests.webapp.towns import TOWNS, build_towns
from webapp import chips, create_app
from webapp.database import EXTENSION

PIXELS = np.tile(np.random.default_rng(0).integers(200, 4000, (12, 56, 56), np.uint16), (1, 4, 4))
"""Compressed 0.1 MB; werkzeug's test client leaves forms over 0.5 MB in an open file."""


@dataclass(frozen=True)
class ChipWorld:
    """An app over the towns whose encoder is on this machine, a good chip, and the towns' tile ids."""

    client: FlaskClient
    settings: Settings
    conn: psycopg.Connection[Any]
    chip: bytes
    tiles: dict[int, list[tuple[int, str]]]


@pytest.fixture
def world(database: Settings, tmp_path: Path) -> Iterator[ChipWorld]:
    encoder = mosaiks.fit([PIXELS])
    encoder_dir(database.home).mkdir(parents=True)
    (encoder_dir(database.home) / "mosaiks.npz").write_bytes(encoder.to_bytes())
    processing = PostProcessing("standardised", np.zeros(768, np.float32), np.ones(768, np.float32))
    with connect(database, autocommit=True) as conn:
        tiles = build_towns(conn)
        conn.execute("DELETE FROM terrakin.encoder")
        write_encoder(conn, EncoderRecord("mosaiks", "fitted", encoder.weights_sha256, processing))
        app = create_app(database)
        chip = write_chip(tmp_path / "own.tif", PIXELS, compress="deflate").read_bytes()
        yield ChipWorld(app.test_client(), database, conn, chip, tiles)
        app.extensions[EXTENSION].close()


def upload(world: ChipWorld, data: bytes, form: str = "json", **settings: Any) -> Any:
    return world.client.post(
        f"/api/v1/similar-to-chip?format={form}",
        data={"file": (io.BytesIO(data), "chip.tif"), "settings": json.dumps(settings)},
    )


def test_a_chip_finds_the_tile_with_its_vector_first(world: ChipWorld) -> None:
    everywhere = upload(world, world.chip, k=5).get_json()
    assert len(everywhere["tiles"]) == 5
    vector = chip_vector(world)
    twin = world.tiles[TOWNS[2].city_id][4][0]
    world.conn.execute("UPDATE terrakin.tiles SET embedding_mean = %s WHERE tile_id = %s", (Vector(vector), twin))
    answer = upload(world, world.chip, k=5, countries=["US", "JP"]).get_json()
    assert answer["tiles"][0]["tile_id"] == twin
    assert answer["tiles"][0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert {tile["country_code"] for tile in answer["tiles"]} <= {"US", "JP"}
    query = answer["query"]
    assert (query["kind"], query["encoder"], query["valid_share"], query["k"]) == ("chip", "mosaiks", 1, 5)
    assert (query["lon"], query["lat"]) == (pytest.approx(9, abs=0.1), pytest.approx(45.1, abs=0.1))
    assert all(tile["distance_m"] > 0 for tile in answer["tiles"])
    exported = upload(world, world.chip, "geojson", k=2).get_json(force=True)
    assert len(exported["features"]) == 2


def chip_vector(world: ChipWorld) -> np.ndarray:
    class Upload:
        def save(self, path: Path) -> None:
            path.write_bytes(world.chip)

    return np.array(chips.embed(world.settings, Upload())["vectors"]["mean"], np.float32)  # type: ignore[arg-type]


def bomb(tmp_path: Path) -> bytes:
    """A small file that decodes to 9.6 GB of zeros."""
    path = tmp_path / "bomb.tif"
    profile = {"driver": "GTiff", "count": 12, "height": 20_000, "width": 20_000, "dtype": "uint16", "tiled": True}
    with rasterio.open(path, "w", **profile, crs="EPSG:32632", transform=NORTH_UP, SPARSE_OK=True):
        pass
    return path.read_bytes()


def test_a_bad_file_is_422_in_the_commands_words(world: ChipWorld, tmp_path: Path) -> None:
    for data, words in (
        (b"II*\0 and no more", "the file is not a readable GeoTIFF"),
        (write_chip(tmp_path / "three.tif", PIXELS[:3], compress="deflate").read_bytes(), "3 bands"),
        (bomb(tmp_path), "20000 x 20000 px"),
    ):
        response = upload(world, data)
        assert response.status_code == 422
        assert words in response.get_json()["detail"]
        assert str(world.settings.home) not in response.text
        assert "/tmp" not in response.text


@pytest.mark.parametrize("data", [b"PK\3\4 a zip bomb", b"\x1f\x8b gzip", b"II"])
def test_what_is_no_tiff_is_422_and_starts_no_process(
    world: ChipWorld, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(chips.subprocess, "Popen", None)
    response = upload(world, data)
    assert response.status_code == 422
    assert "the file is no TIFF" in response.get_json()["detail"]


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "file"),
        ({"file": "text"}, "file"),
        ({"file": (io.BytesIO(b""), "a.tif"), "settings": '{"k": -1}'}, "settings.k"),
        ({"file": (io.BytesIO(b""), "a.tif"), "settings": "{"}, "settings"),
        ({"file": (io.BytesIO(b""), "a.tif"), "sitting": "{}"}, "sitting"),
    ],
)
def test_a_form_without_file_or_with_senseless_settings_is_422(
    client: FlaskClient, data: dict[str, Any], field: str
) -> None:
    response = client.post("/api/v1/similar-to-chip", data=data, content_type="multipart/form-data")
    assert response.status_code == 422
    assert [error["field"] for error in response.get_json()["errors"]] == [field]


def test_an_encoder_that_is_not_on_this_machine_is_503(
    world: ChipWorld, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    elsewhere = replace(world.settings, home=tmp_path / "elsewhere")
    app = create_app(elsewhere)
    with caplog.at_level(logging.WARNING):
        response = upload(replace(world, client=app.test_client()), world.chip)
    app.extensions[EXTENSION].close()
    assert response.status_code == 503
    assert "encoder" in response.get_json()["detail"]
    assert str(elsewhere.home) not in response.text
    assert "none are kept in terrakin.fitted_filters" in caplog.text


def test_more_chips_at_once_than_allowed_are_503(world: ChipWorld) -> None:
    held = [(world.settings.home / f"chip-{number}.lock").open("w") for number in range(chips.AT_ONCE)]
    for lock in held:
        fcntl.flock(lock, fcntl.LOCK_EX)
    response = upload(world, world.chip)
    for lock in held:
        lock.close()
    assert response.status_code == 503
    assert response.headers["Retry-After"]
    assert upload(world, world.chip).status_code == 200


def test_a_process_that_takes_too_long_or_too_much_is_ended(
    world: ChipWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chips, "TIMEOUT_S", 0.1)
    assert upload(world, world.chip).status_code == 503
    assert "event=chip_timeout" in caplog.text
    monkeypatch.setattr(chips, "TIMEOUT_S", 120)
    monkeypatch.setitem(chips.LIMITS, chips.resource.RLIMIT_AS, 2**26)
    assert upload(world, world.chip).status_code == 503
    assert "event=chip_failed" in caplog.text


def test_an_upload_of_100_mb_is_refused_before_it_is_read(client: FlaskClient) -> None:
    class Unread(io.RawIOBase):
        def readinto(self, buffer: Any) -> int:
            raise AssertionError("the body was read")

    response = client.post(
        "/api/v1/similar-to-chip",
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(100 * 2**20)},
    )
    assert response.status_code == 413
    assert response.content_type == "application/problem+json"
