"""Precomputes each tile's nearest neighbours in other cities, by exact comparison, after bulk loads.

The default search, which leaves out the tile's own city, then reads ``terrakin.tile_neighbours``.
"""

import logging
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from itertools import zip_longest
from typing import Any

import numpy as np
import psycopg
from pgvector.psycopg import register_vector

from db.advisory_locks import NEIGHBOURS

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

N_NEIGHBOURS = 240
"""Neighbours per tile: as many ids as fit into a row without TOAST (2 KB). Few searches filter out more than 220."""
NAME = "tile_neighbours"
BATCH_BYTES = 200_000_000
"""Size of the similarities computed at a time: tiles of the batch x all tiles, float32."""
DECIMALS = 6
"""Float32 dot products of 768 dimensions are exact to about 1e-7: values equal to six decimals are ties, ordered by
tile_id."""

HAS_TRIGGER = """
    SELECT EXISTS (
        SELECT FROM pg_trigger AS t
        WHERE t.tgrelid = 'terrakin.tiles'::regclass AND t.tgname = 'count_tiles_version' AND t.tgenabled <> 'D'
    )
"""
"""Without the trigger (on Citus) out-of-date neighbours cannot be recognised, so none are computed."""
LOCK, UNLOCK = "SELECT pg_advisory_lock(%s)", "SELECT pg_advisory_unlock(%s)"
"""A second run waits for the first, and then has nothing to do."""
NO_LOADS = "LOCK TABLE terrakin.tiles IN SHARE MODE"
"""Keeps tiles from being added or deleted while a batch is written. Taken first, to avoid deadlocks with a load."""
EXISTING = "SELECT tile_id FROM terrakin.tiles WHERE tile_id = ANY(%s)"
VERSION = "SELECT version FROM terrakin.tiles_version"
MISSING = """
    SELECT t.tile_id
    FROM terrakin.tiles AS t
    WHERE NOT EXISTS (SELECT FROM terrakin.tile_neighbours AS n WHERE n.tile_id = t.tile_id AND n.tiles_version = %s)
"""
READ_TILES = """
    COPY (SELECT t.tile_id, t.city_id, t.embedding_mean FROM terrakin.tiles AS t ORDER BY t.city_id, t.tile_id)
    TO STDOUT (FORMAT BINARY)
"""
DELETE = "DELETE FROM terrakin.tile_neighbours WHERE tile_id = ANY(%s)"
WRITE = "COPY terrakin.tile_neighbours (tile_id, tiles_version, neighbour_tile_ids) FROM STDIN (FORMAT BINARY)"
VACUUM = "VACUUM (ANALYZE) terrakin.tile_neighbours"


@dataclass(frozen=True)
class Tiles:
    """Tiles sorted by city: ids int64 (n,), city ids int64 (n,), vectors of unit length float32 (n, 768)."""

    tile_ids: np.ndarray
    city_ids: np.ndarray
    unit: np.ndarray


def build_neighbours(
    conn: psycopg.Connection[Any], progress: Progress | None = None, tile_ids: list[int] | None = None
) -> int:
    """Compute the neighbours of the tiles that have none for the current version of the tiles.

    Each batch is a transaction, so that an interrupted run is resumed by the next one. If tiles change during a run, it
    stops, because its neighbours would not be used; run it again.

    Args:
        conn: an autocommit connection with the privileges of terrakin_etl.
        progress: called with "tile_neighbours", the number of tiles done and the number of tiles to do.
        tile_ids: compute neighbours of these tiles only; None means all.

    Returns:
        Number of tiles whose neighbours were computed.
    """
    if conn.execute(HAS_TRIGGER).fetchone() != (True,):
        log.warning("event=no_neighbours reason=trigger_missing")
        return 0
    register_vector(conn)
    conn.execute(LOCK, (NEIGHBOURS,))
    try:
        return _build(conn, progress, tile_ids)
    finally:
        conn.execute(UNLOCK, (NEIGHBOURS,))


def _build(conn: psycopg.Connection[Any], progress: Progress | None, tile_ids: list[int] | None) -> int:
    with conn.transaction():
        conn.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ")
        (version,) = conn.execute(VERSION).fetchone() or (0,)
        missing = [tile_id for (tile_id,) in conn.execute(MISSING, (version,))]
        if not missing:
            return 0
        tiles = _read(conn)
    wanted = missing if tile_ids is None else np.intersect1d(missing, tile_ids)
    rows = np.flatnonzero(np.isin(tiles.tile_ids, wanted))
    done = 0
    for batch, neighbours in _batches(tiles, rows):
        with conn.transaction():
            conn.execute(NO_LOADS)
            if conn.execute(VERSION).fetchone() != (version,):
                return done
            _write(conn, tiles.tile_ids[batch], neighbours, version)
        done += len(batch)
        if progress:
            progress(NAME, done, len(rows))
    conn.execute(VACUUM)
    return done


def _read(conn: psycopg.Connection[Any]) -> Tiles:
    """Read all tiles, except those with a zero vector, whose cosine similarity is undefined."""
    ids: list[tuple[int, int]] = []
    vectors: list[np.ndarray] = []
    with conn.cursor().copy(READ_TILES) as copy:
        copy.set_types(["int8", "int8", "vector"])
        for tile_id, city_id, vector in copy.rows():
            ids.append((tile_id, city_id))
            vectors.append(vector.to_numpy())
    unit = np.stack(vectors)
    length = np.linalg.norm(unit, axis=1, keepdims=True)
    unit = np.divide(unit, length, out=unit, where=length > 0)
    tile_ids, city_ids = np.array(ids, np.int64).T
    has_direction = length[:, 0] > 0
    return Tiles(tile_ids[has_direction], city_ids[has_direction], unit[has_direction])


def _batches(tiles: Tiles, rows: np.ndarray) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Yield batches of rows with the neighbours of each row; compute the next batch while this one is written."""
    size = max(1, BATCH_BYTES // (4 * len(tiles.tile_ids)))
    batches = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(_neighbours_of, tiles, batch) for batch in batches[:1]]
        for batch, following in zip_longest(batches, batches[1:]):
            neighbours = coming.pop().result()
            if following is not None:
                coming.append(ahead.submit(_neighbours_of, tiles, following))
            yield batch, neighbours


def _neighbours_of(tiles: Tiles, batch: np.ndarray) -> list[np.ndarray]:
    """Return for each row of a batch the tile ids of its neighbours in other cities, most similar first."""
    n = len(tiles.tile_ids)
    keep = min(N_NEIGHBOURS, n)
    similarity = tiles.unit[batch] @ tiles.unit.T
    similarity[tiles.city_ids[batch][:, None] == tiles.city_ids[None, :]] = -np.inf
    best = np.argpartition(similarity, n - keep, axis=1)[:, n - keep :]
    values = np.take_along_axis(similarity, best, axis=1).round(DECIMALS)
    order = np.lexsort((tiles.tile_ids[best], -values))
    best, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
    return [tiles.tile_ids[b[np.isfinite(v)]] for b, v in zip(best, values, strict=True)]


def _write(conn: psycopg.Connection[Any], tile_ids: np.ndarray, neighbours: list[np.ndarray], version: int) -> None:
    existing = {tile_id for (tile_id,) in conn.execute(EXISTING, (tile_ids.tolist(),))}
    conn.execute(DELETE, (tile_ids.tolist(),))
    with conn.cursor().copy(WRITE) as copy:
        copy.set_types(["int8", "int8", "int8[]"])
        for tile_id, neighbour_ids in zip(tile_ids.tolist(), neighbours, strict=True):
            if tile_id in existing:
                copy.write_row((tile_id, version, neighbour_ids.tolist()))
