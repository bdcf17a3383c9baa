"""Synthetic towns with tiles on the UTM lattice, whose best matches are known."""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
from pgvector import Vector
from PIL import Image

from db.connect import connect
from db.settings import Settings
from tests.conftest import cloned_database

N_SIDE = 3
"""A town has 3 x 3 tiles."""
FORMS = ("centre", "suburb", "harbour")
MONTH = date(2024, 6, 1)


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

INSERT_COUNTRY = "INSERT INTO terrakin.countries (code, name, continent) VALUES (%s, %s, %s)"

INSERT_CITY = """
    INSERT INTO terrakin.cities (city_id, name, country_code, location, extent, is_synthetic)
    SELECT %(city_id)s, %(name)s, %(country_code)s, ST_Centroid(e.extent)::geography, ST_Multi(e.extent), true
    FROM (
        SELECT ST_Transform(
            ST_MakeEnvelope(
                %(col)s * 2240, %(row)s * 2240, (%(col)s + %(n)s) * 2240, (%(row)s + %(n)s) * 2240,
                CASE WHEN %(is_south)s THEN 32700 ELSE 32600 END + %(zone)s
            ),
            4326
        ) AS extent
    ) AS e
"""

INSERT_COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, item_ids, max_cloud_cover, valid_share)
    VALUES (%s, '[2024-06-01,2024-09-01)', 'synthetic', 'synthetic', true, '{}', 60, 1)
    RETURNING composite_id
"""

INSERT_TILE = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, dominant_patches)
    SELECT api.tile_id(%(zone)s, %(is_south)s, %(row)s, %(col)s, %(month)s), %(city_id)s, %(composite_id)s,
        '[2024-06-01,2024-09-01)', ST_Transform(f.square, 4326), ST_Transform(ST_Centroid(f.square), 4326)::geography,
        0.98, %(mean)s, %(dominant)s, 0.5, (repeat('1', 98) || repeat('0', 98))::bit(196)
    FROM (
        SELECT ST_MakeEnvelope(
            %(col)s * 2240, %(row)s * 2240, (%(col)s + 1) * 2240, (%(row)s + 1) * 2240,
            CASE WHEN %(is_south)s THEN 32700 ELSE 32600 END + %(zone)s
        ) AS square
    ) AS f
    RETURNING tile_id
"""

INSERT_THUMBNAIL = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) VALUES (%s, %s)"

INSERT_ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at)
    VALUES ('mosaiks', %s, repeat('ab', 32), 768, '{"method": "standardised", "mean": [], "std": []}', now())
"""


def picture(tile_id: int) -> bytes:
    """Return a WebP of one colour, derived from the tile id."""
    data = io.BytesIO()
    Image.new("RGB", (128, 128), (tile_id % 251, tile_id % 241, tile_id % 239)).save(data, "WEBP")
    return data.getvalue()


def build_towns(
    conn: psycopg.Connection[Any], weights: str = "fitted", seed: int = 0
) -> dict[int, list[tuple[int, str]]]:
    """Insert all towns and return, by city_id, their tile ids with urban forms. Tiles of one form have similar vectors.

    The dominant cluster of a tile covers its northern half. The last town has no thumbnails.
    """
    rng = np.random.default_rng(seed)
    centres = {form: rng.normal(size=768) for form in FORMS}
    conn.execute(INSERT_ENCODER, (weights,))
    with conn.cursor() as cursor:
        cursor.executemany(INSERT_COUNTRY, sorted({(t.country_code, t.country, t.continent) for t in TOWNS}))
    tiles: dict[int, list[tuple[int, str]]] = {}
    for town in TOWNS:
        conn.execute(INSERT_CITY, {**vars(town), "n": N_SIDE})
        (composite_id,) = conn.execute(INSERT_COMPOSITE, (town.city_id,)).fetchone()  # type: ignore[misc]
        tiles[town.city_id] = []
        for i in range(N_SIDE * N_SIDE):
            form = FORMS[i % N_SIDE]
            cell = {"row": town.row + i // N_SIDE, "col": town.col + i % N_SIDE, "composite_id": composite_id}
            vectors = {
                name: Vector((centres[form] + rng.normal(size=768) * 0.5).astype(np.float32))
                for name in ("mean", "dominant")
            }
            (tile_id,) = conn.execute(INSERT_TILE, {**vars(town), **cell, **vectors, "month": MONTH}).fetchone()  # type: ignore[misc]
            tiles[town.city_id].append((tile_id, form))
            if town is not TOWNS[-1]:
                conn.execute(INSERT_THUMBNAIL, (tile_id, picture(tile_id)))
    conn.execute("ANALYZE terrakin.tiles, terrakin.cities")
    return tiles


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
