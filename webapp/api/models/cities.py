"""Parameters and answers of the API about cities and countries."""

from pydantic import BaseModel, Field

from webapp.api.models.fields import (
    ATTRIBUTIONS,
    BIGINT_MAX,
    INTEGER_MAX,
    IS_DATE_KNOWN,
    IS_SYNTHETIC,
    LICENCES,
    MAX_PAGE,
    METHOD,
    PERIOD,
    VALID_SHARE,
    Method,
    Origin,
    Query,
)


class CitySearch(Query):
    """The arguments of api.search_cities."""

    q: str = Field("", max_length=100, description="Part of the name of a city or country.")
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Maximum number of cities per page.")
    offset: int = Field(0, ge=0, le=INTEGER_MAX, description="Number of cities to skip: `next` of the previous page.")


class CityPath(BaseModel):
    """The city in a path."""

    city_id: int = Field(ge=-BIGINT_MAX, le=BIGINT_MAX, description="GeoNames id; negative for a synthetic town.")


class City(BaseModel):
    """A row of api.search_cities. What describes its pixels is that of its newest composite, null without one."""

    city_id: int
    city: str
    country_code: str
    country: str
    continent: str
    lon: float
    lat: float
    n_tiles: int
    is_synthetic: bool = Field(description=IS_SYNTHETIC)
    period: str | None = Field(description=PERIOD)
    is_date_known: bool | None = Field(description=IS_DATE_KNOWN)
    valid_share: float | None = Field(description=VALID_SHARE)
    licences: list[str] | None = Field(description=LICENCES)
    attributions: list[str] | None = Field(description=ATTRIBUTIONS)
    bounds: list[float] = Field(
        description="West, south, east, north (degrees, EPSG:4326); east is over 180 if the city crosses that meridian."
    )


class Cities(BaseModel):
    """A page of cities."""

    total: int = Field(description="Number of cities on all pages.")
    cities: list[City]
    next: int | None = Field(description="Offset of the next page; null on the last page.")


class Country(BaseModel):
    """A row of api.country_overview."""

    code: str = Field(description="ISO 3166-1 alpha-2 code.")
    name: str
    continent: str
    n_cities: int
    n_tiles: int


class Countries(BaseModel):
    """All countries that have tiles."""

    countries: list[Country]


class SimilarCitiesQuery(Query):
    """The arguments of api.similar_cities."""

    city_id: int = Field(ge=-BIGINT_MAX, le=BIGINT_MAX, description="Key of a city.")
    k: int = Field(20, ge=0, le=MAX_PAGE, description="Maximum number of cities to return.")
    method: Method | None = Field(None, description=METHOD)
    origin: Origin | None = Field(
        None, description="Only cities of this origin: real, synthetic or any. Null: the origin of the city."
    )
    max_query_tiles: int = Field(
        10, ge=1, le=50, description="How many of its tiles are matched with the tiles of every other city."
    )


class SimilarCity(BaseModel):
    """A row of api.similar_cities, with the country and centre of the city."""

    rank: int
    city_id: int
    city: str
    country_code: str
    country: str
    similarity: float = Field(
        description="Mean cosine similarity of the query city's tiles and their best matches here, -1 to 1."
    )
    mean_similarity: float = Field(description="Cosine similarity of the mean vectors of the two cities, -1 to 1.")
    n_tiles: int
    distance_m: float = Field(description="Geodesic distance between the centres, metres.")
    lon: float
    lat: float
    is_synthetic: bool = Field(description=IS_SYNTHETIC)


class SimilarCities(BaseModel):
    """The cities most similar to one city, best first."""

    city_id: int
    k: int
    method: Method = Field(description="The vectors that were compared.")
    origin: Origin | None
    max_query_tiles: int
    cities: list[SimilarCity]
