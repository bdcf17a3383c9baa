"""Builders of single cities, composites and tiles, and the statements that insert them."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import psycopg
from pgvector import Vector

from db.embedding_sets.tile_keys import add_tile_keys

DIMENSION = 768
PERIOD = "[2024-06-01,2024-09-01)"

COUNTRY = """
    INSERT INTO terrakin.countries (code, name, continent)
    VALUES (%s, %s, %s)
    ON CONFLICT (code) DO NOTHING
"""
CITY = """
    INSERT INTO terrakin.cities (city_id, name, country_code, location, extent, is_synthetic)
    VALUES (%(city_id)s, %(name)s, %(country_code)s, %(location)s, ST_Multi(%(extent)s::geometry), %(is_synthetic)s)
"""
COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, is_date_known, licences, attributions, item_ids,
        max_cloud_cover, valid_share)
    SELECT c.city_id, %(period)s, %(source)s, %(source)s, c.is_synthetic, %(is_date_known)s, %(licences)s,
        %(attributions)s, '{}', 60, 1
    FROM terrakin.cities AS c
    WHERE c.city_id = %(city_id)s
    ON CONFLICT (city_id, period) DO UPDATE SET collection = excluded.collection
    RETURNING composite_id
"""
TILE = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, dominant_patches)
    VALUES (%(tile_id)s, %(city_id)s, %(composite_id)s, %(period)s, %(footprint)s, %(location)s, %(valid_share)s,
        %(mean)s, %(dominant)s, 0.5, %(dominant_patches)s)
"""


def make_city(
    conn: psycopg.Connection[Any],
    city_id: int = 1,
    *,
    name: str = "Testville (synthetic)",
    country_code: str = "DE",
    continent: str = "Europe",
    lon: float = 8.0,
    lat: float = 50.0,
    is_synthetic: bool = True,
) -> int:
    """Insert a city, and its country if that is new; return the city's id."""
    conn.execute(COUNTRY, (country_code, f"Country {country_code}", continent))
    place = {"location": point(lon, lat), "extent": box(lon, lat, 0.2)}
    conn.execute(
        CITY, {"city_id": city_id, "name": name, "country_code": country_code, "is_synthetic": is_synthetic, **place}
    )
    return city_id


def make_composite(
    conn: psycopg.Connection[Any],
    city_id: int,
    source: str = "test",
    *,
    is_date_known: bool = True,
    licences: Sequence[str] = (),
    attributions: Sequence[str] = (),
) -> int:
    """Insert the composite of a city, or find the existing one; return its id."""
    about = {"is_date_known": is_date_known, "licences": list(licences), "attributions": list(attributions)}
    row = conn.execute(COMPOSITE, {"city_id": city_id, "period": PERIOD, "source": source, **about}).fetchone()
    assert row is not None
    return int(row[0])


def make_tile(
    conn: psycopg.Connection[Any],
    tile_id: int = 1,
    *,
    city_id: int = 1,
    lon: float = 8.0,
    lat: float = 50.0,
    embedding: np.ndarray | None = None,
) -> int:
    """Insert a tile of an existing city, and its composite; return the tile's id. The default vector depends on it."""
    if embedding is None:
        embedding = np.random.default_rng(tile_id).standard_normal(DIMENSION).astype(np.float32)
    composite_id = make_composite(conn, city_id)
    conn.execute(TILE, tile_values(tile_id, city_id, composite_id, box(lon, lat, 0.01), point(lon, lat), embedding))
    add_tile_keys(conn, [tile_id])
    return tile_id


def tile_values(
    tile_id: int,
    city_id: int,
    composite_id: int,
    footprint: str,
    location: str,
    mean: np.ndarray,
    dominant: np.ndarray | None = None,
    valid_share: float = 1,
    dominant_patches: str | None = None,
) -> dict[str, Any]:
    """Return the parameters of TILE; geometries are EWKT or hexadecimal EWKB."""
    return {
        "tile_id": tile_id, "city_id": city_id, "composite_id": composite_id, "period": PERIOD,
        "footprint": footprint, "location": location, "valid_share": valid_share, "mean": Vector(mean),
        "dominant": Vector(mean if dominant is None else dominant), "dominant_patches": dominant_patches,
    }  # fmt: skip


def point(lon: float, lat: float) -> str:
    """Return a point as EWKT."""
    return f"SRID=4326;POINT({float(lon)!r} {float(lat)!r})"


def box(lon: float, lat: float, reach: float) -> str:
    """Return the square around a position, `reach` degrees to each side, in the order of ST_Expand's corners."""
    west, south, east, north = (float(v) for v in (lon - reach, lat - reach, lon + reach, lat + reach))
    corners = ((west, south), (west, north), (east, north), (east, south), (west, south))
    return f"SRID=4326;MULTIPOLYGON((({','.join(f'{x!r} {y!r}' for x, y in corners)})))"
