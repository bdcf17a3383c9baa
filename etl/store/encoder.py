"""The rows that say how vectors were made: terrakin.encoder, and the figures of spatial bias."""

import json
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from etl.errors import EncoderError
from etl.vectors.post_processing import PostProcessing
from etl.vectors.spatial_bias import SpatialBias

Connection = psycopg.Connection[Any]

READ_ENCODER = """
    SELECT name, weights, weights_sha256,
        (post_processing || jsonb_build_object('excluded_dimensions', excluded_dimensions))::text
    FROM terrakin.encoder
"""
WRITE_ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at)
    VALUES (%(name)s, %(weights)s, %(weights_sha256)s, %(dimension)s, %(post_processing)s, now())
    ON CONFLICT (encoder_id) DO NOTHING
"""
UPDATE_POST_PROCESSING = """
    UPDATE terrakin.encoder
    SET post_processing = %s, excluded_dimensions = %s::smallint[], fitted_at = now()
"""
VERSION = """
    SELECT md5(post_processing::text || excluded_dimensions::text)
    FROM terrakin.encoder
    FOR SHARE
"""
"""The lock lasts for the transaction: until it ends, the post-processing stays as it is."""
WRITE_BIAS = """
    INSERT INTO terrakin.spatial_bias (dimension, morans_i, position_r2, is_excluded)
    SELECT b.dimension, b.morans_i, nullif(b.position_r2, 'NaN'), b.is_excluded
    FROM unnest(%s::smallint[], %s::real[], %s::real[], %s::boolean[])
        AS b(dimension, morans_i, position_r2, is_excluded)
"""
IS_BIAS_MEASURED = "SELECT EXISTS (SELECT FROM terrakin.spatial_bias)"
READ_FILTERS = "SELECT npz FROM terrakin.fitted_filters"
WRITE_FILTERS = "INSERT INTO terrakin.fitted_filters (weights_sha256, npz) VALUES (%s, %s)"


@dataclass(frozen=True)
class EncoderRecord:
    """The row of terrakin.encoder."""

    name: str
    weights: str
    weights_sha256: str
    post_processing: PostProcessing


def read_encoder(conn: Connection) -> EncoderRecord | None:
    """The encoder that made the stored vectors; None before the first load."""
    row = conn.execute(READ_ENCODER).fetchone()
    if row is None:
        return None
    name, weights, weights_sha256, post_processing = row
    return EncoderRecord(name, weights, weights_sha256, PostProcessing.from_json(post_processing))


def write_encoder(conn: Connection, record: EncoderRecord) -> EncoderRecord:
    """Record the encoder unless one is there already; returns the one that is there then."""
    values = vars(record) | {
        "dimension": len(record.post_processing.mean),
        "post_processing": _as_jsonb(record.post_processing),
    }
    conn.execute(WRITE_ENCODER, values)
    stored = read_encoder(conn)
    assert stored is not None
    return stored


def post_processing_version(conn: Connection) -> str:
    """Names the recorded post-processing, which no other process can change until the transaction ends.

    Raises:
        EncoderError: none is recorded.
    """
    row = conn.execute(VERSION).fetchone()
    if row is None:
        raise EncoderError("the database records no encoder; run `terrakin etl run`")
    return str(row[0])


def write_post_processing(conn: Connection, processing: PostProcessing, bias: SpatialBias) -> None:
    """Replace the recorded post-processing and the figures of spatial bias, in one transaction.

    The caller loads all vectors again in the same one: those of two post-processings cannot be compared.
    """
    dimensions = list(range(len(bias.is_excluded)))
    columns = (dimensions, bias.morans_i.tolist(), bias.position_r2.tolist(), bias.is_excluded.tolist())
    with conn.transaction():
        conn.execute(UPDATE_POST_PROCESSING, (_as_jsonb(processing), list(processing.excluded_dimensions)))
        conn.execute("DELETE FROM terrakin.spatial_bias")
        conn.execute(WRITE_BIAS, columns)


def is_bias_measured(conn: Connection) -> bool:
    """Whether there are figures of spatial bias."""
    return conn.execute(IS_BIAS_MEASURED).fetchone() == (True,)


def _as_jsonb(processing: PostProcessing) -> Jsonb:
    """Excluded dimensions have a column of their own."""
    return Jsonb(json.loads(replace(processing, excluded_dimensions=()).to_json()))


def read_filters(conn: psycopg.Connection[Any]) -> bytes | None:
    """What ``MosaiksEncoder.to_bytes`` made; None before the first fit."""
    row = conn.execute(READ_FILTERS).fetchone()
    return None if row is None else bytes(row[0])


def write_filters(conn: psycopg.Connection[Any], weights_sha256: str, npz: bytes) -> None:
    """Keep the filters; the caller has made sure that there are none yet (etl.tasks.locks)."""
    conn.execute(WRITE_FILTERS, (weights_sha256, npz))
