"""Pictures made of thumbnails: raster tiles for the map, all thumbnails of a map tile at once, and blocks."""

import io
from typing import LiteralString

import numpy as np
from apiflask import APIBlueprint
from flask import Response, request
from PIL import Image

from webapp.database import Row, database
from webapp.errors import NotFoundError
from webapp.vector_tiles.cache import tile_cache

blueprint = APIBlueprint("pictures", __name__, enable_openapi=False)

SIDE_PX = 512
MIN_ZOOM, MAX_ZOOM = 9, 13
"""At zoom 9 a thumbnail is 15 px wide at the equator, at zoom 13 it has 234 of its 224 px."""
CACHE_CONTROL = "public, max-age=600"
QUALITY = 80
THUMBNAIL_PX = 224
BLOCK_SIDE_PX = 96
"""960 m: the block and as much again on each side."""
BLOCK_PICTURES: LiteralString = (
    "SELECT p.webp, p.left_px, p.top_px FROM internal.block_pictures(%(block_id)s::bigint) AS p"
)
PICTURES: LiteralString = """
    SELECT p.webp, ST_AsGeoJSON(p.corners)::json -> 'coordinates' AS corners
    FROM internal.map_pictures(%(z)s::integer, %(x)s::integer, %(y)s::integer) AS p
"""


@blueprint.get("/pictures/<int:z>/<int:x>/<int:y>.webp")
def pictures(z: int, x: int, y: int) -> Response:
    """Return a map tile of thumbnails as WebP, transparent where there is none; 404 outside the zooms or the world."""
    if not (MIN_ZOOM <= z <= MAX_ZOOM and max(x, y) < 2**z):
        raise NotFoundError(f"there are no pictures {z}/{x}/{y}; zooms are {MIN_ZOOM} to {MAX_ZOOM}")

    def compute() -> Row:
        rows = database().rows(PICTURES, {"z": z, "x": x, "y": y})
        return {"webp": draw(rows)}

    webp: bytes = tile_cache().get(("pictures", z, x, y), compute)["webp"]
    response = Response(webp, content_type="image/webp")
    response.headers["Cache-Control"] = CACHE_CONTROL
    response.add_etag()
    response.make_conditional(request)
    return response


def draw_block(rows: list[Row]) -> bytes:
    """Return the surroundings of a block as WebP, BLOCK_SIDE_PX square, transparent where no thumbnail lies.

    Args:
        rows: ``webp``, ``left_px`` and ``top_px``: see internal.block_pictures.
    """
    canvas = Image.new("RGBA", (BLOCK_SIDE_PX, BLOCK_SIDE_PX))
    for row in rows:
        # Thumbnails that an older version made are smaller, until the next run replaces them.
        picture = Image.open(io.BytesIO(bytes(row["webp"]))).convert("RGBA").resize((THUMBNAIL_PX, THUMBNAIL_PX))
        canvas.paste(picture, (row["left_px"], row["top_px"]))
    return _webp(canvas)


def draw(rows: list[Row]) -> bytes:
    """Return a map tile as WebP, SIDE_PX x SIDE_PX px, transparent where no thumbnail lies.

    Args:
        rows: ``webp``, a picture, and ``corners``, where three of its corners lie: see internal.map_pictures.
    """
    canvas = Image.new("RGBA", (SIDE_PX, SIDE_PX))
    for row in rows:
        _paste(canvas, bytes(row["webp"]), SIDE_PX * np.array(row["corners"]))
    return _webp(canvas)


def _webp(picture: Image.Image) -> bytes:
    file = io.BytesIO()
    picture.save(file, "WEBP", quality=QUALITY, method=2)
    return file.getvalue()


def _paste(canvas: Image.Image, webp: bytes, corners: np.ndarray) -> None:
    """Draw a picture where its corners (3, 2) lie; over 2 km the projections differ by a turn and a scale alone."""
    picture = Image.open(io.BytesIO(webp)).convert("RGBA")
    north_west, across, down = corners[0], corners[1] - corners[0], corners[2] - corners[0]
    shrink = int(picture.width / max(np.hypot(*across), 1))
    if shrink > 1:
        picture = picture.reduce(shrink)
    outline = np.vstack([corners, north_west + across + down])
    left, top = np.maximum(np.floor(outline.min(axis=0)), 0).astype(int)
    right, bottom = np.minimum(np.ceil(outline.max(axis=0)), SIDE_PX).astype(int)
    if left >= right or top >= bottom:
        return
    # From a pixel of the canvas to one of the picture.
    turn = np.diag(picture.size) @ np.linalg.inv(np.column_stack([across, down]))
    affine = np.column_stack([turn, turn @ ((left, top) - north_west)])
    piece = picture.transform(
        (right - left, bottom - top), Image.Transform.AFFINE, affine.ravel().tolist(), Image.Resampling.BILINEAR
    )
    canvas.alpha_composite(piece, (left, top))
