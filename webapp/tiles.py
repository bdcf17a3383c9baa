"""Vector tiles over HTTP with Martin's contract, in front of the SQL functions of schema ``tiles``.

Martin, an external service, calls the same functions; the front end does not know which one answers.
"""

import hashlib
import json
from typing import Any, LiteralString

from apiflask import APIBlueprint
from flask import Response, request

from webapp.database import Row, database
from webapp.errors import NotFoundError
from webapp.tile_cache import tile_cache

blueprint = APIBlueprint("tiles", __name__, url_prefix="/tiles", enable_openapi=False)

MVT = "application/x-protobuf"
CACHE_CONTROL = "public, max-age=60, must-revalidate"

TILE: LiteralString = """
    SELECT g.mvt, g.etag
    FROM tiles.SOURCE(%(z)s::integer, %(x)s::integer, %(y)s::integer, %(query)s::json) AS g
"""
TILEJSON: LiteralString = """
    SELECT obj_description('tiles.SOURCE(integer,integer,integer,json)'::regprocedure, 'pg_proc')::json AS tilejson
"""
SOURCES: tuple[LiteralString, ...] = ("grid", "similarity", "umap")
TILE_SQL: dict[str, LiteralString] = {source: TILE.replace("SOURCE", source) for source in SOURCES}
TILEJSON_SQL: dict[str, LiteralString] = {source: TILEJSON.replace("SOURCE", source) for source in SOURCES}
ANSWERS_A_QUESTION = frozenset({"similarity"})
"""Nobody asks the same twice: not kept in memory."""
TILEJSON_VERSION = "3.0.0"


@blueprint.get("/<names>/<int:z>/<int:x>/<int:y>")
def tile(names: str, z: int, x: int, y: int) -> Response:
    """One tile: 200 with MVT, 204 where it is empty, 304 where the client has it, 404 where none can be.

    ``names`` may be several sources, with commas: MVT put one behind the other is one tile with all layers.
    """
    here = [source for source in _sources(names) if _is_there(source, z, x, y)]
    if not here:
        raise NotFoundError(f"tile {z}/{x}/{y} of source {names} does not exist; /tiles/{names} says which zooms do")
    found = [_tile(source, z, x, y) for source in here]
    mvt = b"".join(row["mvt"] or b"" for row in found)
    response = Response(mvt, 200 if mvt else 204, content_type=MVT)
    response.headers["Cache-Control"] = CACHE_CONTROL
    if mvt:
        response.set_etag(found[0]["etag"] if len(found) == 1 else _etag_of_all(found))
        response.make_conditional(request)
    return response


@blueprint.get("/<names>")
def tilejson(names: str) -> Row:
    """TileJSON of a source: what its function's comment says, with its address. Of several: of all together."""
    said = [_tilejson(source) for source in _sources(names)]
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    address = f"{request.url_root}tiles/{names}/{{z}}/{{x}}/{{y}}{query}"
    together = said[0] if len(said) == 1 else _together(said)
    return {"tilejson": TILEJSON_VERSION, "name": names, "tiles": [address], **together}


@blueprint.get("/catalog")
def catalog() -> Row:
    """All sources, in the form of Martin's catalogue."""
    texts = {source: _tilejson(source) for source in SOURCES}
    tiles = {
        source: {"content_type": MVT, "description": said["description"], "attribution": said["attribution"]}
        for source, said in texts.items()
    }
    return {"tiles": tiles, "sprites": {}, "fonts": {}, "styles": {}}


@blueprint.after_request
def _allow_every_origin(response: Response) -> Response:
    """As Martin does: the tiles are the same for everybody, and no cookie is read."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _sources(names: str) -> list[str]:
    sources = list(dict.fromkeys(names.split(",")))
    for source in sources:
        if source not in SOURCES:
            raise NotFoundError(f"there is no tile source {source!r}; sources are {', '.join(SOURCES)}")
    return sources


def _is_there(source: str, z: int, x: int, y: int) -> bool:
    """Whether a source has this zoom, by its function's comment, and the world this tile."""
    said = _tilejson(source)
    return bool(said["minzoom"] <= z <= said["maxzoom"] and max(x, y) < 2**z)


def _tilejson(source: str) -> dict[str, Any]:
    row = tile_cache().get(source, lambda: database().row(TILEJSON_SQL[source]) or {})
    said: dict[str, Any] = row["tilejson"]
    return said


def _tile(source: str, z: int, x: int, y: int) -> Row:
    query = json.dumps(_query())

    def compute() -> Row:
        place = {"z": z, "x": x, "y": y, "query": query}
        return database().row(TILE_SQL[source], place, binary=True) or {"mvt": None}

    return compute() if source in ANSWERS_A_QUESTION else tile_cache().get((source, z, x, y, query), compute)


def _etag_of_all(rows: list[Row]) -> str:
    return hashlib.md5("".join(row["etag"] or "" for row in rows).encode(), usedforsecurity=False).hexdigest()


def _together(said: list[dict[str, Any]]) -> dict[str, Any]:
    boxes = [one["bounds"] for one in said]
    return {
        "description": "\n".join(one["description"] for one in said),
        "attribution": "\n".join(dict.fromkeys(one["attribution"] for one in said)),
        "minzoom": min(one["minzoom"] for one in said),
        "maxzoom": max(one["maxzoom"] for one in said),
        "bounds": [*(min(box[i] for box in boxes) for i in (0, 1)), *(max(box[i] for box in boxes) for i in (2, 3))],
        "vector_layers": [layer for one in said for layer in one["vector_layers"]],
    }


def _query() -> dict[str, Any]:
    """The query string as Martin hands it to a function: each value as JSON where it is JSON, else as text."""
    return {name: _json_or_text(value) for name, value in request.args.items()}


def _json_or_text(value: str) -> Any:
    try:
        return _JSON.decode(value)
    except (ValueError, RecursionError):
        return value


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's; PostgreSQL refuses them."""
    raise ValueError(name)


_JSON = json.JSONDecoder(parse_constant=_refuse_constant)
