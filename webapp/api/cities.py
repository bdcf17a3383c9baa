"""Cities and countries under ``/api/v1``."""

from apiflask import APIBlueprint

from webapp.api import caching
from webapp.api.models.cities import Cities, City, CityPath, CitySearch, Countries
from webapp.database import Row, database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("cities", __name__, url_prefix="/api/v1")
caching.install(blueprint)

CITIES = """
    SELECT
        s.n_found, s.city_id, s.city, s.country_code, s.country, s.continent, s.lon, s.lat, s.n_tiles,
        s.is_synthetic, s.period, s.is_date_known, s.valid_share, s.licences, s.attributions, s.bounds
    FROM api.search_cities(
        %(q)s, %(limit)s::integer, %(offset)s::integer, only_city_id => %(city_id)s::bigint
    ) AS s
"""


@blueprint.get("/cities")
@blueprint.input(CitySearch, location="query")
@blueprint.output(Cities)
def cities(query_data: CitySearch) -> Row:
    """Find cities by name, ignoring accents and case. Cities with tiles come first."""
    arguments = {**query_data.model_dump(), "city_id": None}
    found = database().rows(CITIES, arguments)
    # An offset beyond the last city returns no row, and so no total.
    counted = found or database().rows(CITIES, {**arguments, "offset": 0, "limit": 1})
    total = counted[0]["n_found"] if counted else 0
    end = query_data.offset + len(found)
    return {"total": total, "cities": found, "next": end if found and end < total else None}


@blueprint.get("/cities/<city_id>")
@blueprint.input(CityPath, location="path")
@blueprint.output(City)
def city(city_id: str, path_data: CityPath) -> Row:
    """Return a city."""
    row = database().row(CITIES, {"q": "", "limit": 1, "offset": 0, "city_id": path_data.city_id})
    if row is None:
        raise NotFoundError(f"city {city_id} does not exist; /api/v1/cities?q= finds cities by name")
    return row


COUNTRIES = """
    SELECT c.country_code AS code, c.country AS name, c.continent, c.n_cities, c.n_tiles
    FROM api.country_overview AS c
    WHERE c.n_tiles > 0
    ORDER BY c.country
"""


@blueprint.get("/countries")
@blueprint.output(Countries)
def countries() -> Row:
    """List the countries that have tiles, by name."""
    return {"countries": database().rows(COUNTRIES)}
