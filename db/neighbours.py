"""Each tile's neighbours in other cities, computed by exact comparison after bulk loads, like an index.

The default question, "not in the same city", is then answered from ``terrakin.tile_neighbours`` without any search.
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

log = logging.getLogger(__name__)

Progress = Callable[[str, int, int], None]

N_NEIGHBOURS = 240
"""Neighbours kept of a tile: as many ids as a row holds without TOAST (2 KB). Few questions filter out over 220 of them."""
NAME = "tile_neighbours"
BLOCK_BYTES = 200_000_000
"""Similarities computed at once: tiles of the block x all tiles, float32."""
DECIMALS = 6
"""Float32 products of 768 numbers agree to about 1e-7: what is equal to six decimals is a tie, and goes by tile_id."""

IS_COUNTED = """
    SELECT EXISTS (
        SELECT FROM pg_trigger AS t
        WHERE t.tgrelid = 'terrakin.tiles'::regclass AND t.tgname = 'count_tiles_version' AND t.tgenabled <> 'D'
    )
"""
"""Without the trigger (on Citus) nothing says when neighbours are out of date, so none are made."""
ONE_BUILDER, NEXT_BUILDER = "SELECT pg_advisory_lock(7733144)", "SELECT pg_advisory_unlock(7733144)"
"""A second run waits for the first, and then finds nothing to do."""
NO_LOADS = "LOCK TABLE terrakin.tiles IN SHARE MODE"
"""While a block is written no tile comes or goes. Taken first, so that it cannot deadlock with a load."""
THERE = "SELECT tile_id FROM terrakin.tiles WHERE tile_id = ANY(%s)"
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
FORGET = "DELETE FROM terrakin.tile_neighbours WHERE tile_id = ANY(%s)"
WRITE = "COPY terrakin.tile_neighbours (tile_id, tiles_version, neighbour_tile_ids) FROM STDIN (FORMAT BINARY)"
TIDY = "VACUUM (ANALYZE) terrakin.tile_neighbours"


@dataclass(frozen=True)
class Tiles:
    """Tiles sorted by city: ids int64 (n,), cities int64 (n,), vectors of unit length float32 (n, 768)."""

    tile_ids: np.ndarray
    city_ids: np.ndarray
    unit: np.ndarray


def build_neighbours(
    conn: psycopg.Connection[Any], progress: Progress | None = None, tile_ids: list[int] | None = None
) -> int:
    """Compute the neighbours of the tiles that have none for the present version of the tiles.

    Each block of tiles is a transaction: killed half-way, the next run goes on behind it. When tiles change meanwhile,
    it stops, because its lists would not be used; run it again.

    Args:
        conn: an autocommit connection with the rights of terrakin_etl.
        progress: called with "tile_neighbours", tiles done and tiles to do.
        tile_ids: of these tiles only; all others answer without, until a run for all.

    Returns:
        For how many tiles neighbours were computed.
    """
    if conn.execute(IS_COUNTED).fetchone() != (True,):
        log.warning("event=no_neighbours reason=trigger_missing")
        return 0
    register_vector(conn)
    conn.execute(ONE_BUILDER)
    try:
        return _build(conn, progress, tile_ids)
    finally:
        conn.execute(NEXT_BUILDER)


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
    for block, neighbours in _blocks(tiles, rows):
        with conn.transaction():
            conn.execute(NO_LOADS)
            if conn.execute(VERSION).fetchone() != (version,):
                return done
            _write(conn, tiles.tile_ids[block], neighbours, version)
        done += len(block)
        if progress:
            progress(NAME, done, len(rows))
    conn.execute(TIDY)
    return done


def _read(conn: psycopg.Connection[Any]) -> Tiles:
    """All tiles but those with a zero vector, which is like nothing."""
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
    looks = length[:, 0] > 0
    return Tiles(tile_ids[looks], city_ids[looks], unit[looks])


def _blocks(tiles: Tiles, rows: np.ndarray) -> Iterator[tuple[np.ndarray, list[np.ndarray]]]:
    """Blocks of rows, and the neighbours of each row; the next block is computed while the database writes this one."""
    size = max(1, BLOCK_BYTES // (4 * len(tiles.tile_ids)))
    blocks = [rows[begin : begin + size] for begin in range(0, len(rows), size)]
    with ThreadPoolExecutor(1) as ahead:
        coming = [ahead.submit(_neighbours_of, tiles, block) for block in blocks[:1]]
        for block, following in zip_longest(blocks, blocks[1:]):
            neighbours = coming.pop().result()
            if following is not None:
                coming.append(ahead.submit(_neighbours_of, tiles, following))
            yield block, neighbours


def _neighbours_of(tiles: Tiles, block: np.ndarray) -> list[np.ndarray]:
    """Of each row of a block: tile ids, best first, of other cities only."""
    n = len(tiles.tile_ids)
    keep = min(N_NEIGHBOURS, n)
    similarity = tiles.unit[block] @ tiles.unit.T
    similarity[tiles.city_ids[block][:, None] == tiles.city_ids[None, :]] = -np.inf
    best = np.argpartition(similarity, n - keep, axis=1)[:, n - keep :]
    values = np.take_along_axis(similarity, best, axis=1).round(DECIMALS)
    order = np.lexsort((tiles.tile_ids[best], -values))
    best, values = np.take_along_axis(best, order, axis=1), np.take_along_axis(values, order, axis=1)
    return [tiles.tile_ids[b[np.isfinite(v)]] for b, v in zip(best, values, strict=True)]


def _write(conn: psycopg.Connection[Any], tile_ids: np.ndarray, neighbours: list[np.ndarray], version: int) -> None:
    there = {tile_id for (tile_id,) in conn.execute(THERE, (tile_ids.tolist(),))}
    conn.execute(FORGET, (tile_ids.tolist(),))
    with conn.cursor().copy(WRITE) as copy:
        copy.set_types(["int8", "int8", "int8[]"])
        for tile_id, own in zip(tile_ids.tolist(), neighbours, strict=True):
            if tile_id in there:
                copy.write_row((tile_id, version, own.tolist()))
