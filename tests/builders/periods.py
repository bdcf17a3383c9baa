"""A second period of a synthetic town, with blocks that changed."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.store import Items, read_set, write_keys
from db.embedding_sets.tile_keys import add_tile_keys
from tests.builders.towns import FORMS, TOWNS

CITY_ID = TOWNS[0].city_id
MONTHS = 12
"""The second period is a year later."""
COPY_COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, is_date_known, licences, attributions, item_ids,
        max_cloud_cover, valid_share)
    SELECT city_id, '[2025-06-01,2025-09-01)', stac_url, collection, is_synthetic, is_date_known, licences,
        attributions, item_ids, max_cloud_cover, valid_share
    FROM terrakin.composites WHERE city_id = %s
    RETURNING composite_id
"""
COPY_TILES = """
    INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share,
        embedding_mean, embedding_dominant, dominant_share, dominant_patches)
    SELECT t.tile_id + %s, t.city_id, %s, '[2025-06-01,2025-09-01)', t.footprint, t.location, t.valid_share,
        t.embedding_mean, t.embedding_dominant, t.dominant_share, t.dominant_patches
    FROM terrakin.tiles AS t WHERE t.city_id = %s
"""
COPY_THUMBNAILS = """
    INSERT INTO terrakin.tile_thumbnails (tile_id, webp)
    SELECT h.tile_id + %s, h.webp
    FROM terrakin.tile_thumbnails AS h
    JOIN terrakin.tiles AS t ON t.tile_id = h.tile_id
    WHERE t.city_id = %s
"""
BLOCKS = """
    SELECT e.item_id, e.key::vector, ST_X(e.location), ST_Y(e.location)
    FROM terrakin.embedding_keys AS e
    WHERE e.city_id = %s AND e.set_id = (SELECT internal.set_id('block', 'mean'))
    ORDER BY e.item_id
"""


@dataclass(frozen=True)
class Changed:
    """A town in two periods.

    Attributes:
        earlier: (n, dimension) unit keys of its blocks.
        later: those a year later.
        ids: (n,) block ids of the later period.
        is_changed: (n,) whether the form of a block changed.
    """

    earlier: np.ndarray
    later: np.ndarray
    ids: np.ndarray
    is_changed: np.ndarray


def add_later_period(conn: psycopg.Connection[Any]) -> Changed:
    """Give the first town a second period: half of each of 20 blocks gets another form, and every form its season."""
    (composite_id,) = conn.execute(COPY_COMPOSITE, (CITY_ID,)).fetchone() or (0,)
    conn.execute(COPY_TILES, (MONTHS, composite_id, CITY_ID))
    conn.execute(COPY_THUMBNAILS, (MONTHS, CITY_ID))
    ids, keys, lon, lat = zip(*conn.execute(BLOCKS, (CITY_ID,)).fetchall(), strict=True)
    earlier = np.stack([key.to_numpy() for key in keys])
    rng = np.random.default_rng(4)
    form = np.array([(block_id & 63) % len(FORMS) for block_id in ids])
    is_changed = np.isin(np.arange(len(ids)), rng.choice(len(ids), 20, replace=False))
    other = np.array([rng.choice(np.flatnonzero(form == (f + 1) % len(FORMS))) for f in form])
    season = rng.normal(size=(len(FORMS), earlier.shape[1])) * 0.04 * np.array([[1], [0.3], [0.1]])
    half = (earlier + earlier[other]) / 2
    later = np.where(is_changed[:, None], half + season[form], earlier + season[form])
    later += rng.normal(size=later.shape) * 0.004
    later /= np.linalg.norm(later, axis=1, keepdims=True)
    later_ids = np.array(ids) + (MONTHS << 6)
    items = Items(later_ids, np.full(len(ids), CITY_ID), np.full(len(ids), 0.9), np.column_stack([lon, lat]), later)
    write_keys(conn, read_set(conn, "block", "mean"), items)
    add_tile_keys(conn)
    return Changed(earlier, later.astype(np.float16).astype(np.float64), later_ids, is_changed)
