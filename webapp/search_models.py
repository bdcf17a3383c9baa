"""What the searches for similar tiles are asked: one model a question, all with the same filters.

Names, units and meanings are those of schema ``api`` (sql/README.md). In a query string lists are text with commas and
geometries GeoJSON text; in a body both are JSON.
"""

import json
from datetime import date
from typing import Annotated, Any, ClassVar

import shapely
from apiflask.fields import UploadFile
from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from webapp.exports import Form
from webapp.models import BIGINT_MAX, Geometry, Method, Query, SimilarTile, TileId

MAX_K = 1000
MAX_EXAMPLES = 100
GEOJSON_AREA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {"type": "array"}},
    },
}


EARTH = shapely.box(-360, -90, 360, 90)
"""Longitudes beyond 180 are drawn across the antimeridian."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def _parse(value: object) -> object:
    """GeoJSON text of a query string as an object."""
    if not isinstance(value, str):
        return value
    try:
        return json.loads(value)
    except ValueError as error:
        raise ValueError("is not JSON") from error


def _check_area(value: Geometry) -> Geometry:
    try:
        area = shapely.from_geojson(json.dumps(value))
    except shapely.GEOSException as error:
        raise ValueError("is not a GeoJSON geometry") from error
    if area.geom_type not in ("Polygon", "MultiPolygon"):
        raise ValueError(f"is a {area.geom_type}; a Polygon or MultiPolygon is needed")
    if area.is_empty or not area.is_valid:
        raise ValueError(f"is not a valid area: {shapely.is_valid_reason(area)}")
    if not shapely.box(*area.bounds).within(EARTH):
        raise ValueError("does not lie on Earth: longitude, then latitude, in degrees (EPSG:4326)")
    checked: Geometry = json.loads(shapely.to_geojson(shapely.force_2d(area)))
    return checked


def _check_period(text: str) -> str:
    try:
        start, end = (date.fromisoformat(day) for day in text.split("/"))
    except ValueError as error:
        raise ValueError("is not of the form 2024-06-01/2024-08-31") from error
    if end < start:
        raise ValueError("ends before it begins")
    return f"{start}/{end}"


Code = Annotated[str, Field(max_length=100)]
Codes = Annotated[list[Code], BeforeValidator(_split), Field(max_length=250)]
CityId = Annotated[int, Field(ge=-BIGINT_MAX, le=BIGINT_MAX)]
CityIds = Annotated[list[CityId], BeforeValidator(_split), Field(max_length=250)]
TileIds = Annotated[list[TileId], Field(max_length=MAX_EXAMPLES)]
Period = Annotated[str, Field(max_length=21), AfterValidator(_check_period)]
Area = Annotated[Geometry, BeforeValidator(_parse), AfterValidator(_check_area), WithJsonSchema(GEOJSON_AREA)]


class Filters(Query):
    """Which tiles may be found, and how they are compared: what all searches share."""

    kind: ClassVar[str]

    k: int = Field(20, ge=0, le=MAX_K, description="How many tiles are wanted.")
    method: Method = Field("mean", description="Vectors to compare.")
    exclude_within_m: float = Field(0, ge=0, le=20_100_000, description="Leave out tiles nearer than this, metres.")
    exclude_same_city: bool = Field(True, description="Leave out the cities of what is asked about.")
    exclude_city_ids: CityIds | None = Field(None, description="Leave out these cities.")
    max_per_city: int | None = Field(None, ge=1, le=MAX_K, description="At most so many tiles of one city.")
    countries: Codes | None = Field(None, description="Only these: ISO 3166-1 alpha-2 codes.")
    continents: Codes | None = Field(None, description="Only these: English names.")
    within: Area | None = Field(None, description="Only inside this GeoJSON Polygon or MultiPolygon, EPSG:4326.")
    period: Period | None = Field(None, description="Only composites of these days (UTC): 2024-06-01/2024-08-31.")
    min_valid_share: float | None = Field(None, ge=0, le=1, description="Only tiles with so many clear pixels.")
    min_similarity: float | None = Field(None, ge=-1, le=1, description="Only tiles at least so alike (cosine).")
    exact: bool = Field(False, description="Compare with every tile, without the vector index.")


class LikeTile(Filters):
    """Which tiles look like one? The arguments of api.similar_tiles."""

    kind = "tile"
    tile_id: TileId


class LikePosition(Filters):
    """Which tiles look like the one at a position (degrees, EPSG:4326)? The arguments of api.similar_at."""

    kind = "position"
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class LikeExamples(Filters):
    """More like these, less like those. The arguments of api.similar_to_examples."""

    kind = "examples"
    positive: TileIds = Field(min_length=1, description="Tiles to be like.")
    negative: TileIds = Field([], description="Tiles to be unlike.")
    negative_weight: float = Field(0.2, ge=0, le=1, description="How much the negative ones count.")


class LikeArea(Filters):
    """Which tiles look like an area as a whole? The arguments of api.similar_to_area."""

    kind = "area"
    area: Area = Field(description="GeoJSON Polygon or MultiPolygon, EPSG:4326.")


class LikeChip(Filters):
    """Which tiles look like an uploaded chip? Its own place counts for exclude_within_m and exclude_same_city."""

    kind = "chip"


class AnswerForm(Query):
    """How an answer is wanted."""

    format: Form = Field("json", description="json, or a file to keep: geojson, csv, geoparquet.")


class LikeTileQuery(LikeTile, AnswerForm):
    """LikeTile as a query string."""


class LikePositionQuery(LikePosition, AnswerForm):
    """LikePosition as a query string."""


class ChipUpload(Query):
    """A GeoTIFF of one's own, as multipart/form-data."""

    file: UploadFile = Field(
        description="12 bands (B01 to B12 without B10), 224 x 224 px at 10 m in UTM, uint16 reflectance x 10000."
    )
    settings: Annotated[LikeChip, BeforeValidator(_parse)] = Field(
        LikeChip.model_validate({}), description="The filters of the other searches, as JSON."
    )


class Strict(BaseModel):
    """A JSON body: a number is no text, a list no text with commas."""

    model_config = ConfigDict(strict=True)


class LikeTileBody(LikeTile, Strict):
    """LikeTile as a body."""


class LikePositionBody(LikePosition, Strict):
    """LikePosition as a body."""


class LikeExamplesBody(LikeExamples, Strict):
    """LikeExamples as a body."""


class LikeAreaBody(LikeArea, Strict):
    """LikeArea as a body."""


class SimilarTiles(BaseModel):
    """The tiles found, best first, and what was asked."""

    query: dict[str, Any] = Field(description="kind (tile, position, examples, area or chip) and what was asked of it.")
    tile_id: int | None = Field(None, description="The tile asked about, where one was.")
    method: str = Field(description="Vectors that were compared.")
    tiles: list[SimilarTile]
