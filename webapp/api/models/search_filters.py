# Generated from sql/search.toml by scripts/generate_search.py: do not edit.
"""The filters of the searches for similar tiles and blocks, as fields of the web API."""

from typing import ClassVar

from pydantic import Field

from webapp.api.models.fields import Method, Origin, Query, Unit
from webapp.api.models.search_fields import Area, CityIds, Codes, Period

FIND_ARGUMENTS = """
    exclude_city_ids => %(exclude_city_ids)s::bigint[],
    max_per_city => %(max_per_city)s::bigint,
    countries => %(countries)s::text[],
    exclude_countries => %(exclude_countries)s::text[],
    continents => %(continents)s::text[],
    origin => %(origin)s::text,
    within => ST_GeomFromGeoJSON(%(within)s),
    period => internal.days_of(%(period)s),
    min_valid_share => %(min_valid_share)s::double precision,
    min_similarity => %(min_similarity)s::double precision
"""
"""The filters of api.find, as SQL takes them from these fields."""


class FindFilters(Query):
    """The filters of api.find."""

    exclude_city_ids: CityIds | None = Field(None, description="Leave out these cities.")
    max_per_city: int | None = Field(
        None, ge=1, le=1000, description="At most this many matches from one city: its best."
    )
    countries: Codes | None = Field(
        None, description="Only these countries: ISO 3166-1 alpha-2 codes. An empty array finds nothing."
    )
    exclude_countries: Codes | None = Field(None, description="Leave out these countries: ISO 3166-1 alpha-2 codes.")
    continents: Codes | None = Field(
        None, description="Only these continents: English names. An empty array finds nothing."
    )
    origin: Origin | None = Field(None, description="Only tiles of this origin. Null: any.")
    within: Area | None = Field(
        None, description="Only tiles whose centre lies in this GeoJSON Polygon or MultiPolygon (EPSG:4326)."
    )
    period: Period | None = Field(
        None, description="Only tiles with days in this period (UTC): 2024-06-01/2024-08-31. Unknown dates are in none."
    )
    min_valid_share: float | None = Field(
        None, ge=0, le=1, description="Only tiles with at least this share of clear pixels, 0 to 1."
    )
    min_similarity: float | None = Field(
        None, ge=-1, le=1, description="A higher threshold than that of the concept, -1 to 1."
    )


class Filters(Query):
    """How matches are ranked and which tiles may be found: the fields that all searches share."""

    kind: ClassVar[str]

    k: int = Field(20, ge=0, le=1000, description="Number of matches: the answer has min(k, eligible tiles) tiles.")
    unit: Unit = Field(
        "tile", description="What is searched: tile (2,240 m), block (320 m), or the name of an imported set."
    )
    method: Method | None = Field(
        None, description="Vectors to compare: std is texture. Null: default_method of /encoder. Blocks: mean alone."
    )
    exclude_within_m: float = Field(
        0,
        ge=0,
        le=20100000,
        description="Leave out tiles whose centre is nearer than this to the query, in geodesic metres.",
    )
    exclude_same_city: bool = Field(True, description="Leave out the cities of the query.")
    exclude_city_ids: CityIds | None = Field(None, description="Leave out these cities.")
    max_per_city: int | None = Field(
        None, ge=1, le=1000, description="At most this many matches from one city: its best."
    )
    max_per_tile: int | None = Field(
        None,
        ge=1,
        le=49,
        description="At most this many blocks from one tile: its best. NULL: 1. Without effect on a search by tile.",
    )
    countries: Codes | None = Field(
        None, description="Only these countries: ISO 3166-1 alpha-2 codes. An empty array finds nothing."
    )
    exclude_countries: Codes | None = Field(None, description="Leave out these countries: ISO 3166-1 alpha-2 codes.")
    continents: Codes | None = Field(
        None, description="Only these continents: English names. An empty array finds nothing."
    )
    origin: Origin | None = Field(
        None, description="Only tiles of this origin. Null: that of what is searched for, or any if unknown or mixed."
    )
    within: Area | None = Field(
        None, description="Only tiles whose centre lies in this GeoJSON Polygon or MultiPolygon (EPSG:4326)."
    )
    period: Period | None = Field(
        None, description="Only tiles with days in this period (UTC): 2024-06-01/2024-08-31. Unknown dates are in none."
    )
    min_valid_share: float | None = Field(
        None, ge=0, le=1, description="Only tiles with at least this share of clear pixels, 0 to 1."
    )
    min_similarity: float | None = Field(
        None, ge=-1, le=1, description="Only tiles with at least this similarity, -1 to 1."
    )
    exact: bool = Field(False, description="Compare every eligible key instead of those of the nearest lists.")
