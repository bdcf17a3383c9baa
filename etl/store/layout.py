"""The UMAP layout in ``terrakin.tiles`` and ``terrakin.layouts``: reading its input and writing positions."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from psycopg import sql
from psycopg.types.json import Jsonb

STATE = """
    SELECT count(*), count(*) FILTER (WHERE umap_x IS NULL),
        count(*) FILTER (WHERE umap_x IS NOT NULL AND NOT is_umap_placed)
    FROM terrakin.tiles
"""
NEWEST_METHOD = "SELECT method FROM terrakin.layouts ORDER BY layout_id DESC LIMIT 1"
READ_VECTORS = """
    COPY (
        SELECT t.tile_id, t.embedding_mean, t.umap_x, t.umap_y
        FROM terrakin.tiles AS t
        WHERE t.tile_id = ANY({tile_ids})
        ORDER BY t.tile_id
    ) TO STDOUT (FORMAT BINARY)
"""
SAMPLE = """
    SELECT t.tile_id FROM terrakin.tiles AS t
    ORDER BY (t.tile_id::numeric * 2654435761) %% 4294967296, t.tile_id
    LIMIT %s
"""
"""Multiplying by an odd number shuffles the ids: equal tiles, equal sample."""
FITTED = "SELECT t.tile_id FROM terrakin.tiles AS t WHERE t.umap_x IS NOT NULL AND NOT t.is_umap_placed"
MISSING = "SELECT t.tile_id FROM terrakin.tiles AS t WHERE t.umap_x IS NULL ORDER BY t.tile_id"
CONTINENTS = """
    SELECT n.continent
    FROM terrakin.tiles AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    JOIN terrakin.countries AS n ON n.code = c.country_code
    WHERE t.tile_id = ANY(%s)
    ORDER BY t.tile_id
"""
CLEAR_PLACES = """
    UPDATE terrakin.tiles SET umap_x = NULL, umap_y = NULL, is_umap_placed = false WHERE umap_x IS NOT NULL
"""
WRITE_PLACES = """
    UPDATE terrakin.tiles AS t
    SET umap_x = p.x, umap_y = p.y, is_umap_placed = %(is_placed)s
    FROM unnest(%(tile_ids)s::bigint[], %(x)s::real[], %(y)s::real[]) AS p(tile_id, x, y)
    WHERE t.tile_id = p.tile_id
"""
RECORD_LAYOUT = "INSERT INTO terrakin.layouts (method, parameters, n_tiles) VALUES (%s, %s, %s)"
RECORD_PLACEMENT = """
    UPDATE terrakin.layouts
    SET n_placed = n_placed + %s, changed_at = now()
    WHERE layout_id = (SELECT max(layout_id) FROM terrakin.layouts)
"""

Connection = psycopg.Connection[Any]


@dataclass(frozen=True)
class LayoutState:
    """How many tiles the newest layout covers.

    Attributes:
        method: method of the newest layout; None if there is none.
        n_tiles: number of all tiles.
        n_missing: number of tiles without a position.
        n_fitted: number of tiles that took part in the fit and whose vectors have not changed since.
    """

    method: str | None
    n_tiles: int
    n_missing: int
    n_fitted: int


@dataclass(frozen=True)
class StoredVectors:
    """The vectors and layout positions of some tiles.

    Attributes:
        tile_ids: (n,) int64, ascending.
        vectors: (n, 768) float32, embedding_mean.
        places: (n, 2) float32 positions in the layout; NaN for tiles without one.
    """

    tile_ids: np.ndarray
    vectors: np.ndarray
    places: np.ndarray


def layout_state(conn: Connection) -> LayoutState:
    """Count the tiles with and without a position."""
    (method,) = conn.execute(NEWEST_METHOD).fetchone() or (None,)
    return LayoutState(method, *(conn.execute(STATE).fetchone() or (0, 0, 0)))


def sample_tile_ids(conn: Connection, n_most: int) -> list[int]:
    """Return the ids of a random sample of the tiles, or of all if there are fewer; equal tiles, equal sample."""
    return [tile_id for (tile_id,) in conn.execute(SAMPLE, (n_most,))]


def fitted_tile_ids(conn: Connection) -> list[int]:
    """Return the ids of the tiles to which the newest layout was fitted."""
    return [tile_id for (tile_id,) in conn.execute(FITTED)]


def missing_tile_ids(conn: Connection) -> list[int]:
    """Return the ids of the tiles without a position, ascending."""
    return [tile_id for (tile_id,) in conn.execute(MISSING)]


def read_vectors(conn: Connection, tile_ids: Sequence[int]) -> StoredVectors:
    """Return the mean vectors and positions of some tiles."""
    rows = []
    with conn.cursor().copy(sql.SQL(READ_VECTORS).format(tile_ids=sql.Literal(list(tile_ids)))) as copy:
        copy.set_types(["int8", "vector", "float4", "float4"])
        for tile_id, vector, x, y in copy.rows():
            rows.append((tile_id, vector.to_numpy(), (np.nan, np.nan) if x is None else (x, y)))
    ids, vectors, places = zip(*rows, strict=True) if rows else ((), np.empty((0, 768)), np.empty((0, 2)))
    return StoredVectors(np.array(ids, np.int64), np.array(vectors, np.float32), np.array(places, np.float32))


def read_continents(conn: Connection, tile_ids: Sequence[int]) -> list[str]:
    """Return the continents of some tiles, by tile_id."""
    return [continent for (continent,) in conn.execute(CONTINENTS, (list(tile_ids),))]


def write_layout(
    conn: Connection, tile_ids: np.ndarray, places: np.ndarray, method: str, parameters: Mapping[str, Any]
) -> None:
    """Replace all positions with those (n, 2) of the tiles of a new layout, and record it, in one transaction."""
    with conn.transaction():
        conn.execute(CLEAR_PLACES)
        _write_places(conn, tile_ids, places, is_placed=False)
        conn.execute(RECORD_LAYOUT, (method, Jsonb(dict(parameters)), len(tile_ids)))


def write_placements(conn: Connection, tile_ids: np.ndarray, places: np.ndarray) -> None:
    """Store the positions (n, 2) of tiles added to the newest layout, in one transaction."""
    with conn.transaction():
        _write_places(conn, tile_ids, places, is_placed=True)
        conn.execute(RECORD_PLACEMENT, (len(tile_ids),))


def _write_places(conn: Connection, tile_ids: np.ndarray, places: np.ndarray, is_placed: bool) -> None:
    arguments = {
        "tile_ids": tile_ids.tolist(), "x": places[:, 0].tolist(), "y": places[:, 1].tolist(), "is_placed": is_placed
    }  # fmt: skip
    conn.execute(WRITE_PLACES, arguments)
