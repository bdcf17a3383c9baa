"""Synthetic towns on the UTM lattice, whose best matches are known."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from PIL import Image

from db.connect import connect
from db.embedding_sets.store import Items, read_set, write_keys
from db.embedding_sets.tile_keys import add_tile_keys
from db.settings import Settings
from tests.builders.rows import CITY, COUNTRY, DIMENSION, TILE, make_composite, tile_values
from tests.conftest import cloned_database

N_SIDE = 3
"""A town has 3 x 3 tiles."""
N_BLOCKS = 49
"""A tile has 7 x 7 blocks."""
FORMS = ("centre", "suburb", "harbour")
MONTH = date(2024, 6, 1)
NORTHERN_HALF = "1" * 98 + "0" * 98
THUMBNAIL = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) VALUES (%s, %s)"
ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at)
    VALUES ('mosaiks', %s, repeat('ab', 32), 768, '{"method": "standardised", "mean": [], "std": []}', now())
"""
# A square of n lattice cells in degrees, and its centre.
SQUARE = """
    SELECT ST_Multi(ST_Transform(s.square, 4326)), ST_Transform(ST_Centroid(s.square), 4326)
    FROM (
        SELECT ST_MakeEnvelope(
            %(col)s * 2240, %(row)s * 2240, (%(col)s + %(n)s) * 2240, (%(row)s + %(n)s) * 2240,
            CASE WHEN %(is_south)s THEN 32700 ELSE 32600 END + %(zone)s
        ) AS square
    ) AS s
"""
BLOCK_CENTRES = """
    SELECT b.block_id, ST_X(c.centre), ST_Y(c.centre)
    FROM unnest(%s::bigint[]) AS b(block_id)
    CROSS JOIN LATERAL ST_Centroid(api.block_footprint(b.block_id)) AS c(centre)
"""
TILE_ID = "SELECT api.tile_id(%(zone)s, %(is_south)s, %(row)s, %(col)s, %(month)s)"


@dataclass(frozen=True)
class Town:
    """A synthetic town, with the UTM zone and the lattice row and column of its south-west tile."""

    city_id: int
    name: str
    country_code: str
    country: str
    continent: str
    zone: int
    is_south: bool
    row: int
    col: int


TOWNS = (
    Town(-1, "Alphaport (synthetic)", "DE", "Germany", "Europe", 32, False, 2640, 250),
    Town(-2, "Betahaven (synthetic)", "ES", "Spain", "Europe", 30, False, 2000, 200),
    Town(-3, "Gammaville (synthetic)", "US", "United States", "North America", 18, False, 2010, 260),
    Town(-4, "Deltatown (synthetic)", "ZA", "South Africa", "Africa", 34, True, 2790, 120),
    Town(-5, "Epsilon City (synthetic)", "JP", "Japan", "Asia", 54, False, 1760, 170),
)


def picture(tile_id: int) -> bytes:
    """Return a WebP of one colour, derived from the tile id."""
    data = io.BytesIO()
    Image.new("RGB", (128, 128), (tile_id % 251, tile_id % 241, tile_id % 239)).save(data, "WEBP")
    return data.getvalue()


def build_towns(
    conn: psycopg.Connection[Any], weights: str = "fitted", seed: int = 0
) -> dict[int, list[tuple[int, str]]]:
    """Insert all towns and return, by city_id, their tile ids with urban forms. Tiles of one form have similar vectors.

    The dominant cluster of a tile covers its northern half. Block ``i`` of a tile has the form ``FORMS[i % 3]``. The
    last town has neither thumbnails nor blocks.
    """
    rng = np.random.default_rng(seed)
    centres = {form: rng.normal(size=DIMENSION) for form in FORMS}
    conn.execute(ENCODER, (weights,))
    for town in TOWNS:
        conn.execute(COUNTRY, (town.country_code, town.country, town.continent))
    tiles = {town.city_id: _build_town(conn, town, centres, rng) for town in TOWNS}
    add_tile_keys(conn)
    with conn.transaction():
        for town in TOWNS[:-1]:
            _add_blocks(conn, town.city_id, [tile_id for tile_id, _ in tiles[town.city_id]], centres, rng)
    conn.execute("ANALYZE terrakin.tiles, terrakin.cities, terrakin.embedding_keys")
    return tiles


def _build_town(
    conn: psycopg.Connection[Any], town: Town, centres: dict[str, np.ndarray], rng: np.random.Generator
) -> list[tuple[int, str]]:
    extent, location = _one(conn, SQUARE, {**vars(town), "n": N_SIDE})
    conn.execute(CITY, {**vars(town), "is_synthetic": True, "location": location, "extent": extent})
    composite_id = make_composite(
        conn, town.city_id, "synthetic", licences=["CC0-1.0"], attributions=["Made by terrakin", "Not observed"]
    )
    tiles = []
    for i in range(N_SIDE * N_SIDE):
        form = FORMS[i % N_SIDE]
        cell = {**vars(town), "row": town.row + i // N_SIDE, "col": town.col + i % N_SIDE, "n": 1, "month": MONTH}
        footprint, location = _one(conn, SQUARE, cell)
        (tile_id,) = _one(conn, TILE_ID, cell)
        mean, dominant = ((centres[form] + rng.normal(size=DIMENSION) * 0.5).astype(np.float32) for _ in range(2))
        values = (tile_id, town.city_id, composite_id, footprint, location, mean, dominant, 0.98, NORTHERN_HALF)
        conn.execute(TILE, tile_values(*values))
        tiles.append((tile_id, form))
        if town is not TOWNS[-1]:
            conn.execute(THUMBNAIL, (tile_id, picture(tile_id)))
    return tiles


def _add_blocks(
    conn: psycopg.Connection[Any],
    city_id: int,
    tile_ids: list[int],
    centres: dict[str, np.ndarray],
    rng: np.random.Generator,
) -> None:
    block_ids = [tile_id << 6 | number for tile_id in tile_ids for number in range(N_BLOCKS)]
    ids, lon, lat = zip(*conn.execute(BLOCK_CENTRES, (block_ids,)).fetchall(), strict=True)
    n = len(ids)
    forms = [FORMS[(block_id & 63) % len(FORMS)] for block_id in ids]
    vectors = np.stack([centres[form] for form in forms]) + rng.normal(size=(n, DIMENSION)) * 0.5
    items = Items(np.array(ids), np.full(n, city_id), np.full(n, 0.9), np.column_stack([lon, lat]), vectors)
    write_keys(conn, read_set(conn, "block", "mean"), items)


def _one(conn: psycopg.Connection[Any], query: str, values: dict[str, Any]) -> Any:
    return conn.execute(query, values).fetchone()  # type: ignore[call-overload]


@dataclass(frozen=True)
class TownDatabase:
    """A committed database of the towns, with their tile ids and urban forms."""

    settings: Settings
    tiles: dict[int, list[tuple[int, str]]]

    def tile_of(self, city_id: int, form: str) -> int:
        """Return the first tile of a town with an urban form."""
        return next(tile_id for tile_id, found in self.tiles[city_id] if found == form)

    def form_of(self, tile_id: int) -> str:
        """Return the urban form of a tile."""
        return next(form for tiles in self.tiles.values() for found, form in tiles if found == tile_id)


@contextmanager
def town_database(server_home: Path) -> Iterator[TownDatabase]:
    """Yield a new database of the session's cluster with the towns committed."""
    with cloned_database(server_home) as url:
        settings = Settings(server_home / "web", database_url=url)
        with connect(settings) as conn:
            tiles = build_towns(conn)
        yield TownDatabase(settings, tiles)
