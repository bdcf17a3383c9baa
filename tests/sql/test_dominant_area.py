"""``api.dominant_area`` against the grid of odc-geo."""

from datetime import date
from typing import Any

import numpy as np
import psycopg
import pytest
import shapely
from odc.geo.gridspec import GridSpec

from tests.builders import make_city, make_tile


@pytest.mark.parametrize("is_south", [False, True])
def test_the_dominant_area_is_that_of_its_patches_in_the_grid(conn: psycopg.Connection[Any], is_south: bool) -> None:
    row, col = 2640, 250
    tile_id = conn.execute("SELECT api.tile_id(32, %s, %s, %s, %s)", (is_south, row, col, date(2024, 6, 1))).fetchone()[
        0
    ]  # type: ignore[index]
    make_city(conn, 1)
    make_tile(conn, tile_id)
    patches = np.zeros((14, 14), bool)
    patches[0, 0] = patches[0, 13] = patches[5, 3] = patches[13, 13] = True
    bits = "".join("1" if p else "0" for p in patches.ravel())
    conn.execute("UPDATE terrakin.tiles SET dominant_patches = %s::bit(196)", (bits,))
    (area, kind, srid) = conn.execute(
        "SELECT a, GeometryType(a), ST_SRID(a) FROM api.dominant_area(%s) AS a", (tile_id,)
    ).fetchone() or (None, "", 0)

    grid = GridSpec(32732 if is_south else 32632, tile_shape=(224, 224), resolution=10)
    geobox = grid.tile_geobox((col, row))
    expected = [
        geobox[r * 16 : (r + 1) * 16, c * 16 : (c + 1) * 16].extent.to_crs(4326).geom for r, c in np.argwhere(patches)
    ]
    assert (kind, srid) == ("MULTIPOLYGON", 4326)
    assert len(area.geoms) == 4
    union = shapely.union_all(expected)
    assert area.symmetric_difference(union).area < union.area * 1e-4


def test_an_unknown_tile_or_one_without_patches_gives_null(conn: psycopg.Connection[Any]) -> None:
    make_city(conn, 1)
    make_tile(conn, 1)
    assert conn.execute("SELECT api.dominant_area(1), api.dominant_area(2)").fetchone() == (None, None)
