"""The pictures on the map: thumbnails drawn where their tiles lie."""

import io
import math
from collections.abc import Iterator
from dataclasses import replace

import pytest
from apiflask import APIFlask
from flask.testing import FlaskClient
from PIL import Image

from db.connect import connect
from db.settings import Settings
from tests.builders import make_city, make_tile
from webapp import create_app
from webapp.database import EXTENSION

RED, GREEN = (200, 30, 30), (30, 160, 30)
CELL_EDGE_DEG = 2240 / 111_320
INSERT = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) VALUES (%s, %s)"
CELL = """
    SELECT ST_X(p.corner), ST_Y(p.corner)
    FROM ST_Transform(ST_SetSRID(ST_MakePoint(%(col)s * 2240 + 1120, %(row)s * 2240 + 1120), 32632), 4326) AS p(corner)
"""
TILE_ID = "SELECT api.tile_id(32, false, %(row)s, %(col)s, %(month)s)"
ROW, COL = 2460, 223


def webp(colour: tuple[int, int, int]) -> bytes:
    """Return a picture whose northern half has a colour; the southern half is blue."""
    picture = Image.new("RGB", (224, 224), colour)
    picture.paste((30, 30, 200), (0, 112, 224, 224))
    file = io.BytesIO()
    picture.save(file, "WEBP", lossless=True)
    return file.getvalue()


@pytest.fixture
def place(database: Settings) -> tuple[float, float]:
    """Centre of a cell with two tiles, the newer one green; its eastern neighbour is red."""
    with connect(database) as conn:
        make_city(conn)
        at = {"row": ROW, "col": COL}
        lon, lat = conn.execute(CELL, at).fetchone() or (0.0, 0.0)
        for col, month, colour in ((COL, "2024-06-01", RED), (COL, "2024-07-01", GREEN), (COL + 1, "2024-06-01", RED)):
            (tile_id,) = conn.execute(TILE_ID, {"row": ROW, "col": col, "month": month}).fetchone() or (0,)
            make_tile(conn, tile_id, lon=lon + (col - COL) * CELL_EDGE_DEG / math.cos(math.radians(lat)), lat=lat)
            conn.execute(
                "UPDATE terrakin.tiles SET period = daterange(%s, %s::date + 30) WHERE tile_id = %s",
                (month, month, tile_id),
            )
            conn.execute(INSERT, (tile_id, webp(colour)))
    return lon, lat


@pytest.fixture
def app(database: Settings) -> Iterator[APIFlask]:
    app = create_app(replace(database, rate_limit="none", picture_rate_limit="none"))
    yield app
    app.extensions[EXTENSION].close()


def position(lon: float, lat: float, z: int) -> tuple[int, int, float, float]:
    """Return the map tile at a position, and the pixel of it there (spherical Mercator)."""
    x = (lon / 360 + 0.5) * 2**z
    y = (0.5 - math.asinh(math.tan(math.radians(lat))) / math.tau) * 2**z
    return int(x), int(y), x % 1 * 512, y % 1 * 512


def colour_at(client: FlaskClient, lon: float, lat: float, z: int) -> tuple[int, ...]:
    x, y, across, down = position(lon, lat, z)
    answer = client.get(f"/pictures/{z}/{x}/{y}.webp")
    assert answer.status_code == 200
    assert answer.content_type == "image/webp"
    picture = Image.open(io.BytesIO(answer.data)).convert("RGBA")
    assert picture.size == (512, 512)
    return picture.getpixel((across, down))  # type: ignore[return-value]


def is_near(found: tuple[int, ...], wanted: tuple[int, int, int]) -> bool:
    return found[3] == 255 and all(abs(a - b) < 40 for a, b in zip(found, wanted, strict=False))


@pytest.mark.parametrize("z", [10, 11, 12, 13])
def test_the_newest_thumbnail_of_a_cell_is_drawn_where_it_lies(
    app: APIFlask, place: tuple[float, float], z: int
) -> None:
    client, (lon, lat) = app.test_client(), place
    quarter = CELL_EDGE_DEG / 4
    assert is_near(colour_at(client, lon, lat + quarter, z), GREEN)
    assert is_near(colour_at(client, lon, lat - quarter, z), (30, 30, 200))
    east = lon + CELL_EDGE_DEG / math.cos(math.radians(lat))
    assert is_near(colour_at(client, east, lat + quarter, z), RED)
    assert colour_at(client, lon, lat + 3 * quarter, z)[3] == 0


def test_where_there_is_no_tile_the_picture_is_transparent(app: APIFlask, place: tuple[float, float]) -> None:
    assert colour_at(app.test_client(), place[0] + 40, place[1], 12)[3] == 0


def test_a_client_that_has_the_picture_gets_304(app: APIFlask, place: tuple[float, float]) -> None:
    x, y, _, _ = position(*place, 12)
    client = app.test_client()
    etag = client.get(f"/pictures/12/{x}/{y}.webp").headers["ETag"]
    assert client.get(f"/pictures/12/{x}/{y}.webp", headers={"If-None-Match": etag}).status_code == 304


@pytest.mark.parametrize("path", ["8/0/0", "14/0/0", "9/512/0", "9/0/512"])
def test_other_zooms_and_places_outside_the_world_do_not_exist(app: APIFlask, path: str) -> None:
    assert app.test_client().get(f"/pictures/{path}.webp").status_code == 404


def block_picture(client: FlaskClient, block_id: int) -> Image.Image:
    answer = client.get(f"/api/v1/blocks/{block_id}/thumbnail")
    assert (answer.status_code, answer.content_type) == (200, "image/webp")
    picture = Image.open(io.BytesIO(answer.data)).convert("RGBA")
    assert picture.size == (96, 96)
    return picture


def test_a_block_is_shown_with_what_lies_around_it_across_the_borders_of_tiles(
    app: APIFlask, database: Settings, place: tuple[float, float]
) -> None:
    with connect(database) as conn:
        (red,) = conn.execute(TILE_ID, {"row": ROW, "col": COL, "month": "2024-06-01"}).fetchone() or (0,)
        conn.execute("UPDATE terrakin.tile_thumbnails SET webp = %s WHERE tile_id = %s", (webp(GREEN), red))
    client = app.test_client()
    # The easternmost block of the middle row: its north is green, its south blue, and in the east lies the red tile.
    picture = block_picture(client, (red << 6) + 3 * 7 + 6)
    assert is_near(picture.getpixel((10, 10)), GREEN)  # type: ignore[arg-type]
    assert is_near(picture.getpixel((10, 90)), (30, 30, 200))  # type: ignore[arg-type]
    assert is_near(picture.getpixel((80, 10)), RED)  # type: ignore[arg-type]
    # The north-western block: nothing lies beyond its tile.
    corner = block_picture(client, red << 6)
    assert corner.getpixel((10, 40))[3] == corner.getpixel((40, 10))[3] == 0  # type: ignore[index]
    assert is_near(corner.getpixel((40, 40)), GREEN)  # type: ignore[arg-type]


@pytest.mark.parametrize("block_id", ["1", "281474976710655", "x"])
def test_a_block_without_a_picture_is_not_found(app: APIFlask, block_id: str) -> None:
    assert app.test_client().get(f"/api/v1/blocks/{block_id}/thumbnail").status_code in (404, 422)
