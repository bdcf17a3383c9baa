"""webapp/martin.yaml publishes the same sources as the Flask routes."""

from pathlib import Path

import psycopg
import pytest
import yaml
from flask.testing import FlaskClient

from tests.builders.towns import TownDatabase
from webapp.vector_tiles.routes import SOURCES, UNCACHED

MARTIN = yaml.safe_load((Path(__file__).parents[3] / "webapp" / "martin.yaml").read_text())
FUNCTIONS = MARTIN["postgres"]["functions"]

ARGUMENTS = """
    SELECT p.pronargs, p.proargnames[1:4], p.proargtypes::regtype[]::text[], p.proallargtypes[5:]::regtype[]::text[]
    FROM pg_proc AS p
    WHERE p.pronamespace = 'tiles'::regnamespace AND p.proname = %s
"""


@pytest.mark.parametrize("source", SOURCES)
def test_a_source_has_the_zooms_and_bounds_of_the_route(client: FlaskClient, source: str) -> None:
    published, tilejson = FUNCTIONS[source], client.get(f"/tiles/{source}").get_json()
    assert (published["schema"], published["function"]) == ("tiles", source)
    for key in ("minzoom", "maxzoom", "bounds"):
        assert published[key] == tilejson[key]


@pytest.mark.parametrize("source", SOURCES)
def test_a_function_has_the_signature_that_martin_needs(towns: TownDatabase, source: str) -> None:
    """Martin's rules for function sources: z, x, y integer, then json; returns bytea and text."""
    with psycopg.connect(towns.settings.database_url or "") as conn:
        (row,) = conn.execute(ARGUMENTS, (source,)).fetchall()  # one row: no overloads
    assert row == (4, ["z", "x", "y", "query"], ["integer", "integer", "integer", "json"], ["bytea", "text"])


def test_only_our_sources_are_published_below_tiles() -> None:
    assert tuple(FUNCTIONS) == SOURCES
    assert MARTIN["postgres"]["auto_publish"] is False
    assert MARTIN["route_prefix"] == "/tiles"


def test_martin_caches_the_same_sources_for_as_long_as_the_route() -> None:
    assert {name for name, source in FUNCTIONS.items() if source.get("cache") == "disable"} == UNCACHED
    assert MARTIN["cache"]["tile_expiry"] == "1m"
