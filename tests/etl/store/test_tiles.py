"""Storing a city: its tiles, and the keys that searches compare."""

from collections.abc import Iterator
from datetime import date
from typing import Any

import numpy as np
import psycopg
import pytest
from shapely import MultiPolygon, box

from db.connect import connect
from db.settings import Settings
from etl.cities.blocks import block_ids
from etl.cities.city import City
from etl.cities.grid import Cell, tile_id
from etl.errors import ConcurrentChangeError
from etl.period import Period
from etl.store.blocks import CityBlocks
from etl.store.cities import write_cities
from etl.store.encoder import EncoderRecord, post_processing_version, write_encoder
from etl.store.tiles import CityTiles, write_tiles
from etl.vectors.aggregation import AGGREGATIONS
from etl.vectors.post_processing import PostProcessing

DIMENSION = 768
PERIOD = Period(date(2024, 6, 1), date(2024, 8, 31))
CITY = City(7, "Milan", "IT", "Italy", "Europe", None, 9.0, 45.0, MultiPolygon([box(8.9, 44.9, 9.1, 45.1)]), False)
CELLS = [Cell(32, False, 2230, 220 + i) for i in range(4)]
COMPOSITE = {
    "stac_url": "x", "collection": "x", "is_synthetic": False, "item_ids": [], "max_cloud_cover": 60, "valid_share": 1,
    "min_observations": 1, "median_observations": 1, "search_steps": [], "scenes": [], "is_date_known": True,
    "licences": [], "attributions": [],
}  # fmt: skip
KEYS = """
    SELECT e.item_id, s.method
    FROM terrakin.embedding_keys AS e
    JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id
    WHERE s.unit = %s
    ORDER BY e.item_id, s.method
"""
BLOCKS = """
    SELECT e.item_id, e.city_id, e.valid_share, e.key::vector::real[],
        ST_Distance(e.location, ST_Centroid(api.block_footprint(e.item_id)))
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = internal.set_id('block', 'mean')
    ORDER BY e.item_id
"""


@pytest.fixture
def etl(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    """A connection of the ETL to a database with a city and an encoder."""
    plain = PostProcessing("raw", np.zeros(DIMENSION, np.float32), np.ones(DIMENSION, np.float32))
    with connect(database, "etl", autocommit=True) as conn:
        write_cities(conn, [CITY])
        write_encoder(conn, EncoderRecord("mosaiks", "fitted", "ab" * 32, plain))
        yield conn


def make_tiles(cells: list[Cell], numbers: list[int], seed: int = 0, period: Period = PERIOD) -> CityTiles:
    """Return tiles whose blocks have these numbers."""
    rng, n = np.random.default_rng(seed), len(cells)
    ids = block_ids(np.array([[tile_id(cell, period.start)] for cell in cells]), np.array(numbers, np.int64)).ravel()
    blocks = CityBlocks(
        ids, rng.uniform(0.75, 1, len(ids)).astype(np.float32), rng.normal(size=(len(ids), DIMENSION)).astype("f2")
    )
    return CityTiles(
        CITY.city_id, period, COMPOSITE, cells, np.ones(n, np.float32), np.ones(n, np.float32), np.ones((n, 196), bool),
        {name: rng.normal(size=(n, DIMENSION)).astype(np.float32) for name in AGGREGATIONS}, blocks,
    )  # fmt: skip


def store(conn: psycopg.Connection[Any], tiles: CityTiles) -> None:
    with conn.transaction():
        version = post_processing_version(conn)
    write_tiles(conn, tiles, version)


def keys(conn: psycopg.Connection[Any], unit: str) -> list[tuple[int, str]]:
    return conn.execute(KEYS, (unit,)).fetchall()


def test_each_block_has_one_key_at_its_centre(etl: psycopg.Connection[Any]) -> None:
    tiles = make_tiles(CELLS, [0, 5, 48])
    store(etl, tiles)
    found = etl.execute(BLOCKS).fetchall()
    assert [row[:2] for row in found] == [(block, CITY.city_id) for block in np.sort(tiles.blocks.block_ids).tolist()]
    order = np.argsort(tiles.blocks.block_ids)
    np.testing.assert_allclose([row[2] for row in found], tiles.blocks.valid_share[order], rtol=1e-6)
    of_numpy = tiles.blocks.vectors[order].astype(np.float64)
    stored = np.array([row[3] for row in found])
    cosine = (stored * of_numpy).sum(1) / np.linalg.norm(stored, axis=1) / np.linalg.norm(of_numpy, axis=1)
    np.testing.assert_allclose(cosine, 1, atol=1e-5)
    assert max(row[4] for row in found) < 1e-6  # degrees


def test_a_replaced_city_leaves_no_key_behind(etl: psycopg.Connection[Any]) -> None:
    store(etl, make_tiles(CELLS, list(range(49))))
    fewer = make_tiles(CELLS[:2], [3, 4], seed=1)
    store(etl, fewer)
    assert keys(etl, "block") == [(block, "mean") for block in np.sort(fewer.blocks.block_ids).tolist()]
    tile_ids = sorted(tile_id(cell, PERIOD.start) for cell in CELLS[:2])
    assert keys(etl, "tile") == [(tile, method) for tile in tile_ids for method in sorted([*AGGREGATIONS, "mean_std"])]


def test_other_periods_keep_their_keys(etl: psycopg.Connection[Any]) -> None:
    other = make_tiles(CELLS, [1, 2], period=Period(date(2023, 6, 1), date(2023, 8, 31)))
    store(etl, other)
    store(etl, make_tiles(CELLS, [1, 2]))
    store(etl, make_tiles(CELLS[:1], []))
    assert keys(etl, "block") == [(block, "mean") for block in np.sort(other.blocks.block_ids).tolist()]


def test_deleted_tiles_leave_no_key_behind(etl: psycopg.Connection[Any]) -> None:
    store(etl, make_tiles(CELLS, [7, 8]))
    etl.execute("DELETE FROM terrakin.tiles WHERE tile_id <> %s", (tile_id(CELLS[1], PERIOD.start),))
    assert {block >> 6 for block, _ in keys(etl, "block")} == {tile_id(CELLS[1], PERIOD.start)}
    assert {tile for tile, _ in keys(etl, "tile")} == {tile_id(CELLS[1], PERIOD.start)}


def test_a_city_that_cannot_be_stored_changes_no_key(etl: psycopg.Connection[Any]) -> None:
    store(etl, make_tiles(CELLS, [7, 8]))
    before = keys(etl, "block"), keys(etl, "tile")
    with pytest.raises(ConcurrentChangeError):
        write_tiles(etl, make_tiles(CELLS[:1], [7]), "of another post-processing")
    infinite = make_tiles(CELLS[:1], [7])
    infinite.blocks.vectors[0, 3] = np.inf
    with np.errstate(invalid="ignore"), pytest.raises(psycopg.DataError):
        store(etl, infinite)
    assert (keys(etl, "block"), keys(etl, "tile")) == before
