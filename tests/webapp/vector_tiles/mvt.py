"""Decode vector tiles and convert between degrees and tile coordinates."""

from typing import Any

import mapbox_vector_tile
from flask.testing import FlaskClient
from pyproj import Transformer

from tests.builders.towns import N_SIDE, Town, TownDatabase

EXTENT = 4096
HALF_WORLD_M = 20037508.342789244
TO_MERCATOR = Transformer.from_crs(4326, 3857, always_xy=True)
TO_LONLAT = Transformer.from_crs(3857, 4326, always_xy=True)


def decoded(client: FlaskClient, path: str) -> dict[str, Any]:
    """Return the layers of a tile by name; empty if the tile is."""
    response = client.get(f"/tiles/{path}")
    assert response.status_code in (200, 204), response.data
    if response.status_code == 204:
        return {}
    assert response.content_type == "application/x-protobuf"
    return mapbox_vector_tile.decode(response.data, default_options={"y_coord_down": True})


def features(layers: dict[str, Any], layer: str) -> list[dict[str, Any]]:
    """Return the features of a layer; none if the tile does not have it."""
    found: list[dict[str, Any]] = layers.get(layer, {"features": []})["features"]
    return found


def tile_at(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return x and y of the vector tile that contains a position."""
    x, y = TO_MERCATOR.transform(lon, lat)
    width = 2 * HALF_WORLD_M / 2**z
    return int((x + HALF_WORLD_M) / width), int((HALF_WORLD_M - y) / width)


def lonlat(pixel: tuple[float, float], z: int, x: int, y: int) -> tuple[float, float]:
    """Return the position in degrees of a pixel of a tile, counted from its upper left corner."""
    width = 2 * HALF_WORLD_M / 2**z
    return TO_LONLAT.transform(
        -HALF_WORLD_M + (x + pixel[0] / EXTENT) * width, HALF_WORLD_M - (y + pixel[1] / EXTENT) * width
    )


def tile_of_town(client: FlaskClient, towns: TownDatabase, town: Town, z: int) -> tuple[int, int, int]:
    """Return z, x and y of the vector tile that contains the centre of a town."""
    middle = towns.tiles[town.city_id][N_SIDE * N_SIDE // 2][0]
    tile = client.get(f"/api/v1/tiles/{middle}").get_json()
    return (z, *tile_at(tile["lon"], tile["lat"], z))
