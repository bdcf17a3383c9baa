"""The UMAP layout under ``/api/v1/umap``: data for a scatter plot of all tiles, as little-endian binary columns.

PostgreSQL packs each column in network byte order (``int8send``); this module converts byte order and type.
"""

from typing import Any, LiteralString

import numpy as np
from apiflask import APIBlueprint
from flask import Response
from pydantic import BaseModel, Field

from webapp.api import caching
from webapp.api.models.fields import IS_SYNTHETIC, METHOD, BlockId, Method, Query, TileId, Unit
from webapp.database import Row, database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("umap", __name__, url_prefix="/api/v1/umap")
caching.install(blueprint)

NO_LAYOUT = "the tiles have no layout; run `terrakin etl layout` to compute it"
BINARY = "application/octet-stream"
COLUMNS: dict[int | str, Any] = {200: {"description": "Little-endian columns.", "content": {BINARY: {}}}}


class LayoutCity(BaseModel):
    """A city that has points in the layout."""

    city_id: int
    city: str
    country_code: str
    country: str
    continent: str
    is_synthetic: bool = Field(description=IS_SYNTHETIC)


class Layout(BaseModel):
    """The UMAP layout: api.umap_layout."""

    layout_version: int = Field(description="Changes with the layout; combine only answers of the same version.")
    method: str | None
    parameters: dict[str, Any] | None
    n_tiles: int
    bounds: list[float] = Field(description="min_x, min_y, max_x, max_y in layout units.")
    cities: list[LayoutCity] = Field(description="city_index of /umap/points is a 0-based index into this list.")


class LayoutSimilarityQuery(Query):
    """What to compare with, as /tiles/similarity takes it."""

    tile_id: TileId | None = None
    block_id: BlockId | None = None
    positive: str | None = Field(None, description="Up to 100 ids of examples, separated by commas.")
    negative: str | None = Field(None, description="Ids of examples of what is not wanted.")
    unit: Unit | None = Field(
        None, description="What the examples are. A question about blocks: the best of each tile."
    )
    key: str | None = Field(None, description="What a search with with_key=true returned.")
    concept: str | None = Field(None, description="Name of a concept: see /concepts.")
    method: Method | None = Field(None, description=METHOD)


LAYOUT = """
    SELECT
        u.layout_version, u.method, u.parameters, u.n_tiles, u.bounds,
        (
            SELECT json_agg(json_build_object(
                'city_id', c.city_id, 'city', c.city, 'country_code', c.country_code, 'country', c.country,
                'continent', c.continent, 'is_synthetic', c.is_synthetic
            ) ORDER BY i.number)
            FROM unnest(u.city_ids) WITH ORDINALITY AS i(city_id, number)
            JOIN api.city_overview AS c ON c.city_id = i.city_id
        ) AS cities
    FROM api.umap_layout() AS u
"""


@blueprint.get("")
@blueprint.output(Layout)
def layout() -> Row:
    """Return the parameters and bounds of the layout, and the cities of its points."""
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
    """Return all points, ordered by tile_id, as little-endian columns.

    uint32 n, uint32 layout_version, float64 tile_id[n], uint16 x[n], uint16 y[n] (0 to 65535 across the bounds of
    /umap), uint16 city_index[n] (index into the cities of /umap; 65535: none).
    """
    found = _found(database().row(POINTS, binary=True))
    tile_ids = _column(found["tile_ids"], ">i8", "<f8")
    columns = [_column(found[name], ">i4", "<u2") for name in ("xs", "ys", "city_indexes")]
    return _binary(found["layout_version"], [tile_ids, *columns])


SIMILARITIES = """
    SELECT
        (SELECT u.layout_version FROM api.umap_layout() AS u) AS layout_version,
        string_agg(
            int4send(round((greatest(least(coalesce(s.similarity, -1), 1), -1) + 1) / 2 * 65535)::integer),
            '' ORDER BY s.tile_id
        ) AS similarities
    FROM internal.layout_similarities(%(query)s::json) AS s
    HAVING count(*) > 0
"""


@blueprint.get("/similarity")
@blueprint.input(LayoutSimilarityQuery, location="query")
@blueprint.doc(responses=COLUMNS)
def similarity(query_data: LayoutSimilarityQuery) -> Response:
    """Return the similarity of every tile of the layout to a question, in the order of /umap/points, little-endian.

    uint32 n, uint32 layout_version, uint16 s[n]: cosine similarity = s / 65535 * 2 - 1; s is 0 if a tile has no vector
    of the method.
    """
    found = _found(database().row(SIMILARITIES, {"query": query_data.model_dump_json(exclude_none=True)}, binary=True))
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
