"""What the JSON API takes and gives, as pydantic models: the bounds that are checked before SQL, and the OpenAPI text.

Names, units and meanings are those of schema ``api`` (sql/README.md).
"""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1
MAX_PAGE = 500

TileId = Annotated[int, Field(ge=0, le=BIGINT_MAX, description="Key of a tile.")]
Method = Literal["mean", "dominant", "median", "min", "max"]
Geometry = dict[str, Any]
"""A GeoJSON geometry, EPSG:4326."""


class Query(BaseModel):
    """A query string; a misspelt name is refused instead of ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class TilePath(BaseModel):
    """The tile in an address."""

    tile_id: TileId


class Position(Query):
    """A place on Earth, degrees, EPSG:4326."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class TilePair(Query):
    """The arguments of api.similarity."""

    a: TileId
    b: TileId
    method: Method = "mean"


class Similarity(BaseModel):
    """How alike two tiles are."""

    a: int
    b: int
    method: Method
    similarity: float = Field(description="Cosine of their vectors, -1 to 1.")
    distance_m: float = Field(description="Geodesic metres, centre to centre.")


class CitySearch(Query):
    """The arguments of api.search_cities."""

    q: str = Field("", max_length=100, description="What a user typed: part of a city's or country's name.")
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Most cities in one answer.")
    offset: int = Field(0, ge=0, le=INTEGER_MAX, description="How many to pass over: the last answer's `next`.")


class CityPath(BaseModel):
    """The city in an address."""

    city_id: int = Field(ge=-BIGINT_MAX, le=BIGINT_MAX, description="GeoNames id; negative for a synthetic town.")


class Tile(BaseModel):
    """A row of api.tile_overview."""

    tile_id: int
    city_id: int
    city: str
    country_code: str
    country: str
    continent: str
    period: str = Field(description="First and last day (UTC) of the composite, as 2024-06-01/2024-08-31.")
    valid_share: float
    dominant_share: float
    umap_x: float | None
    umap_y: float | None
    lon: float
    lat: float
    is_synthetic: bool
    has_thumbnail: bool
    footprint: Geometry
    dominant_area: Geometry | None = Field(
        description="Where the patches of the dominant cluster lie: a MultiPolygon, EPSG:4326."
    )


class City(BaseModel):
    """A row of api.search_cities."""

    city_id: int
    city: str
    country_code: str
    country: str
    continent: str
    lon: float
    lat: float
    n_tiles: int
    is_synthetic: bool
    bounds: list[float] = Field(
        description="West, south, east, north (degrees); east beyond 180: across that meridian."
    )


class Cities(BaseModel):
    """One page of the cities found."""

    total: int = Field(description="How many there are on all pages.")
    cities: list[City]
    next: int | None = Field(description="The offset of the next page; null on the last.")


class Country(BaseModel):
    """A row of api.country_overview."""

    code: str = Field(description="ISO 3166-1 alpha-2.")
    name: str
    continent: str
    n_cities: int
    n_tiles: int


class Countries(BaseModel):
    """All countries that have tiles."""

    countries: list[Country]


class LayoutCity(BaseModel):
    """A city that has points in the layout."""

    city_id: int
    city: str
    country_code: str
    country: str
    continent: str


class Layout(BaseModel):
    """The UMAP layout as a whole: api.umap_layout."""

    layout_version: int = Field(description="Of points and similarities alike: others do not belong together.")
    method: str | None
    parameters: dict[str, Any] | None
    n_tiles: int
    bounds: list[float] = Field(description="min_x, min_y, max_x, max_y in units of the layout.")
    cities: list[LayoutCity] = Field(description="What city_index of /umap/points counts from 0.")


class LikenessQuery(Query):
    """The arguments of api.similarities."""

    tile_id: TileId
    method: Method = "mean"


class ContinentCount(BaseModel):
    """Cities and tiles of a continent."""

    continent: str
    n_cities: int
    n_tiles: int


class PeriodCount(BaseModel):
    """Cities and tiles of a period."""

    period: str = Field(description="First and last day (UTC) of the composites, as 2024-06-01/2024-08-31.")
    n_cities: int
    n_tiles: int


class MethodCount(BaseModel):
    """Tiles that have a vector of a method."""

    method: Method
    n_tiles: int
    has_index: bool


class Stats(BaseModel):
    """How much there is: api.stats."""

    n_tiles: int
    n_cities: int
    n_countries: int
    n_continents: int
    n_thumbnails: int
    n_tiles_with_neighbours: int
    n_tiles_in_layout: int
    is_synthetic: bool = Field(description="True where the pixels of any composite are made up.")
    by_continent: list[ContinentCount]
    periods: list[PeriodCount]
    by_method: list[MethodCount]


class Imagery(BaseModel):
    """Background imagery that the map can show."""

    id: Literal["eox", "mapbox", "esri", "none"]
    name: str
    tiles_url: str | None = Field(description="XYZ template, with {token} where needs_token; null for none.")
    attribution: str
    max_zoom: int
    needs_token: bool = Field(description="Whether the user must give a token of their own.")


class Config(BaseModel):
    """What the page must know of its server."""

    imagery: list[Imagery]
    default_imagery: Literal["eox", "mapbox", "esri", "none"]
    tiles_url: str = Field(description="Where vector tiles are: this server's /tiles, or Martin's address.")


class SimilarTile(BaseModel):
    """A row of api.search_tiles."""

    rank: int
    tile_id: int
    city_id: int
    city: str
    country_code: str
    country: str
    similarity: float = Field(description="Cosine, -1 to 1.")
    distance_m: float | None = Field(
        description="Geodesic metres from what was asked about; null where it has no place."
    )
    found_by: Literal["neighbours", "index", "exact"] = Field(description="How the database made the answer.")
    candidates: int = Field(description="Tiles whose full vectors were compared.")
    lon: float
    lat: float
    is_synthetic: bool
    has_thumbnail: bool
    footprint: Geometry


class Encoder(BaseModel):
    """What made the vectors, and of how much; the encoder's own fields are null while nothing is loaded."""

    name: str | None
    weights: Literal["pretrained", "random", "fitted"] | None
    weights_sha256: str | None
    dimension: int | None
    post_processing: str | None
    fitted_at: datetime | None
    is_synthetic: bool = Field(description="True where the pixels of any composite are made up.")
    n_tiles: int
    n_cities: int
    n_countries: int


class Health(BaseModel):
    """Sign of life."""

    status: Literal["ok"]


class SimilarCitiesQuery(Query):
    """The arguments of api.similar_cities."""

    city_id: int = Field(ge=-BIGINT_MAX, le=BIGINT_MAX, description="Key of a city.")
    k: int = Field(20, ge=0, le=MAX_PAGE, description="How many cities are wanted.")
    method: Method = "mean"
    max_query_tiles: int = Field(
        10, ge=1, le=50, description="Of how many of its tiles the best match in every other city is looked for."
    )


class SimilarCity(BaseModel):
    """A row of api.similar_cities, with the country and centre of the city."""

    rank: int
    city_id: int
    city: str
    country_code: str
    country: str
    similarity: float = Field(description="Mean, over the city's tiles, of the best match in this one: -1 to 1.")
    mean_similarity: float = Field(description="Cosine of the two cities' mean vectors.")
    n_tiles: int
    distance_m: float = Field(description="Geodesic metres, centre to centre.")
    lon: float
    lat: float
    is_synthetic: bool


class SimilarCities(BaseModel):
    """The cities most like one, best first."""

    city_id: int
    k: int
    method: Method
    max_query_tiles: int
    cities: list[SimilarCity]
