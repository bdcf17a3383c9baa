"""What other sites show of a permalink: its title, a description and a picture of the place with its best matches."""

import io
import re
from dataclasses import dataclass
from typing import LiteralString

import psycopg
from apiflask import APIBlueprint
from flask import Response, render_template_string, request, url_for
from PIL import Image
from werkzeug.datastructures import MultiDict

from db.errors import ConnectError
from webapp.database import database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("sharing", __name__, enable_openapi=False)

SIZE_PX = (1200, 630)
"""The size that the Open Graph protocol's users recommend."""
BACKGROUND = "#f7f5ef"
GAP_PX, LARGE_PX, SMALL_PX = 8, 448, 220
COLUMNS, N_MATCHES = 3, 6
MAX_AGE_S = 86_400
MAX_TILE_ID = 2**63 - 1
PLACE: LiteralString = """
    SELECT o.city, o.country, o.is_synthetic, o.has_thumbnail
    FROM api.tile_overview AS o
    WHERE o.tile_id = %(tile_id)s::bigint
"""
PICTURES: LiteralString = """
    SELECT api.tile_thumbnail(p.tile_id) AS webp
    FROM (
        SELECT 0 AS rank, %(tile_id)s::bigint AS tile_id
        UNION ALL
        SELECT s.rank, s.tile_id FROM api.similar_tiles(%(tile_id)s::bigint, k => %(n)s::integer) AS s
    ) AS p
    ORDER BY p.rank
"""
TITLE = re.compile(r"<title>.*?</title>", re.DOTALL)
HEAD = """<title>{{ title }}</title>
    <meta property="og:type" content="website" />
    <meta property="og:site_name" content="terrakin" />
    <meta property="og:title" content="{{ title }}" />
    <meta property="og:description" content="{{ description }}" />
    {% if picture %}<meta property="og:image" content="{{ picture }}" />
    <meta property="og:image:width" content="{{ size[0] }}" />
    <meta property="og:image:height" content="{{ size[1] }}" />
    <meta name="twitter:card" content="summary_large_image" />{% endif %}"""


@dataclass(frozen=True)
class Shared:
    """What is said about an address; ``picture`` is an absolute address, None if the place has no picture."""

    title: str
    description: str
    picture: str | None


def describe(query: MultiDict[str, str]) -> Shared | None:
    """Return what to say about the place that the page's address names; None if it names none that exists."""
    tile_id = _tile_id(query)
    try:
        place = None if tile_id is None else database().row(PLACE, {"tile_id": tile_id})
    except (psycopg.Error, ConnectError):
        return None  # the page itself says what is wrong with the database
    if place is None:
        return None
    kind = "a synthetic town" if place["is_synthetic"] else place["country"]
    picture = url_for("sharing.picture", tile_id=tile_id, _external=True) if place["has_thumbnail"] else None
    return Shared(
        f"Places that look like {place['city']}",
        f"The places on Earth most like one in {place['city']} ({kind}), as Sentinel-2 sees them.",
        picture,
    )


def with_description(page: str, shared: Shared) -> str:
    """Return the page with the title, description and picture of a permalink in its head."""
    head = render_template_string(HEAD, **vars(shared), size=SIZE_PX)
    return TITLE.sub(lambda _: head, page, count=1)


@blueprint.get("/share/<int:tile_id>.jpg")
def picture(tile_id: int) -> Response:
    """Return a picture of a tile beside its six best matches, as JPEG."""
    found = tile_id <= MAX_TILE_ID and database().row(PLACE, {"tile_id": tile_id})
    if not found or not found["has_thumbnail"]:
        raise NotFoundError(f"tile {tile_id} does not exist or has no picture")
    rows = database().rows(PICTURES, {"tile_id": tile_id, "n": N_MATCHES})
    response = Response(draw([row["webp"] for row in rows]), content_type="image/jpeg")
    response.headers["Cache-Control"] = f"public, max-age={MAX_AGE_S}"
    response.add_etag()
    response.make_conditional(request)
    return response


def draw(pictures: list[bytes | None]) -> bytes:
    """Return the first picture beside the others, three in a row; None leaves its place empty."""
    canvas = Image.new("RGB", SIZE_PX, BACKGROUND)
    width = LARGE_PX + COLUMNS * (GAP_PX + SMALL_PX)
    left, top = (SIZE_PX[0] - width) // 2, (SIZE_PX[1] - LARGE_PX) // 2
    for number, webp in enumerate(pictures):
        if webp is None:
            continue
        row, column = divmod(number - 1, COLUMNS)
        side = SMALL_PX if number else LARGE_PX
        at = (left + LARGE_PX + GAP_PX + column * (GAP_PX + SMALL_PX), top + row * (GAP_PX + SMALL_PX))
        drawn = Image.open(io.BytesIO(bytes(webp))).convert("RGBA").resize((side, side), Image.Resampling.BICUBIC)
        canvas.paste(drawn, at if number else (left, top), drawn)
    file = io.BytesIO()
    canvas.save(file, "JPEG", quality=85)
    return file.getvalue()


def _tile_id(query: MultiDict[str, str]) -> int | None:
    """Return the tile that an address names, or that of its block."""
    tile_id, block_id = (query.get(name, "") for name in ("tile", "block"))
    text = tile_id or block_id
    if not (text.isascii() and text.isdigit()) or int(text) > MAX_TILE_ID:
        return None
    return int(text) if tile_id else int(text) >> 6
