"""Tiles and blocks under ``/api/v1``, and pairs of them. Views run constant queries.

Searches for similar tiles and blocks are in webapp/api/search.py.
"""

from typing import Any

from apiflask import APIBlueprint
from flask import Response, request

from webapp import pictures
from webapp.api import caching
from webapp.api.models.tiles import (
    Block,
    BlockPairs,
    BlockPairsQuery,
    BlockPath,
    PairPercentiles,
    PairPercentilesQuery,
    Position,
    Similarity,
    Tile,
    TilePair,
    TilePath,
)
from webapp.database import Row, database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("tiles", __name__, url_prefix="/api/v1")
caching.install(blueprint)

TILE = """
    SELECT
        o.tile_id, o.city_id, o.city, o.country_code, o.country, o.continent,
        internal.period_text(o.period, o.is_date_known) AS period, o.is_date_known, o.valid_share, o.dominant_share,
        o.umap_x, o.umap_y, o.lon, o.lat, o.is_synthetic, o.licences, o.attributions, o.has_thumbnail,
        ST_AsGeoJSON(o.footprint)::json AS footprint,
        ST_AsGeoJSON(api.dominant_area(o.tile_id))::json AS dominant_area,
        ARRAY(SELECT b.block_id & 63 FROM unnest(internal.block_ids(o.tile_id)) AS b(block_id)) AS block_numbers
    FROM api.tile_overview AS o
    WHERE o.tile_id = coalesce(
        %(tile_id)s::bigint,
        (SELECT a.tile_id FROM api.tile_at(%(lon)s::double precision, %(lat)s::double precision) AS a)
    )
"""


@blueprint.get("/tiles/<tile_id>")
@blueprint.input(TilePath, location="path")
@blueprint.output(Tile)
def tile(tile_id: str, path_data: TilePath) -> Row:
    """Return a tile: its city, period, footprint, and the area of its dominant cluster."""
    row = database().row(TILE, {"tile_id": path_data.tile_id, "lon": None, "lat": None})
    if row is None:
        raise NotFoundError(f"tile {tile_id} does not exist; /api/v1/tile-at?lon=&lat= finds the tile at a position")
    return row


THUMBNAIL = "SELECT api.tile_thumbnail(%(tile_id)s::bigint) AS webp"
THUMBNAIL_MAX_AGE_S = 86_400
PICTURE: dict[int | str, Any] = {200: {"description": "WebP, 224 x 224 px, north up.", "content": {"image/webp": {}}}}


@blueprint.get("/tiles/<tile_id>/thumbnail")
@blueprint.input(TilePath, location="path")
@blueprint.doc(responses=PICTURE)
def thumbnail(tile_id: str, path_data: TilePath) -> Response:
    """Return the true-colour thumbnail of a tile."""
    row = database().row(THUMBNAIL, {"tile_id": path_data.tile_id}, binary=True) or {}
    if row["webp"] is None:
        raise NotFoundError(f"tile {tile_id} does not exist or has no thumbnail; run `terrakin etl run` to make them")
    return picture(row["webp"])


def picture(webp: bytes) -> Response:
    """Return a picture that clients keep for a day."""
    response = Response(webp, content_type="image/webp")
    response.headers["Cache-Control"] = f"public, max-age={THUMBNAIL_MAX_AGE_S}"
    response.add_etag()
    response.make_conditional(request)
    return response


NEAREST = """
    SELECT c.name, ST_Distance(c.location, p.point) AS distance_m
    FROM (SELECT ST_SetSRID(ST_MakePoint(%(lon)s, %(lat)s), 4326)::geography AS point) AS p
    CROSS JOIN terrakin.cities AS c
    WHERE EXISTS (SELECT FROM terrakin.tiles AS t WHERE t.city_id = c.city_id)
    ORDER BY c.location <-> p.point
    LIMIT 1
"""


def _nowhere(at: Position) -> str:
    """Return that there is no tile at a position, and which city with tiles is nearest."""
    nearest = database().row(NEAREST, {"lon": at.lon, "lat": at.lat})
    known = f"; nearest: {nearest['name']}, {nearest['distance_m'] / 1000:,.0f} km" if nearest else ""
    return f"no tile contains lon {at.lon}, lat {at.lat}{known}"


@blueprint.get("/tile-at")
@blueprint.input(Position, location="query")
@blueprint.output(Tile)
def tile_at(query_data: Position) -> Row:
    """Return the newest tile whose footprint contains a position."""
    row = database().row(TILE, {"tile_id": None, "lon": query_data.lon, "lat": query_data.lat})
    if row is None:
        raise NotFoundError(_nowhere(query_data))
    return row


BLOCK = """
    SELECT
        b.block_id, b.tile_id, c."row", c.col, b.city_id, b.city, b.country_code, b.country, b.continent,
        internal.period_text(b.period, b.is_date_known) AS period, b.is_date_known, b.valid_share, b.lon, b.lat,
        b.is_synthetic, b.licences, b.attributions, t.has_thumbnail,
        ST_AsGeoJSON(b.footprint)::json AS footprint, ST_AsGeoJSON(t.footprint)::json AS tile_footprint
    FROM api.block_overview AS b
    -- Not joined by b.tile_id: the planner expects many blocks, and would read every tile.
    JOIN api.tile_overview AS t ON t.tile_id = %(block_id)s::bigint >> 6
    CROSS JOIN LATERAL api.block_cell(b.block_id) AS c
    WHERE b.block_id = %(block_id)s::bigint
"""
BLOCK_AT = """
    SELECT t.tile_id, b.block_id
    FROM api.tile_at(%(lon)s::double precision, %(lat)s::double precision) AS t
    LEFT JOIN api.block_at(%(lon)s::double precision, %(lat)s::double precision) AS b ON b.tile_id = t.tile_id
"""


@blueprint.get("/blocks/<block_id>")
@blueprint.input(BlockPath, location="path")
@blueprint.output(Block)
def block(block_id: str, path_data: BlockPath) -> Row:
    """Return a block: its tile, city, period and footprint."""
    row = database().row(BLOCK, {"block_id": path_data.block_id})
    if row is None:
        raise NotFoundError(
            f"block {block_id} does not exist; /api/v1/block-at?lon=&lat= finds the block at a position"
        )
    return row


BLOCK_PICTURE: dict[int | str, Any] = {
    200: {"description": "WebP, 96 x 96 px (960 m), north up, the block in the middle.", "content": {"image/webp": {}}}
}


@blueprint.get("/blocks/<block_id>/thumbnail")
@blueprint.input(BlockPath, location="path")
@blueprint.doc(responses=BLOCK_PICTURE)
def block_thumbnail(block_id: str, path_data: BlockPath) -> Response:
    """Return the true-colour picture of a block and its surroundings, across the borders of its tile."""
    rows = database().rows(pictures.BLOCK_PICTURES, {"block_id": path_data.block_id}, binary=True)
    if not rows:
        raise NotFoundError(f"the tile of block {block_id} does not exist or has no thumbnail")
    return picture(pictures.draw_block(rows))


@blueprint.get("/block-at")
@blueprint.input(Position, location="query")
@blueprint.output(Block)
def block_at(query_data: Position) -> Row:
    """Return the block that contains a position, of the newest tile there."""
    at, place = database().row(BLOCK_AT, query_data.model_dump()), f"lon {query_data.lon}, lat {query_data.lat}"
    if at is None:
        raise NotFoundError(f"no tile contains {place}; only cities have tiles")
    row = database().row(BLOCK, at)
    if row is None:
        raise NotFoundError(
            f"tile {at['tile_id']} has no block at {place}; search by tile, "
            "or run `terrakin etl run` to make the blocks (a block needs clear pixels in 75 % of its area)"
        )
    return row


SIMILARITY = """
    SELECT
        coalesce(%(method)s, internal.default_method()) AS method,
        api.similarity(a.tile_id, b.tile_id, %(method)s) AS similarity,
        ST_Distance(a.location, b.location) AS distance_m
    FROM terrakin.tiles AS a
    JOIN terrakin.tiles AS b ON b.tile_id = %(b)s::bigint
    WHERE a.tile_id = %(a)s::bigint
"""


@blueprint.get("/similarity")
@blueprint.input(TilePair, location="query")
@blueprint.output(Similarity)
def similarity(query_data: TilePair) -> Row:
    """Return the similarity of two tiles and the distance between them."""
    arguments = query_data.model_dump()
    row = database().row(SIMILARITY, arguments)
    if row is None:
        raise NotFoundError(f"tile {query_data.a} or tile {query_data.b} does not exist")
    return {**arguments, **row}


PAIR_PERCENTILES = """
    SELECT coalesce(array_agg(p.similarity ORDER BY p.percentile), '{}') AS similarities
    FROM api.pair_percentiles(%(unit)s, %(method)s, %(origin)s) AS p
"""


@blueprint.get("/pair-percentiles")
@blueprint.input(PairPercentilesQuery, location="query")
@blueprint.output(PairPercentiles)
def pair_percentiles(query_data: PairPercentilesQuery) -> Row:
    """Return how similar pairs of tiles or blocks are: what a similarity means."""
    arguments = query_data.model_dump()
    return {**arguments, **(database().row(PAIR_PERCENTILES, arguments) or {})}


MATCHING_BLOCKS = """
    SELECT m.rank, m.a_block_id, m.b_block_id, m.similarity
    FROM api.matching_blocks(%(a)s::bigint, %(b)s::bigint, %(k)s::integer) AS m
"""


@blueprint.get("/matching-blocks")
@blueprint.input(BlockPairsQuery, location="query")
@blueprint.output(BlockPairs)
def matching_blocks(query_data: BlockPairsQuery) -> Row:
    """Return the pairs of blocks that make two tiles similar, best first."""
    arguments = query_data.model_dump()
    return {**arguments, "pairs": database().rows(MATCHING_BLOCKS, arguments)}
