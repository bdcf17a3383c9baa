"""``api.block_at`` and ``api.block_overview``."""

from typing import Any

import numpy as np
import psycopg
import pytest
from pyproj import Transformer

from tests.builders.world import World, build_world


@pytest.fixture(scope="module")
def world(module_conn: psycopg.Connection[Any]) -> World:
    return build_world(module_conn, 12, 4, seed=9, with_blocks=True)


def block_at(conn: psycopg.Connection[Any], lon: float, lat: float) -> tuple[Any, ...] | None:
    return conn.execute("SELECT block_id, tile_id, city_id FROM api.block_at(%s, %s)", (lon, lat)).fetchone()


def test_the_centre_of_each_block_finds_it(module_conn: psycopg.Connection[Any], world: World) -> None:
    assert world.blocks is not None
    for i in range(0, len(world.blocks.ids), 5):
        tile = int(world.blocks.tile_rows[i])
        found = block_at(module_conn, float(world.blocks.lon[i]), float(world.blocks.lat[i]))
        assert found == (int(world.blocks.ids[i]), int(world.tile_ids[tile]), int(world.city_ids[tile]))


@pytest.mark.parametrize("number", [0, 6, 42, 48])
def test_the_corners_of_a_tile_are_in_its_corner_blocks(
    module_conn: psycopg.Connection[Any], world: World, number: int
) -> None:
    """Positions 2 m inside the corner of the footprint; PROJ computes them."""
    tile_id = int(world.tile_ids[0])
    (srid, row, col) = module_conn.execute('SELECT srid, "row", col FROM api.tile_cell(%s)', (tile_id,)).fetchone() or (
        0,
        0,
        0,
    )
    x = col * 2240 + (2238 if number % 7 else 2)
    y = row * 2240 + (2 if number // 7 else 2238)
    lon, lat = Transformer.from_crs(srid, 4326, always_xy=True).transform(x, y)
    found = block_at(module_conn, lon, lat)
    assert found
    assert found[0] == tile_id * 64 + number


def test_a_position_without_a_block_gives_no_row(module_conn: psycopg.Connection[Any], world: World) -> None:
    assert world.blocks is not None
    assert block_at(module_conn, 0, -89) is None
    with module_conn.transaction(force_rollback=True):
        module_conn.execute("DELETE FROM terrakin.embedding_keys WHERE item_id = %s", (int(world.blocks.ids[3]),))
        assert block_at(module_conn, float(world.blocks.lon[3]), float(world.blocks.lat[3])) is None
        assert block_at(module_conn, float(world.blocks.lon[4]), float(world.blocks.lat[4])) is not None


def test_the_overview_has_every_block_once_with_its_place(module_conn: psycopg.Connection[Any], world: World) -> None:
    assert world.blocks is not None
    rows = module_conn.execute(
        "SELECT block_id, tile_id, city_id, lon, lat, valid_share, ST_Contains(footprint, location) "
        "FROM api.block_overview ORDER BY block_id"
    ).fetchall()
    order = np.argsort(world.blocks.ids)
    tiles = world.blocks.tile_rows[order]
    assert [row[:3] for row in rows] == list(
        zip(
            world.blocks.ids[order].tolist(),
            world.tile_ids[tiles].tolist(),
            world.city_ids[tiles].tolist(),
            strict=True,
        )
    )
    np.testing.assert_allclose(
        [row[3:6] for row in rows],
        np.column_stack([world.blocks.lon, world.blocks.lat, world.blocks.valid_share])[order],
        atol=1e-9,
    )
    assert all(row[6] for row in rows)
