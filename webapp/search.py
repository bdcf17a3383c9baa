"""The searches for similar tiles, ``/api/v1/similar...``: each question as JSON to ``api.search_tiles``."""

from apiflask import APIBlueprint
from psycopg.types.json import Jsonb

from webapp.database import Row, database
from webapp.search_models import (
    Filters,
    LikeAreaBody,
    LikeExamplesBody,
    LikePosition,
    LikePositionBody,
    LikeTile,
    LikeTileBody,
    SimilarTiles,
)

blueprint = APIBlueprint("search", __name__, url_prefix="/api/v1")

SEARCH = """
    SELECT
        s.rank, s.tile_id, s.city_id, s.city, s.country_code, s.country, s.similarity, s.distance_m, s.found_by,
        s.candidates, s.lon, s.lat, s.is_synthetic, s.has_thumbnail, ST_AsGeoJSON(s.footprint)::json AS footprint
    FROM api.search_tiles(%(query)s) AS s
"""


@blueprint.get("/similar")
@blueprint.input(LikeTile, location="query")
@blueprint.output(SimilarTiles)
def similar(query_data: LikeTile) -> Row:
    """The tiles that look most like one tile, best first."""
    return _answer(query_data)


@blueprint.post("/similar")
@blueprint.input(LikeTileBody)
@blueprint.output(SimilarTiles)
def post_similar(json_data: LikeTileBody) -> Row:
    """The tiles that look most like one tile, best first."""
    return _answer(json_data)


@blueprint.get("/similar-at")
@blueprint.input(LikePosition, location="query")
@blueprint.output(SimilarTiles)
def similar_at(query_data: LikePosition) -> Row:
    """The tiles that look most like the one at a position."""
    return _answer(query_data)


@blueprint.post("/similar-at")
@blueprint.input(LikePositionBody)
@blueprint.output(SimilarTiles)
def post_similar_at(json_data: LikePositionBody) -> Row:
    """The tiles that look most like the one at a position."""
    return _answer(json_data)


@blueprint.post("/similar-to-examples")
@blueprint.input(LikeExamplesBody)
@blueprint.output(SimilarTiles)
def similar_to_examples(json_data: LikeExamplesBody) -> Row:
    """More like these, less like those."""
    return _answer(json_data)


@blueprint.post("/similar-to-area")
@blueprint.input(LikeAreaBody)
@blueprint.output(SimilarTiles)
def similar_to_area(json_data: LikeAreaBody) -> Row:
    """The tiles that look most like a drawn area as a whole."""
    return _answer(json_data)


def _answer(asked: Filters) -> Row:
    query = {"kind": asked.kind, **asked.model_dump()}
    tiles = database().rows(SEARCH, {"query": Jsonb(query)})
    return {"query": query, "tile_id": query.get("tile_id"), "method": asked.method, "tiles": tiles}
