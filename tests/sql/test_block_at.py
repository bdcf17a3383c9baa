"""``api.block_at``, ``block_cell``, ``block_footprint`` and the view ``block_overview``."""

from typing import Any

import psycopg
import pytest
from pyproj import Transformer

from tests.builders import TOWNS, build_towns

LATTICE = 'SELECT ARRAY[c."row", c.col] FROM api.tile_cell(%s) AS c'


@pytest.fixture(scope="module")
def tile_id(module_conn: psycopg.Connection[Any]) -> int:
    tiles = build_towns(module_conn)
    return tiles[TOWNS[0].city_id][0][0]


@pytest.mark.parametrize(("number", "row", "col"), [(0, 0, 0), (6, 0, 6), (7, 1, 0), (48, 6, 6)])
def test_blocks_are_numbered_row_by_row_from_the_north_west(
    module_conn: psycopg.Connection[Any], tile_id: int, number: int, row: int, col: int
) -> None:
    block_id = tile_id * 64 + number
    cell = module_conn.execute("SELECT * FROM api.block_cell(%s)", (block_id,)).fetchone()
    assert cell == (tile_id, row, col)
    town = TOWNS[0]
    srid = (32700 if town.is_south else 32600) + town.zone
    to_degrees = Transformer.from_crs(srid, 4326, always_xy=True)
    (lattice,) = module_conn.execute(LATTICE, (tile_id,)).fetchone() or ([],)
    x, y = lattice[1] * 2240 + col * 320 + 160, (lattice[0] + 1) * 2240 - row * 320 - 160
    lon, lat = to_degrees.transform(x, y)
    at = module_conn.execute("SELECT block_id, tile_id FROM api.block_at(%s, %s)", (lon, lat)).fetchone()
    assert at == (block_id, tile_id)
    (is_inside, area) = module_conn.execute(
        "SELECT ST_Contains(f, ST_SetSRID(ST_MakePoint(%s, %s), 4326)), ST_Area(f::geography) "
        "FROM api.block_footprint(%s) AS f",
        (lon, lat, block_id),
    ).fetchone() or (False, 0)
    assert is_inside
    assert area == pytest.approx(320**2, rel=0.002)


def test_a_position_without_a_block_gives_no_row(module_conn: psycopg.Connection[Any], tile_id: int) -> None:
    without = module_conn.execute(
        "SELECT ST_X(t.location::geometry), ST_Y(t.location::geometry) FROM terrakin.tiles AS t WHERE t.city_id = %s",
        (TOWNS[-1].city_id,),
    ).fetchone()
    for position in (without, (0, 0)):
        assert module_conn.execute("SELECT FROM api.block_at(%s, %s)", position).fetchall() == []


def test_the_view_has_a_row_per_block_with_what_its_tile_has(
    module_conn: psycopg.Connection[Any], tile_id: int
) -> None:
    rows = module_conn.execute(
        "SELECT b.block_id, b.tile_id, b.city, b.continent, b.valid_share::numeric, b.is_synthetic, "
        "ST_Contains(b.footprint, b.location), ST_Covers(ST_Buffer(o.footprint, 0.00001), b.footprint) "
        "FROM api.block_overview AS b JOIN api.tile_overview AS o ON o.tile_id = b.tile_id WHERE b.tile_id = %s "
        "ORDER BY b.block_id",
        (tile_id,),
    ).fetchall()
    assert [row[0] for row in rows] == [tile_id * 64 + number for number in range(49)]
    assert {row[1:4] for row in rows} == {(tile_id, TOWNS[0].name, TOWNS[0].continent)}
    assert all(row[5:] == (True, True, True) for row in rows)


def test_blocks_go_with_their_tile(conn: psycopg.Connection[Any]) -> None:
    tiles = build_towns(conn)
    (deleted, _), (changed, _), (kept, _), *_ = tiles[TOWNS[0].city_id]
    n_keys = "SELECT count(*) FROM terrakin.embedding_keys WHERE item_id = %(t)s OR item_id >> 6 = %(t)s"
    conn.execute("DELETE FROM terrakin.tiles WHERE tile_id = %s", (deleted,))
    conn.execute("UPDATE terrakin.tiles SET embedding_mean = embedding_dominant WHERE tile_id = %s", (changed,))
    conn.execute("UPDATE terrakin.tiles SET umap_x = 1 WHERE tile_id = %s", (kept,))
    counts = [conn.execute(n_keys, {"t": t}).fetchone() for t in (deleted, changed, kept)]
    assert counts[:2] == [(0,), (0,)]
    assert counts[2] is not None
    assert counts[2][0] > 49
