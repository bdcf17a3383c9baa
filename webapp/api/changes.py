"""What changed between two periods of a city: ``/api/v1/changes``, and the periods that a city has."""

from apiflask import APIBlueprint

from webapp.api import caching
from webapp.api.models.changes import Changes, ChangesQuery, CityPeriods
from webapp.api.models.cities import CityPath
from webapp.database import Row, database

blueprint = APIBlueprint("changes", __name__, url_prefix="/api/v1")
caching.install(blueprint)

PERIODS = """
    SELECT p.period_text AS period, p.is_date_known, p.n_tiles
    FROM api.period_overview AS p
    WHERE p.city_id = %(city_id)s::bigint
    ORDER BY p.period
"""
CHANGES = """
    SELECT
        c.rank, c.block_id, (c.earlier_tile_id << 6) + (c.block_id & 63) AS earlier_block_id, c.tile_id,
        c.earlier_tile_id, c.change, c.score, c.similarity, c.compared, ST_X(p.centre) AS lon, ST_Y(p.centre) AS lat,
        ST_AsGeoJSON(c.footprint)::json AS footprint
    FROM api.changes(
        %(city_id)s::bigint, internal.days_of(%(period_a)s), internal.days_of(%(period_b)s), %(k)s::bigint, %(unit)s
    ) AS c
    CROSS JOIN LATERAL ST_Centroid(c.footprint) AS p(centre)
    ORDER BY c.rank
"""


@blueprint.get("/cities/<city_id>/periods")
@blueprint.input(CityPath, location="path")
@blueprint.output(CityPeriods)
def periods(city_id: str, path_data: CityPath) -> Row:
    """Return the periods of which a city has tiles; none for an unknown city."""
    return {"periods": database().rows(PERIODS, path_data.model_dump())}


@blueprint.get("/changes")
@blueprint.input(ChangesQuery, location="query")
@blueprint.output(Changes)
def changes(query_data: ChangesQuery) -> Row:
    """Return what changed most unusually between two periods of a city, most first."""
    arguments = query_data.model_dump()
    return {**arguments, "changes": database().rows(CHANGES, arguments)}
