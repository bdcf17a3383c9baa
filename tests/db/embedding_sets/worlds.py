"""Tiles and blocks for tests of sets of keys, in a committed database."""

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import numpy as np
import psycopg
import pytest

from db.embedding_sets import report
from db.embedding_sets.store import Items, read_set, write_keys
from db.embedding_sets.tile_keys import add_tile_keys
from tests.builders import DIMENSION, make_city, make_composite
from tests.builders.rows import TILE, box, point, tile_values

SET_IDS = "SELECT set_id FROM terrakin.embedding_sets WHERE unit = %s AND method = 'mean' AND is_current"


@contextmanager
def small_sets_are_fitted(up_to: int = 10) -> Iterator[None]:
    """Let sets of more than so few items be fitted."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(report, "FULL_KEYS_UP_TO", {"tile": up_to, "block": up_to})
        yield


def add_blocks(conn: psycopg.Connection[Any], block_ids: Sequence[int], vectors: np.ndarray, city_id: int = 1) -> None:
    """Add keys of blocks."""
    n = len(block_ids)
    ids, share = np.array(block_ids, np.int64), np.ones(n, np.float32)
    items = Items(ids, np.full(n, city_id, np.int64), share, np.full((n, 2), (8.0, 50.0)), vectors)
    write_keys(conn, read_set(conn, "block", "mean"), items)


def add_tiles(conn: psycopg.Connection[Any], n: int = 60) -> None:
    """Add a city with tiles 0 to n - 1."""
    make_city(conn)
    composite_id, places = make_composite(conn, 1), (box(8, 50, 0.01), point(8, 50))
    for tile_id in range(n):
        conn.execute(TILE, tile_values(tile_id, 1, composite_id, *places, vector_of(tile_id)))
    add_tile_keys(conn)


def vector_of(tile_id: int) -> np.ndarray:
    """Return a vector that depends on the tile's id."""
    return np.random.default_rng(tile_id).standard_normal(DIMENSION).astype(np.float32)


def set_id(conn: psycopg.Connection[Any], unit: str = "tile") -> int:
    """Return the current set of mean vectors."""
    (found,) = conn.execute(SET_IDS, (unit,)).fetchone() or (0,)
    return int(found)
