"""Blocks of the tiles of a random world: tiles on the lattice of UTM, and 49 blocks in each."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.store import Items, read_set, write_keys

N_BLOCKS = 49
"""A tile has 7 x 7 blocks."""
# The cell under each position. Every tile has a month of its own, so that no two of one cell have the same id.
CELLS = """
    SELECT api.tile_id(u.zone, p.lat < 0, floor(ST_Y(u.point) / 2240)::integer, floor(ST_X(u.point) / 2240)::integer,
            (date '2015-01-01' + make_interval(months => p.number::integer))::date),
        ST_X(ST_Centroid(f.footprint)), ST_Y(ST_Centroid(f.footprint)), ST_AsEWKT(f.footprint)
    FROM unnest(%s::double precision[], %s::double precision[]) WITH ORDINALITY AS p(lon, lat, number)
    CROSS JOIN LATERAL (SELECT floor((p.lon + 180) / 6)::integer + 1 AS zone) AS z
    CROSS JOIN LATERAL (
        SELECT z.zone,
            ST_Transform(
                ST_SetSRID(ST_MakePoint(p.lon, p.lat), 4326), CASE WHEN p.lat < 0 THEN 32700 ELSE 32600 END + z.zone
            ) AS point
    ) AS u
    CROSS JOIN LATERAL (
        SELECT ST_Multi(ST_Transform(ST_MakeEnvelope(
            floor(ST_X(u.point) / 2240) * 2240, floor(ST_Y(u.point) / 2240) * 2240,
            floor(ST_X(u.point) / 2240) * 2240 + 2240, floor(ST_Y(u.point) / 2240) * 2240 + 2240, ST_SRID(u.point)
        ), 4326)) AS footprint
    ) AS f
    ORDER BY p.number
"""
CENTRES = """
    SELECT ST_X(ST_Centroid(f.footprint)), ST_Y(ST_Centroid(f.footprint))
    FROM unnest(%s::bigint[]) WITH ORDINALITY AS b(block_id, number)
    CROSS JOIN LATERAL api.block_footprint(b.block_id) AS f(footprint)
    ORDER BY b.number
"""


@dataclass(frozen=True)
class Blocks:
    """Blocks as arrays, one row per block: ids, the rows of their tiles in the world, positions and keys (float16)."""

    ids: np.ndarray
    tile_rows: np.ndarray
    lon: np.ndarray
    lat: np.ndarray
    valid_share: np.ndarray
    keys: np.ndarray

    def similarity(self, row: int) -> np.ndarray:
        """Return the cosine of one block with every block, as searches compute it: of keys in half precision."""
        keys = self.keys.astype(np.float64)
        unit = keys / np.linalg.norm(keys, axis=1, keepdims=True)
        query = unit[row].astype(np.float16).astype(np.float64)
        return np.asarray(unit @ (query / np.linalg.norm(query)))


def cells_under(
    conn: psycopg.Connection[Any], lon: np.ndarray, lat: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, list[str]]:
    """Return tile ids, longitudes and latitudes of the centres, and footprints (EWKT) of the cells under positions."""
    ids, lons, lats, footprints = zip(*conn.execute(CELLS, (lon.tolist(), lat.tolist())).fetchall(), strict=True)
    return np.array(ids, np.int64), np.array(lons), np.array(lats), list(footprints)


def add_blocks(
    conn: psycopg.Connection[Any],
    tile_ids: np.ndarray,
    city_ids: np.ndarray,
    vectors: np.ndarray,
    rng: np.random.Generator,
) -> Blocks:
    """Insert all blocks of tiles on the lattice, each with a vector near that of its tile; return them as arrays."""
    rows = np.repeat(np.arange(len(tile_ids)), N_BLOCKS)
    ids = tile_ids[rows] << 6 | np.tile(np.arange(N_BLOCKS), len(tile_ids))
    places = np.array(conn.execute(CENTRES, (ids.tolist(),)).fetchall(), dtype=float)
    keys = (vectors[rows] + rng.normal(size=(len(ids), vectors.shape[1]))).astype(np.float16)
    valid_share = rng.choice([0.75, 0.875, 1.0], len(ids)).astype(np.float32)
    with conn.transaction():
        items = Items(ids, city_ids[rows], valid_share, places, keys.astype(np.float32))
        write_keys(conn, read_set(conn, "block", "mean"), items)
    return Blocks(ids, rows, places[:, 0], places[:, 1], valid_share, keys)
