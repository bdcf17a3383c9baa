"""The JSON API, ``/api/v1``: every view is one constant SQL statement over schema ``api``."""

from apiflask import APIBlueprint

from webapp.database import Row, database
from webapp.errors import NotFoundError
from webapp.models import Encoder, Health, Position, SimilarQuery, SimilarTiles, Tile, TilePath

blueprint = APIBlueprint("api", __name__)

TILE = """
    SELECT
        o.tile_id, o.city_id, o.city, o.country_code, o.country, o.continent,
        to_char(lower(o.period), 'YYYY-MM-DD') || '/' || to_char(upper(o.period) - 1, 'YYYY-MM-DD') AS period,
        o.valid_share, o.dominant_share, o.umap_x, o.umap_y, o.lon, o.lat, o.is_synthetic,
        ST_AsGeoJSON(o.footprint)::json AS footprint
    FROM api.tile_overview AS o
    WHERE o.tile_id = coalesce(
        %(tile_id)s::bigint,
        (SELECT a.tile_id FROM api.tile_at(%(lon)s::double precision, %(lat)s::double precision) AS a)
    )
"""


@blueprint.get("/api/v1/tiles/<tile_id>")
@blueprint.input(TilePath, location="path")
@blueprint.output(Tile)
def tile(tile_id: str, path_data: TilePath) -> Row:
    """One tile: its city, period and footprint."""
    row = database().row(TILE, {"tile_id": path_data.tile_id, "lon": None, "lat": None})
    if row is None:
        raise NotFoundError(f"tile {tile_id} does not exist; /api/v1/tile-at?lon=&lat= finds the tile at a position")
    return row


@blueprint.get("/api/v1/tile-at")
@blueprint.input(Position, location="query")
@blueprint.output(Tile)
def tile_at(query_data: Position) -> Row:
    """The newest tile whose footprint contains a position."""
    row = database().row(TILE, {"tile_id": None, "lon": query_data.lon, "lat": query_data.lat})
    if row is None:
        raise NotFoundError(
            f"no tile lies at lon {query_data.lon}, lat {query_data.lat}; tiles exist only around cities"
        )
    return row


SIMILAR = """
    SELECT
        s.rank, s.tile_id, s.city_id, s.city, s.country_code, o.country, s.similarity, s.distance_m,
        s.found_by, s.candidates, o.lon, o.lat, o.is_synthetic, ST_AsGeoJSON(s.footprint)::json AS footprint
    FROM api.similar_tiles(
        %(tile_id)s::bigint,
        k => %(k)s::integer,
        method => %(method)s,
        exclude_within_m => %(exclude_within_m)s::double precision,
        exclude_same_city => %(exclude_same_city)s,
        exclude_city_ids => %(exclude_city_ids)s::bigint[],
        max_per_city => %(max_per_city)s::integer,
        countries => %(countries)s::text[],
        continents => %(continents)s::text[],
        within => ST_GeomFromGeoJSON(%(within)s::text),
        period => %(period)s::daterange,
        min_valid_share => %(min_valid_share)s::double precision,
        min_similarity => %(min_similarity)s::double precision,
        exact => %(exact)s
    ) AS s
    JOIN api.tile_overview AS o ON o.tile_id = s.tile_id
    ORDER BY s.rank
"""


@blueprint.get("/api/v1/similar")
@blueprint.input(SimilarQuery, location="query")
@blueprint.output(SimilarTiles)
def similar(query_data: SimilarQuery) -> Row:
    """The tiles that look most like one tile, best first."""
    rows = database().rows(SIMILAR, query_data.model_dump())
    return {"tile_id": query_data.tile_id, "method": query_data.method, "tiles": rows}


ENCODER = """
    SELECT
        e.name, e.weights, e.weights_sha256, e.dimension, e.post_processing ->> 'method' AS post_processing,
        e.fitted_at,
        EXISTS (SELECT FROM terrakin.composites AS m WHERE m.is_synthetic) AS is_synthetic,
        (SELECT count(*) FROM terrakin.tiles) AS n_tiles,
        (SELECT count(DISTINCT t.city_id) FROM terrakin.tiles AS t) AS n_cities,
        (
            SELECT count(DISTINCT c.country_code)
            FROM terrakin.cities AS c
            WHERE EXISTS (SELECT FROM terrakin.tiles AS t WHERE t.city_id = c.city_id)
        ) AS n_countries
    FROM (VALUES (1)) AS only_one(encoder_id)
    LEFT JOIN terrakin.encoder AS e ON e.encoder_id = only_one.encoder_id
"""


@blueprint.get("/api/v1/encoder")
@blueprint.output(Encoder)
def encoder() -> Row | None:
    """What made the vectors, and how many tiles there are."""
    return database().row(ENCODER)


@blueprint.get("/health")
@blueprint.output(Health)
def health() -> Row | None:
    """Whether the app and its database answer."""
    return database().row("SELECT 'ok' AS status")
