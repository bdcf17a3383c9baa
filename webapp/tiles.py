"""Vector tiles over HTTP with Martin's contract, in front of the SQL functions of schema ``tiles``.

Martin, an external service, calls the same functions; the front end does not know which one answers.
"""

import json
from typing import Any, LiteralString

from apiflask import APIBlueprint
from flask import Response, request

from webapp.database import Row, database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("tiles", __name__, url_prefix="/tiles", enable_openapi=False)

MVT = "application/x-protobuf"
CACHE_CONTROL = "public, max-age=60, must-revalidate"

# The function's own comment says which zooms exist. It is read in the same statement, so that a changed function is
# served at once. Outside them, or outside the world, where ST_TileEnvelope would fail, it is asked for tile NULL.
TILE: LiteralString = """
    SELECT s.is_there, g.mvt, g.etag
    FROM (
        SELECT
            %(z)s BETWEEN (c.tilejson ->> 'minzoom')::integer AND (c.tilejson ->> 'maxzoom')::integer
            AND greatest(%(x)s, %(y)s) < 2 ^ %(z)s AS is_there
        FROM (
            SELECT
                obj_description('tiles.SOURCE(integer,integer,integer,json)'::regprocedure, 'pg_proc')::json AS tilejson
        ) AS c
    ) AS s
    CROSS JOIN LATERAL tiles.SOURCE(
        CASE WHEN s.is_there THEN %(z)s::integer END, %(x)s::integer, %(y)s::integer, %(query)s::json
    ) AS g
"""
TILEJSON: LiteralString = """
    SELECT obj_description('tiles.SOURCE(integer,integer,integer,json)'::regprocedure, 'pg_proc')::json AS tilejson
"""
SOURCES: tuple[LiteralString, ...] = ("grid", "similarity", "umap")
TILE_SQL: dict[str, LiteralString] = {source: TILE.replace("SOURCE", source) for source in SOURCES}
TILEJSON_SQL: dict[str, LiteralString] = {source: TILEJSON.replace("SOURCE", source) for source in SOURCES}


@blueprint.get("/<source>/<int(max=30):z>/<int(max=1073741823):x>/<int(max=1073741823):y>")
def tile(source: str, z: int, x: int, y: int) -> Response:
    """One tile: 200 with MVT, 204 where it is empty, 304 where the client has it, 404 where none can be."""
    found = database().row(_sql_of(TILE_SQL, source), {"z": z, "x": x, "y": y, "query": json.dumps(_query())})
    if found is None or not found["is_there"]:
        raise NotFoundError(f"tile {z}/{x}/{y} of source {source} does not exist; /tiles/{source} says which zooms do")
    response = Response(found["mvt"], 200 if found["mvt"] else 204, content_type=MVT)
    response.headers["Cache-Control"] = CACHE_CONTROL
    if found["mvt"]:
        response.set_etag(found["etag"])
        response.make_conditional(request)
    return response


@blueprint.get("/<source>")
def tilejson(source: str) -> Row:
    """TileJSON of a source: what its function's comment says, with the address of its tiles."""
    found = database().row(_sql_of(TILEJSON_SQL, source)) or {}
    query = f"?{request.query_string.decode()}" if request.query_string else ""
    address = f"{request.url_root}tiles/{source}/{{z}}/{{x}}/{{y}}{query}"
    return {"tilejson": "3.0.0", "name": source, "tiles": [address], **found["tilejson"]}


def _sql_of(table: dict[str, LiteralString], source: str) -> LiteralString:
    if source not in table:
        raise NotFoundError(f"there is no tile source {source!r}; sources are {', '.join(table)}")
    return table[source]


def _query() -> dict[str, Any]:
    """The query string as Martin hands it to a function: each value as JSON where it is JSON, else as text."""
    return {name: _json_or_text(value) for name, value in request.args.items()}


def _json_or_text(value: str) -> Any:
    try:
        return json.loads(value, parse_constant=_refuse_constant)
    except (ValueError, RecursionError):
        return value


def _refuse_constant(name: str) -> None:
    """NaN and Infinity are Python's, not JSON's; PostgreSQL refuses them."""
    raise ValueError(name)
