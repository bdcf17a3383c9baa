"""What the page needs to know of this server and the loaded data, and whether both answer."""

from apiflask import APIBlueprint
from flask import current_app

from webapp.api import caching
from webapp.api.models.about import Config, Encoder, Health, Stats
from webapp.database import Row, database
from webapp.pages import imagery

blueprint = APIBlueprint("about", __name__)
caching.install(blueprint)


@blueprint.get("/api/v1/config")
@blueprint.output(Config)
def config() -> Row:
    """Return the settings that the page needs: imagery, and the address of the vector tiles."""
    return imagery.config(current_app.config["TERRAKIN_SETTINGS"])


ENCODER = """
    SELECT
        e.name, e.weights, e.weights_sha256, e.dimension, e.post_processing ->> 'method' AS post_processing,
        e.fitted_at,
        internal.default_method() AS default_method, api.start_tile_id() AS start_tile_id,
        api.start_tile_ids() AS start_tile_ids,
        c.n_synthetic_tiles > 0 AS is_synthetic, c.n_tiles, c.n_synthetic_tiles, c.n_cities, c.n_countries,
        ARRAY(
            SELECT DISTINCT a.attribution
            FROM terrakin.composites AS m
            CROSS JOIN unnest(m.attributions) AS a(attribution)
            ORDER BY a.attribution
        ) AS attributions
    FROM (
        SELECT
            coalesce(sum(o.n_tiles), 0)::bigint AS n_tiles,
            coalesce(sum(o.n_tiles) FILTER (WHERE o.is_synthetic), 0)::bigint AS n_synthetic_tiles,
            count(*) AS n_cities,
            count(DISTINCT o.country_code) AS n_countries
        FROM api.city_overview AS o
        WHERE o.n_tiles > 0
    ) AS c
    LEFT JOIN terrakin.encoder AS e ON true
"""


@blueprint.get("/api/v1/encoder")
@blueprint.output(Encoder)
def encoder() -> Row | None:
    """Return the encoder of the vectors, what is loaded, and the tile to open with."""
    return database().row(ENCODER)


STATS = "SELECT api.stats() AS stats"


@blueprint.get("/api/v1/stats")
@blueprint.output(Stats)
def stats() -> Row:
    """Return the numbers of tiles, blocks, cities, periods and vectors."""
    found: Row = (database().row(STATS) or {})["stats"]
    return found


@blueprint.get("/health")
@blueprint.output(Health)
def health() -> Row | None:
    """Return ok if the app and its database answer."""
    return database().row("SELECT 'ok' AS status")
