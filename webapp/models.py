"""What the JSON API takes and gives, as pydantic models: the bounds that are checked before SQL, and the OpenAPI text.

Names, units and meanings are those of schema ``api`` (sql/README.md).
"""

from datetime import date, datetime
from typing import Annotated, Any, Literal

import shapely
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

MAX_K = 1000
MAX_WITHIN_CHARACTERS = 6000
BIGINT_MAX = 2**63 - 1

TileId = Annotated[int, Field(ge=0, le=BIGINT_MAX, description="Key of a tile.")]
Geometry = dict[str, Any]
"""A GeoJSON geometry, EPSG:4326."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _check_area(text: str) -> str:
    try:
        area = shapely.from_geojson(text)
    except shapely.GEOSException as error:
        raise ValueError("is not a GeoJSON geometry") from error
    if area.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"is a {area.geom_type}; a Polygon or MultiPolygon is needed")
    if area.is_empty or not area.is_valid:
        raise ValueError(f"is not a valid area: {shapely.is_valid_reason(area)}")
    return str(shapely.to_geojson(area))


def _date_range(text: str) -> str:
    try:
        start, end = (date.fromisoformat(day) for day in text.split("/"))
    except ValueError as error:
        raise ValueError("is not of the form 2024-06-01/2024-08-31") from error
    if end < start:
        raise ValueError("ends before it begins")
    return f"[{start},{end}]"


Codes = Annotated[list[str], BeforeValidator(_split), Field(max_length=250)]
CityId = Annotated[int, Field(ge=-BIGINT_MAX, le=BIGINT_MAX)]
CityIds = Annotated[list[CityId], BeforeValidator(_split), Field(max_length=250)]
Period = Annotated[str, Field(max_length=21), AfterValidator(_date_range)]
Area = Annotated[str, Field(max_length=MAX_WITHIN_CHARACTERS), AfterValidator(_check_area)]


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


class SimilarQuery(Query):
    """The arguments of api.similar_tiles."""

    tile_id: TileId
    k: int = Field(20, ge=0, le=MAX_K, description="How many tiles are wanted.")
    method: Literal["mean", "dominant", "median", "min", "max"] = Field("mean", description="Vectors to compare.")
    exclude_within_m: float = Field(0, ge=0, le=20_100_000, description="Leave out tiles nearer than this, metres.")
    exclude_same_city: bool = Field(True, description="Leave out the tile's own city.")
    exclude_city_ids: CityIds | None = Field(None, description="Leave out these cities, separated by commas.")
    max_per_city: int | None = Field(None, ge=1, le=MAX_K, description="At most so many tiles of one city.")
    countries: Codes | None = Field(None, description="Only these: ISO codes, separated by commas.")
    continents: Codes | None = Field(None, description="Only these: English names, separated by commas.")
    within: Area | None = Field(None, description="Only inside this GeoJSON Polygon or MultiPolygon, EPSG:4326.")
    period: Period | None = Field(None, description="Only composites of these days (UTC): 2024-06-01/2024-08-31.")
    min_valid_share: float | None = Field(None, ge=0, le=1, description="Only tiles with so many clear pixels.")
    min_similarity: float | None = Field(None, ge=-1, le=1, description="Only tiles at least so alike (cosine).")
    exact: bool = Field(False, description="Compare with every tile, without the vector index.")


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
    footprint: Geometry


class SimilarTile(BaseModel):
    """A row of api.similar_tiles, with the country and centre of the tile."""

    rank: int
    tile_id: int
    city_id: int
    city: str
    country_code: str
    country: str
    similarity: float = Field(description="Cosine, -1 to 1.")
    distance_m: float = Field(description="Geodesic metres, centre to centre.")
    found_by: Literal["kin", "index", "exact"] = Field(description="How the database made the answer.")
    candidates: int = Field(description="Tiles whose full vectors were compared.")
    lon: float
    lat: float
    is_synthetic: bool
    footprint: Geometry


class SimilarTiles(BaseModel):
    """The tiles most like one, best first."""

    tile_id: int
    method: str
    tiles: list[SimilarTile]


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
