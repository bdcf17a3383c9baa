"""Uploaded chips, embedded by the real command."""

import fcntl
import io
import json
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio
from flask.testing import FlaskClient
from pgvector import Vector
from werkzeug.datastructures import FileStorage

from db.connect import connect
from db.embedding_sets.tile_keys import add_tile_keys
from db.settings import Settings
from etl.encoders import mosaiks
from etl.encoders.mosaiks import MosaiksEncoder
from etl.store.encoder import EncoderRecord, write_encoder, write_filters
from etl.vectors.post_processing import PostProcessing
from tests.builders.towns import TOWNS, build_towns
from tests.etl.test_embed_chip import NORTH_UP, write_chip
from tests.webapp.problem import assert_problem, invalid_fields
from webapp import create_app
from webapp.api import chips
from webapp.database import EXTENSION

PIXELS = np.tile(np.random.default_rng(0).integers(200, 4000, (12, 56, 56), np.uint16), (1, 4, 4))
"""0.1 MB when compressed; werkzeug's test client keeps forms over 0.5 MB in an open file."""


@dataclass(frozen=True)
class ChipWorld:
    """An app over the towns with the filters of their encoder, a valid chip, and the tile ids of the towns."""

    client: FlaskClient
    settings: Settings
    conn: psycopg.Connection[Any]
    chip: bytes
    tiles: dict[int, list[tuple[int, str]]]


@pytest.fixture(scope="module")
def encoder() -> MosaiksEncoder:
    return mosaiks.fit([PIXELS])


@pytest.fixture
def world(database: Settings, encoder: MosaiksEncoder, tmp_path: Path) -> Iterator[ChipWorld]:
    processing = PostProcessing("standardised", np.zeros(768, np.float32), np.ones(768, np.float32))
    with connect(database, autocommit=True) as conn:
        tiles = build_towns(conn)
        conn.execute("DELETE FROM terrakin.encoder")
        write_encoder(conn, EncoderRecord("mosaiks", "fitted", encoder.weights_sha256, processing))
        write_filters(conn, encoder.weights_sha256, encoder.to_bytes())
        app = create_app(database)
        chip = write_chip(tmp_path / "own.tif", PIXELS, compress="deflate").read_bytes()
        yield ChipWorld(app.test_client(), database, conn, chip, tiles)
        app.extensions[EXTENSION].close()


def upload(client: FlaskClient, data: bytes, form: str = "json", **settings: Any) -> Any:
    return client.post(
        f"/api/v1/similar-to-chip?format={form}",
        data={"file": (io.BytesIO(data), "chip.tif"), "settings": json.dumps(settings)},
    )


@pytest.fixture
def outputs(monkeypatch: pytest.MonkeyPatch) -> list[dict[str, Any]]:
    """The output of the first embedding; later uploads get the same without starting a process."""
    embed, outputs = chips.embed, []

    def embed_once(settings: Settings, chip: FileStorage) -> dict[str, Any]:
        if not outputs:
            outputs.append(embed(settings, chip))
        return outputs[0]

    monkeypatch.setattr(chips, "embed", embed_once)
    return outputs


def test_the_best_match_of_a_chip_is_the_tile_with_its_vector(world: ChipWorld, outputs: list[dict[str, Any]]) -> None:
    unfiltered = upload(world.client, world.chip, k=5).get_json()
    assert len(unfiltered["matches"]) == 5
    vector = np.array(outputs[0]["vectors"]["mean"], np.float32)
    twin = world.tiles[TOWNS[2].city_id][4][0]
    world.conn.execute("UPDATE terrakin.tiles SET embedding_mean = %s WHERE tile_id = %s", (Vector(vector), twin))
    add_tile_keys(world.conn, [twin])
    answer = upload(world.client, world.chip, k=5, countries=["US", "JP"]).get_json()
    assert answer["matches"][0]["tile_id"] == twin
    assert answer["matches"][0]["similarity"] == pytest.approx(1, abs=1e-5)
    assert {tile["country_code"] for tile in answer["matches"]} <= {"US", "JP"}
    query = answer["query"]
    assert (query["kind"], query["encoder"], query["valid_share"], query["k"]) == ("chip", "mosaiks", 1, 5)
    assert (query["lon"], query["lat"]) == (pytest.approx(9, abs=0.1), pytest.approx(45.1, abs=0.1))
    assert all(tile["distance_m"] > 0 for tile in answer["matches"])
    exported = upload(world.client, world.chip, "geojson", k=2).get_json(force=True)
    assert len(exported["features"]) == 2
    blocks = upload(world.client, world.chip, k=3, unit="block").get_json()
    assert (blocks["query"]["unit"], blocks["method"], len(blocks["matches"])) == ("block", "mean", 3)
    assert all(match["block_id"] >> 6 == match["tile_id"] for match in blocks["matches"])


def bomb(tmp_path: Path) -> bytes:
    """Return a small file that decodes to 9.6 GB of zeros."""
    path = tmp_path / "bomb.tif"
    profile = {"driver": "GTiff", "count": 12, "height": 20_000, "width": 20_000, "dtype": "uint16", "tiled": True}
    with rasterio.open(path, "w", **profile, crs="EPSG:32632", transform=NORTH_UP, SPARSE_OK=True):
        pass
    return path.read_bytes()


def test_an_invalid_chip_is_422_with_the_reason_and_without_paths(world: ChipWorld, tmp_path: Path) -> None:
    for data, reason in (
        (b"II*\0 and no more", "the file is"),
        (bomb(tmp_path), "20000 x 20000"),
    ):
        response = upload(world.client, data)
        assert_problem(response, 422, reason)
        assert str(world.settings.home) not in response.text
        assert "/tmp" not in response.text


@pytest.mark.parametrize("data", [b"PK\3\4 a zip bomb", b"\x1f\x8b gzip", b"II"])
def test_a_file_that_is_not_a_tiff_is_422_without_a_process(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch, data: bytes
) -> None:
    monkeypatch.setattr(chips.subprocess, "Popen", None)
    assert_problem(upload(client, data), 422, "TIFF", "12 bands")


@pytest.mark.parametrize(
    ("data", "field"),
    [
        ({}, "file"),
        ({"file": "text"}, "file"),
        ({"file": (io.BytesIO(b""), "a.tif"), "settings": '{"k": -1}'}, "settings.k"),
        ({"file": (io.BytesIO(b""), "a.tif"), "settings": "{"}, "settings"),
        ({"file": (io.BytesIO(b""), "a.tif"), "filters": "{}"}, "filters"),
    ],
)
def test_a_form_without_a_file_or_with_invalid_settings_is_422(
    client: FlaskClient, data: dict[str, Any], field: str
) -> None:
    response = client.post("/api/v1/similar-to-chip", data=data, content_type="multipart/form-data")
    assert invalid_fields(response) == [field]


def test_a_missing_encoder_is_503_and_its_cause_is_in_the_log(
    world: ChipWorld, caplog: pytest.LogCaptureFixture
) -> None:
    world.conn.execute("DELETE FROM terrakin.fitted_filters")
    with caplog.at_level(logging.WARNING):
        response = upload(world.client, world.chip)
    assert_problem(response, 503, "encoder")
    assert str(world.settings.home) not in response.text
    assert "event=chip_failed" in caplog.text
    assert "terrakin.fitted_filters" in caplog.text


def test_a_chip_is_503_while_all_slots_are_taken(world: ChipWorld) -> None:
    world.settings.home.mkdir(parents=True, exist_ok=True)
    held = [(world.settings.home / f"chip-{number}.lock").open("w") for number in range(chips.MAX_PROCESSES)]
    for lock in held:
        fcntl.flock(lock, fcntl.LOCK_EX)
    response = upload(world.client, world.chip)
    for lock in held:
        lock.close()
    assert_problem(response, 503, str(chips.MAX_PROCESSES))
    assert response.headers["Retry-After"]
    assert upload(world.client, world.chip).status_code == 200


def test_a_process_over_its_time_or_memory_limit_is_ended(
    world: ChipWorld, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(chips, "TIMEOUT_S", 0.1)
    assert upload(world.client, world.chip).status_code == 503
    assert "event=chip_timeout" in caplog.text
    monkeypatch.setattr(chips, "TIMEOUT_S", 120)
    monkeypatch.setitem(chips.LIMITS, chips.resource.RLIMIT_AS, 2**26)
    assert upload(world.client, world.chip).status_code == 503
    assert "event=chip_failed" in caplog.text


def test_an_upload_of_100_mb_is_rejected_before_it_is_read(client: FlaskClient) -> None:
    class Unread(io.RawIOBase):
        def readinto(self, buffer: Any) -> int:
            raise AssertionError("the body was read")

    response = client.post(
        "/api/v1/similar-to-chip",
        content_type="multipart/form-data; boundary=b",
        environ_overrides={"wsgi.input": Unread(), "CONTENT_LENGTH": str(100 * 2**20)},
    )
    assert_problem(response, 413, "16 MiB")
