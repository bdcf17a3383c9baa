"""The UMAP layout in ``terrakin.tiles`` and ``terrakin.layouts``: reading its input and writing positions."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg
from psycopg.types.json import Jsonb

STATE = """
    SELECT count(*), count(*) FILTER (WHERE umap_x IS NULL),
        count(*) FILTER (WHERE umap_x IS NOT NULL AND NOT is_umap_placed)
    FROM terrakin.tiles
"""
NEWEST_METHOD = "SELECT method FROM terrakin.layouts ORDER BY layout_id DESC LIMIT 1"
READ_VECTORS = """
    COPY (SELECT tile_id, embedding_mean, umap_x, umap_y, is_umap_placed FROM terrakin.tiles ORDER BY tile_id)
    TO STDOUT (FORMAT BINARY)
"""
CONTINENTS = """
    SELECT n.continent
    FROM terrakin.tiles AS t
    JOIN terrakin.cities AS c ON c.city_id = t.city_id
    JOIN terrakin.countries AS n ON n.code = c.country_code
    ORDER BY t.tile_id
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
    """The vectors and layout positions of all tiles.

    Attributes:
        tile_ids: (n,) int64, ascending.
        vectors: (n, 768) float32, embedding_mean.
        places: (n, 2) float32 positions in the layout; NaN for tiles without one.
        is_placed: (n,) bool, is_umap_placed.
    """

    tile_ids: np.ndarray
    vectors: np.ndarray
    places: np.ndarray
    is_placed: np.ndarray


def layout_state(conn: Connection) -> LayoutState:
    """Count the tiles with and without a position."""
    (method,) = conn.execute(NEWEST_METHOD).fetchone() or (None,)
    return LayoutState(method, *(conn.execute(STATE).fetchone() or (0, 0, 0)))


def read_vectors(conn: Connection) -> StoredVectors:
    """Return the mean vectors and positions of all tiles."""
    rows = []
    with conn.cursor().copy(READ_VECTORS) as copy:
        copy.set_types(["int8", "vector", "float4", "float4", "bool"])
        for tile_id, vector, x, y, is_placed in copy.rows():
            place = (np.nan, np.nan) if x is None else (x, y)
            rows.append((tile_id, vector.to_numpy(), place, is_placed))
    ids, vectors, places, placed = zip(*rows, strict=True) if rows else ((), np.empty((0, 768)), np.empty((0, 2)), ())
    return StoredVectors(
        np.array(ids, np.int64), np.array(vectors, np.float32), np.array(places, np.float32), np.array(placed, bool)
    )


def read_continents(conn: Connection) -> list[str]:
    """Return the continent of every tile, by tile_id."""
    return [continent for (continent,) in conn.execute(CONTINENTS)]


def write_layout(
    conn: Connection, tile_ids: np.ndarray, places: np.ndarray, method: str, parameters: Mapping[str, Any]
) -> None:
    """Store the positions (n, 2) of all tiles and how they were computed, in one transaction."""
    with conn.transaction():
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
