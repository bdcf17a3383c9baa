"""Rows of ``terrakin.embedding_keys``, and vectors, in PostgreSQL's binary formats.

All rows of a set have the same size, so that a structured array is the file. Writing values one by one takes ten times
as long.
"""

from collections.abc import Iterable, Iterator

import numpy as np
from psycopg.abc import Buffer

HEADER = b"PGCOPY\n\xff\r\n\0" + bytes(8)
"""Signature, flags and length of the header extension, as the documentation of COPY defines them."""
TRAILER = b"\xff\xff"
COLUMNS = "item_id, city_id, list_id, valid_share, set_id, location, key, country_number"
POINT_WITH_SRID = 0x20000001
"""Geometry type of an EWKB point that has an SRID."""
SRID = 4326


def key_rows(
    set_id: int,
    item_ids: np.ndarray,
    city_ids: np.ndarray,
    list_ids: np.ndarray,
    valid_share: np.ndarray,
    locations: np.ndarray,
    keys: np.ndarray,
    country_numbers: np.ndarray,
) -> bytes:
    """Return rows for ``COPY terrakin.embedding_keys (<COLUMNS>) FROM STDIN (FORMAT BINARY)``, without header.

    Args:
        set_id: the set.
        item_ids: (n,) int64.
        city_ids: (n,) int64.
        list_ids: (n,) int32.
        valid_share: (n,) float32 in 0..1.
        locations: (n, 2) float64, longitude and latitude in degrees, EPSG:4326.
        keys: (n, d) float, within the range of float16.
        country_numbers: (n,) int32.
    """
    rows = np.zeros(len(item_ids), _row_type(keys.shape[1]))
    rows["n_columns"] = 8
    lengths = {"item_id": 8, "city_id": 8, "list_id": 4, "valid_share": 4, "set_id": 4, "country_number": 4}
    for name, length in lengths.items():
        rows[f"{name}_length"] = length
    rows["item_id"], rows["city_id"], rows["list_id"] = item_ids, city_ids, list_ids
    rows["valid_share"], rows["set_id"] = valid_share, set_id
    rows["location_length"] = 25
    rows["byte_order"], rows["type"], rows["srid"] = 1, POINT_WITH_SRID, SRID
    rows["x"], rows["y"] = locations[:, 0], locations[:, 1]
    rows["key_length"] = 4 + 2 * keys.shape[1]
    rows["dimension"], rows["key"] = keys.shape[1], keys
    rows["country_number"] = country_numbers
    return rows.tobytes()


def read_vectors(blocks: Iterable[Buffer], dimension: int, number: str, n: int) -> Iterator[np.ndarray]:
    """Yield structured arrays of about n rows of ``COPY (SELECT ...) TO STDOUT (FORMAT BINARY)``.

    Args:
        blocks: what COPY sends. Its columns are item_id and city_id (bigint), country_number (integer), valid_share
            (real), lon and lat (double precision) and a vector or halfvec; none is NULL.
        dimension: numbers per vector.
        number: type of the numbers, ``>f4`` of vector and ``>f2`` of halfvec.
        n: rows of an array.

    Raises:
        ValueError: a vector has another dimension.
    """
    row_type = _vector_row_type(dimension, number)
    buffer, begin = bytearray(), len(HEADER)
    for block in blocks:
        buffer += block
        if len(buffer) - begin >= n * row_type.itemsize:
            yield _rows(buffer, begin, row_type)
            buffer, begin = buffer[begin + (len(buffer) - begin) // row_type.itemsize * row_type.itemsize :], 0
    if len(buffer) - begin >= row_type.itemsize:
        yield _rows(buffer, begin, row_type)


def _rows(buffer: bytearray, begin: int, row_type: np.dtype) -> np.ndarray:
    rows = np.frombuffer(bytes(buffer), row_type, (len(buffer) - begin) // row_type.itemsize, begin)
    wanted = row_type["vector"].shape[0]
    if (rows["dimension"] != wanted).any():
        raise ValueError(f"a vector has {rows['dimension'][rows['dimension'] != wanted][0]} numbers, not {wanted}")
    return rows


def stack_vectors(data: bytes, n: int, number: str) -> np.ndarray:
    """Return the n vectors (n, dimension) float32 that vector_send or halfvec_send have written one after another."""
    size = np.dtype(number).itemsize
    row_type = np.dtype([("dimension", ">i2"), ("unused", ">i2"), ("vector", number, (len(data) // n - 4) // size)])
    stacked: np.ndarray = np.frombuffer(data, row_type)["vector"].astype(np.float32)
    return stacked


def _vector_row_type(dimension: int, number: str) -> np.dtype:
    """Return the layout of a row that ``read_vectors`` reads."""
    return np.dtype(
        [
            ("n_columns", ">i2"),
            ("item_id_length", ">i4"), ("item_id", ">i8"),
            ("city_id_length", ">i4"), ("city_id", ">i8"),
            ("country_number_length", ">i4"), ("country_number", ">i4"),
            ("valid_share_length", ">i4"), ("valid_share", ">f4"),
            ("lon_length", ">i4"), ("lon", ">f8"),
            ("lat_length", ">i4"), ("lat", ">f8"),
            ("vector_length", ">i4"), ("dimension", ">i2"), ("unused", ">i2"), ("vector", number, (dimension,)),
        ]
    )  # fmt: skip


def _row_type(dimension: int) -> np.dtype:
    """Return the layout of a row: a length and a value per column, big-endian except for the EWKB."""
    return np.dtype(
        [
            ("n_columns", ">i2"),
            ("item_id_length", ">i4"), ("item_id", ">i8"),
            ("city_id_length", ">i4"), ("city_id", ">i8"),
            ("list_id_length", ">i4"), ("list_id", ">i4"),
            ("valid_share_length", ">i4"), ("valid_share", ">f4"),
            ("set_id_length", ">i4"), ("set_id", ">i4"),
            ("location_length", ">i4"),
            ("byte_order", "u1"), ("type", "<u4"), ("srid", "<u4"), ("x", "<f8"), ("y", "<f8"),
            ("key_length", ">i4"), ("dimension", ">i2"), ("unused", ">i2"), ("key", ">f2", (dimension,)),
            ("country_number_length", ">i4"), ("country_number", ">i4"),
        ]
    )  # fmt: skip
