"""How the stored vectors were made: ``terrakin.encoder``, ``terrakin.spatial_bias`` and ``terrakin.fitted_filters``."""

import json
from dataclasses import dataclass, replace
from typing import Any

import psycopg
from psycopg.types.json import Jsonb

from etl.encoders.encoder import DefaultMethod
from etl.errors import EmptyDatabaseError
from etl.vectors.bias.spatial_bias import SpatialBias
from etl.vectors.post_processing import PostProcessing

Connection = psycopg.Connection[Any]

READ_ENCODER = """
    SELECT name, weights, weights_sha256,
        (post_processing || jsonb_build_object('excluded_dimensions', excluded_dimensions))::text, default_method
    FROM terrakin.encoder
"""
WRITE_ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, default_method, fitted_at)
    VALUES (%(name)s, %(weights)s, %(weights_sha256)s, %(dimension)s, %(post_processing)s, %(default_method)s, now())
    ON CONFLICT (encoder_id) DO NOTHING
"""
UPDATE_POST_PROCESSING = """
    UPDATE terrakin.encoder
    SET post_processing = %s, excluded_dimensions = %s::smallint[], fitted_at = now()
"""
VERSION = """
    SELECT internal.post_processing_version(post_processing, excluded_dimensions)
    FROM terrakin.encoder
    FOR SHARE
"""
"""The lock lasts until the transaction ends, so that the post-processing cannot change before."""
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
    """The row of terrakin.encoder: the encoder that made the patch vectors, and their post-processing.

    Attributes:
        name: name of the encoder.
        weights: pretrained, random or fitted.
        weights_sha256: SHA-256 of the weights.
        post_processing: from patch vectors to comparable ones.
        default_method: the aggregation of a search that names none, ``mean`` or ``mean_std``.
    """

    name: str
    weights: str
    weights_sha256: str
    post_processing: PostProcessing
    default_method: DefaultMethod = "mean"


def read_encoder(conn: Connection) -> EncoderRecord | None:
    """Return the encoder that made the stored vectors, or None before the first load."""
    row = conn.execute(READ_ENCODER).fetchone()
    if row is None:
        return None
    name, weights, weights_sha256, post_processing, default_method = row
    return EncoderRecord(name, weights, weights_sha256, PostProcessing.from_json(post_processing), default_method)


def write_encoder(conn: Connection, record: EncoderRecord) -> EncoderRecord:
    """Record the encoder unless one is recorded already; return the recorded one."""
    values = vars(record) | {
        "dimension": len(record.post_processing.mean),
        "post_processing": _as_jsonb(record.post_processing),
    }
    conn.execute(WRITE_ENCODER, values)
    stored = read_encoder(conn)
    assert stored is not None
    return stored


def post_processing_version(conn: Connection) -> str:
    """Return a fingerprint of the recorded post-processing and lock it until the transaction ends.

    Raises:
        EmptyDatabaseError: no encoder is recorded.
    """
    row = conn.execute(VERSION).fetchone()
    if row is None:
        raise EmptyDatabaseError("the database records no encoder yet; run `terrakin etl run` first")
    return str(row[0])


def write_post_processing(conn: Connection, processing: PostProcessing, bias: SpatialBias) -> None:
    """Replace the recorded post-processing and the figures of spatial bias, in one transaction.

    The caller reloads all vectors in the same transaction: vectors of two post-processings cannot be compared.
    """
    dimensions = list(range(len(bias.is_excluded)))
    columns = (dimensions, bias.morans_i.tolist(), bias.position_r2.tolist(), bias.is_excluded.tolist())
    with conn.transaction():
        conn.execute(UPDATE_POST_PROCESSING, (_as_jsonb(processing), list(processing.excluded_dimensions)))
        conn.execute("DELETE FROM terrakin.spatial_bias")
        conn.execute(WRITE_BIAS, columns)


def is_bias_measured(conn: Connection) -> bool:
    """Return True if spatial bias has been measured."""
    return conn.execute(IS_BIAS_MEASURED).fetchone() == (True,)


def _as_jsonb(processing: PostProcessing) -> Jsonb:
    """Return a post-processing without its excluded dimensions, which have their own column."""
    return Jsonb(json.loads(replace(processing, excluded_dimensions=()).to_json()))


def read_filters(conn: Connection) -> bytes | None:
    """Return the fitted filters as ``MosaiksEncoder.to_bytes`` wrote them, or None before the first fit."""
    row = conn.execute(READ_FILTERS).fetchone()
    return None if row is None else bytes(row[0])


def write_filters(conn: Connection, weights_sha256: str, npz: bytes) -> None:
    """Store the fitted filters. The caller holds the lock ``fit`` (etl.tasks.locks) and has checked for others."""
    conn.execute(WRITE_FILTERS, (weights_sha256, npz))
