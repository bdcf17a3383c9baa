"""Builders of minimal valid rows: a test names what matters to it, the rest is made up."""

from collections.abc import Iterable
from typing import Any

import numpy as np
import psycopg
from pgvector import Vector

from etl.vectors.post_processing import DEFAULT_METHOD, PostProcessing, from_moments, measure_moments, needs_covariance

DIMENSION = 768
PERIOD = "[2024-06-01,2024-09-01)"

COUNTRY = """
    INSERT INTO terrakin.countries (code, name, continent)
    VALUES (%s, %s, %s)
    ON CONFLICT (code) DO NOTHING
"""
CITY = """
    INSERT INTO terrakin.cities (city_id, name, country_code, location, extent, is_synthetic)
    SELECT %(city_id)s, %(name)s, %(country_code)s, p::geography, ST_Multi(ST_Expand(p, 0.2)), true
    FROM ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS p
"""
COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, item_ids, max_cloud_cover, valid_share)
    VALUES (%s, %s, 'test', 'test', true, '{}', 60, 1)
    ON CONFLICT (city_id, period) DO UPDATE SET collection = excluded.collection
    RETURNING composite_id
"""
TILE = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share)
    SELECT %(tile_id)s, %(city_id)s, %(composite_id)s, %(period)s, ST_Expand(p, 0.01), p::geography, 1,
        %(embedding)s, %(embedding)s, 0.5
    FROM ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326) AS p
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
) -> int:
    """A city, with its country where that is new. Its id."""
    conn.execute(COUNTRY, (country_code, f"Country {country_code}", continent))
    conn.execute(CITY, {"city_id": city_id, "name": name, "country_code": country_code, "lon": lon, "lat": lat})
    return city_id


def make_tile(
    conn: psycopg.Connection[Any],
    tile_id: int = 1,
    *,
    city_id: int = 1,
    lon: float = 8.0,
    lat: float = 50.0,
    embedding: np.ndarray | None = None,
) -> int:
    """A tile of an existing city, with its composite; without ``embedding`` one that its id decides. Its id."""
    (composite_id,) = conn.execute(COMPOSITE, (city_id, PERIOD)).fetchone() or (0,)
    if embedding is None:
        embedding = np.random.default_rng(tile_id).standard_normal(DIMENSION).astype(np.float32)
    conn.execute(
        TILE,
        {
            "tile_id": tile_id, "city_id": city_id, "composite_id": composite_id, "period": PERIOD,
            "embedding": Vector(embedding), "lon": lon, "lat": lat,
        },
    )  # fmt: skip
    return tile_id


def fit_post_processing(blocks: Iterable[np.ndarray], method: str = DEFAULT_METHOD) -> PostProcessing:
    """As the stages fit one, of patches (..., dimension) in memory."""
    return from_moments(measure_moments(blocks, needs_covariance(method)), method)
