"""The UMAP layout, ``/api/v1/umap...``: what a scatter plot of all tiles needs, its columns as little-endian binary.

PostgreSQL packs columns in network byte order (``int8send``); here they only get the contract's byte order and type.
"""

from typing import Any, LiteralString

import numpy as np
from apiflask import APIBlueprint
from flask import Response

from webapp import caching
from webapp.database import Row, database
from webapp.errors import NotFoundError
from webapp.models import Layout, LikenessQuery

blueprint = APIBlueprint("umap", __name__, url_prefix="/api/v1/umap")
caching.install(blueprint)

NO_LAYOUT = "there is no layout yet; `terrakin etl layout` makes it"
BINARY = "application/octet-stream"
COLUMNS: dict[int | str, Any] = {200: {"description": "Little-endian columns.", "content": {BINARY: {}}}}

LAYOUT = """
    SELECT
        u.layout_version, u.method, u.parameters, u.n_tiles, u.bounds,
        (
            SELECT json_agg(json_build_object(
                'city_id', c.city_id, 'city', c.city, 'country_code', c.country_code, 'country', c.country,
                'continent', c.continent
            ) ORDER BY i.number)
            FROM unnest(u.city_ids) WITH ORDINALITY AS i(city_id, number)
            JOIN api.city_overview AS c ON c.city_id = i.city_id
        ) AS cities
    FROM api.umap_layout() AS u
"""


@blueprint.get("")
@blueprint.output(Layout)
def layout() -> Row:
    """How the layout was made, its bounds, and the cities that its points refer to."""
    return _found(database().row(LAYOUT))


POINTS = """
    SELECT
        (SELECT u.layout_version FROM api.umap_layout() AS u) AS layout_version,
        string_agg(int8send(p.tile_id), '') AS tile_ids,
        string_agg(int4send(p.x), '') AS xs,
        string_agg(int4send(p.y), '') AS ys,
        string_agg(int4send(p.city_index), '') AS city_indexes
    FROM (SELECT u.* FROM api.umap_points() AS u ORDER BY u.tile_id) AS p
    HAVING count(*) > 0
"""


@blueprint.get("/points")
@blueprint.doc(responses=COLUMNS)
def points() -> Response:
    """All points, ascending by tile_id, as little-endian columns.

    uint32 n, uint32 layout_version, float64 tile_id[n], uint16 x[n], uint16 y[n] (0 to 65535 over the bounds of
    /umap), uint16 city_index[n] (into the cities of /umap; 65535: none).
    """
    found = _found(database().row(POINTS, binary=True))
    tile_ids = _column(found["tile_ids"], ">i8", "<f8")
    columns = [_column(found[name], ">i4", "<u2") for name in ("xs", "ys", "city_indexes")]
    return _binary(found["layout_version"], [tile_ids, *columns])


LIKENESS = """
    SELECT
        (SELECT u.layout_version FROM api.umap_layout() AS u) AS layout_version,
        string_agg(
            int4send(round((greatest(least(coalesce(s.similarity, -1), 1), -1) + 1) / 2 * 65535)::integer),
            '' ORDER BY s.tile_id
        ) AS similarities
    FROM api.similarities(%(tile_id)s::bigint, %(method)s) AS s
    JOIN terrakin.tiles AS t ON t.tile_id = s.tile_id AND t.umap_x IS NOT NULL AND t.umap_y IS NOT NULL
    HAVING count(*) > 0
"""


@blueprint.get("/similarity")
@blueprint.input(LikenessQuery, location="query")
@blueprint.doc(responses=COLUMNS)
def similarity(query_data: LikenessQuery) -> Response:
    """How alike every tile of the layout is to one, in the order of /umap/points, little-endian.

    uint32 n, uint32 layout_version, uint16 s[n]: similarity (cosine) = s / 65535 * 2 - 1; 0 also where a tile has no
    such vector.
    """
    found = _found(database().row(LIKENESS, query_data.model_dump(), binary=True))
    return _binary(found["layout_version"], [_column(found["similarities"], ">i4", "<u2")])


def _found(row: Row | None) -> Row:
    if row is None:
        raise NotFoundError(NO_LAYOUT)
    return row


def _column(packed: bytes, stored: LiteralString, wanted: LiteralString) -> np.ndarray:
    return np.frombuffer(packed, stored).astype(wanted)


def _binary(layout_version: int, columns: list[np.ndarray]) -> Response:
    header = np.array([len(columns[0]), layout_version], "<u4")
    return Response(b"".join(column.tobytes() for column in (header, *columns)), content_type=BINARY)
