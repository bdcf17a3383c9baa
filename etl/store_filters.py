"""The row of ``terrakin.fitted_filters``: the mosaiks filters, so that every machine embeds with the same ones."""

from typing import Any

import psycopg

READ = "SELECT npz FROM terrakin.fitted_filters"
WRITE = "INSERT INTO terrakin.fitted_filters (weights_sha256, npz) VALUES (%s, %s)"


def read_filters(conn: psycopg.Connection[Any]) -> bytes | None:
    """What ``MosaiksEncoder.to_bytes`` made; None before the first fit."""
    row = conn.execute(READ).fetchone()
    return None if row is None else bytes(row[0])


def write_filters(conn: psycopg.Connection[Any], weights_sha256: str, npz: bytes) -> None:
    """Keep the filters; the caller has made sure that there are none yet (etl.locks)."""
    conn.execute(WRITE, (weights_sha256, npz))
