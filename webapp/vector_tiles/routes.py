"""The routes under /tiles: each calls a SQL function of schema ``tiles``.

Martin, an external tile server, calls the same functions; clients cannot tell the two apart (docs/vector-tiles.md).
"""

import hashlib
import json
from typing import Any, LiteralString

from apiflask import APIBlueprint
from flask import Response, request

from webapp.database import Row, database
from webapp.errors import NotFoundError
from webapp.vector_tiles.cache import tile_cache

blueprint = APIBlueprint("vector_tiles", __name__, url_prefix="/tiles", enable_openapi=False)

MVT = "application/x-protobuf"
CACHE_CONTROL = "public, max-age=60, must-revalidate"

TILE: LiteralString = """
    SELECT g.mvt, g.etag
    FROM tiles.SOURCE(%(z)s::integer, %(x)s::integer, %(y)s::integer, %(query)s::json) AS g
"""
TILEJSON: LiteralString = """
    SELECT obj_description('tiles.SOURCE(integer,integer,integer,json)'::regprocedure, 'pg_proc')::json AS tilejson
"""
REQUIRE: LiteralString = """
    SELECT FROM internal.anchor_of_items(
        internal.map_ids(%(positive)s), internal.map_ids(%(negative)s), 0, %(unit)s,
        coalesce(%(method)s, internal.default_method(%(unit)s))
    )
"""
"""Raises SQLSTATE P0002 for an unknown tile, block or item, for which tiles.similarity returns an empty tile."""
REQUIRE_CONCEPT: LiteralString = "SELECT FROM internal.concept(%(concept)s)"
SOURCES: tuple[LiteralString, ...] = ("change", "grid", "similarity", "umap")
TILE_SQL: dict[str, LiteralString] = {source: TILE.replace("SOURCE", source) for source in SOURCES}
TILEJSON_SQL: dict[str, LiteralString] = {source: TILEJSON.replace("SOURCE", source) for source in SOURCES}
UNCACHED = frozenset({"similarity"})
"""Sources that are not kept in memory: hardly any two requests are the same."""
TILEJSON_VERSION = "3.0.0"


@blueprint.get("/<names>/<int:z>/<int:x>/<int:y>")
@blueprint.get("/<names>/<int:z>/<int:x>/<int:y>.pbf")
@blueprint.get("/<names>/<int:z>/<int:x>/<int:y>.mvt")
def tile(names: str, z: int, x: int, y: int) -> Response:
    """Return a tile: 200 with MVT, 204 if it is empty, 304 if the client has it, 404 outside the zooms or the world.

    ``names`` may list several sources, separated by commas: concatenated MVTs form one tile with all layers.
    """
    available = [source for source in _sources(names) if _has_tile(source, z, x, y)]
    if not available:
        raise NotFoundError(f"tile {z}/{x}/{y} of source {names} does not exist; /tiles/{names} lists the zooms")
    found = [_tile(source, z, x, y) for source in available]
    mvt = b"".join(row["mvt"] or b"" for row in found)
    response = Response(mvt, 200 if mvt else 204, content_type=MVT)
    response.headers["Cache-Control"] = CACHE_CONTROL
    if mvt:
        response.set_etag(found[0]["etag"] if len(found) == 1 else _combined_etag(found))
        response.make_conditional(request)
    return response


@blueprint.get("/<names>")
def tilejson(names: str) -> Row:
    """Return the TileJSON of one or more sources: the comments of their functions, with the address of the tiles."""
    comments = [_tilejson(source) for source in _sources(names)]
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    address = f"{request.url_root}tiles/{names}/{{z}}/{{x}}/{{y}}{query}"
    merged = comments[0] if len(comments) == 1 else _merged(comments)
    return {"tilejson": TILEJSON_VERSION, "name": names, "tiles": [address], **merged}


@blueprint.get("/catalog")
def catalog() -> Row:
    """Return all sources, in the format of Martin's catalogue."""
    comments = {source: _tilejson(source) for source in SOURCES}
    tiles = {
        source: {"content_type": MVT, "description": comment["description"], "attribution": comment["attribution"]}
        for source, comment in comments.items()
    }
    return {"tiles": tiles, "sprites": {}, "fonts": {}, "styles": {}}


@blueprint.after_request
def _allow_every_origin(response: Response) -> Response:
    """Allow every origin, as Martin does: tiles are public and no cookie is read."""
    response.headers["Access-Control-Allow-Origin"] = "*"
    return response


def _sources(names: str) -> list[str]:
    sources = list(dict.fromkeys(names.split(",")))
    for source in sources:
        if source not in SOURCES:
            raise NotFoundError(f"tile source {source!r} does not exist; choose from {', '.join(SOURCES)}")
    return sources


def _has_tile(source: str, z: int, x: int, y: int) -> bool:
    """Return whether the source has this zoom and the world this tile."""
    comment = _tilejson(source)
    return bool(comment["minzoom"] <= z <= comment["maxzoom"] and max(x, y) < 2**z)


def _tilejson(source: str) -> dict[str, Any]:
    """Return the comment of a source's function, which is TileJSON."""
    row = tile_cache().get(source, lambda: database().row(TILEJSON_SQL[source]) or {})
    comment: dict[str, Any] = row["tilejson"]
    return comment


def _tile(source: str, z: int, x: int, y: int) -> Row:
    asked = _query()
    query = json.dumps(asked)

    def compute() -> Row:
        parameters = {"z": z, "x": x, "y": y, "query": query}
        row = database().row(TILE_SQL[source], parameters, binary=True) or {"mvt": None}
        if row["mvt"] is None and source == "similarity":
            _require_items(asked)
        return row

    return compute() if source in UNCACHED else tile_cache().get((source, z, x, y, query), compute)


def _require_items(query: dict[str, Any]) -> None:
    """Let PostgreSQL refuse an unknown tile, block, item or concept: status 404. A key may be of any question."""
    if query.get("key") is not None:
        return
    if query.get("concept") is not None:
        database().row(REQUIRE_CONCEPT, query)
        return
    unit = "block" if query.get("block_id") is not None else query.get("unit", "tile")
    positive = next(query[name] for name in ("tile_id", "block_id", "positive") if query.get(name) is not None)
    negative = query.get("negative", "")
    database().row(
        REQUIRE, {"positive": str(positive), "negative": str(negative), "unit": unit, "method": query.get("method")}
    )


def _combined_etag(rows: list[Row]) -> str:
    return hashlib.md5("".join(row["etag"] or "" for row in rows).encode(), usedforsecurity=False).hexdigest()


def _merged(comments: list[dict[str, Any]]) -> dict[str, Any]:
    boxes = [comment["bounds"] for comment in comments]
    return {
        "description": "\n".join(comment["description"] for comment in comments),
        "attribution": "\n".join(dict.fromkeys(comment["attribution"] for comment in comments)),
        "minzoom": min(comment["minzoom"] for comment in comments),
        "maxzoom": max(comment["maxzoom"] for comment in comments),
        "bounds": [*(min(box[i] for box in boxes) for i in (0, 1)), *(max(box[i] for box in boxes) for i in (2, 3))],
        "vector_layers": [layer for comment in comments for layer in comment["vector_layers"]],
    }


def _query() -> dict[str, Any]:
    """Return the query string as Martin passes it to a function: each value parsed as JSON, or else as text."""
    return {name: _json_or_text(value) for name, value in request.args.items()}


def _json_or_text(value: str) -> Any:
    try:
        return _JSON.decode(value)
    except (ValueError, RecursionError):
        return value


def _reject_constant(name: str) -> None:
    """Reject NaN and Infinity: Python's JSON parser accepts them, PostgreSQL's does not."""
    raise ValueError(name)


_JSON = json.JSONDecoder(parse_constant=_reject_constant)
