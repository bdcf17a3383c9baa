"""The encoder of a run must be the one that made the stored vectors."""

from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from etl.encoders.mosaiks import MosaiksEncoder
from etl.errors import EmptyDatabaseError, EncoderError
from etl.stages.encoder import stored_encoder
from etl.store.encoder import EncoderRecord, write_filters
from etl.vectors.post_processing import PostProcessing

PROCESSING = PostProcessing("standardised", np.zeros(768, np.float32), np.ones(768, np.float32))


def make_encoder() -> MosaiksEncoder:
    return MosaiksEncoder(*(np.ones(shape, np.float32) for shape in ((12,), (12,), (300, 384), (384,))))


def test_an_empty_database_has_no_encoder(conn: psycopg.Connection[Any], tmp_path: Path) -> None:
    with pytest.raises(EmptyDatabaseError, match="terrakin etl run"):
        stored_encoder(conn, tmp_path, None, None)


def test_the_stored_filters_are_used(conn: psycopg.Connection[Any], tmp_path: Path) -> None:
    encoder = make_encoder()
    write_filters(conn, encoder.weights_sha256, encoder.to_bytes())
    stored = EncoderRecord("mosaiks", "fitted", encoder.weights_sha256, PROCESSING)
    assert stored_encoder(conn, tmp_path, stored, None).weights_sha256 == encoder.weights_sha256


def test_missing_filters_and_filters_of_other_vectors_are_refused(
    conn: psycopg.Connection[Any], tmp_path: Path
) -> None:
    encoder = make_encoder()
    stored = EncoderRecord("mosaiks", "fitted", "0" * 64, PROCESSING)
    with pytest.raises(EncoderError, match=r"000000000000.* empty"):
        stored_encoder(conn, tmp_path, stored, None)
    write_filters(conn, encoder.weights_sha256, encoder.to_bytes())
    with pytest.raises(EncoderError, match=f"000000000000.*{encoder.weights_sha256[:12]}"):
        stored_encoder(conn, tmp_path, stored, None)


def test_a_terramind_file_with_other_weights_is_refused(conn: psycopg.Connection[Any], tmp_path: Path) -> None:
    path = tmp_path / "other.pt"
    path.write_bytes(b"weights")
    stored = EncoderRecord("terramind_v1_base", "pretrained", "0" * 64, PROCESSING)
    with pytest.raises(EncoderError, match="SHA-256"):
        stored_encoder(conn, tmp_path, stored, str(path))
