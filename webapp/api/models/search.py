"""The bodies and query strings of the searches for similar tiles and blocks: one model per search, shared filters.

Names, units and meanings are those of schema ``api`` (sql/README.md). In a query string, lists are text with commas and
geometries GeoJSON text; in a body both are JSON.
"""

from typing import Annotated, Any, Literal

from apiflask.fields import UploadFile
from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from webapp.api.exports import Form
from webapp.api.models.fields import BIGINT_MAX, BlockId, Compared, Query, TileId
from webapp.api.models.search_fields import Area, parse_json
from webapp.api.models.search_filters import Filters
from webapp.api.models.tiles import Match

MAX_EXAMPLES = 100
ItemId = Annotated[int, Field(ge=0, le=BIGINT_MAX, description="Key of a tile, block or item, as the unit says.")]
ItemIds = Annotated[list[ItemId], Field(max_length=MAX_EXAMPLES)]


class LikeTile(Filters):
    """Search by tile: the arguments of api.similar_tiles."""

    kind = "tile"
    unit: Literal["tile"] = Field("tile", description="A search by tile finds tiles.")
    tile_id: TileId


class LikeBlock(Filters):
    """Search by block: the arguments of api.similar_blocks."""

    kind = "block"
    unit: Literal["block"] = Field("block", description="A search by block finds blocks.")
    block_id: BlockId


class LikePosition(Filters):
    """Search by position (degrees, EPSG:4326): the arguments of api.similar_at."""

    kind = "position"
    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class LikeExamples(Filters):
    """Search by examples: the arguments of api.similar_to_examples."""

    kind = "examples"
    positive: ItemIds = Field(min_length=1, description="Tiles, blocks or items to be similar to.")
    negative: ItemIds = Field([], description="Tiles, blocks or items to differ from.")
    negative_weight: float = Field(0.2, ge=0, le=1, description="Weight of the negative examples.")


class LikeArea(Filters):
    """Search by area: the arguments of api.similar_to_area."""

    kind = "area"
    area: Area = Field(description="GeoJSON Polygon or MultiPolygon, EPSG:4326.")


class LikeChip(Filters):
    """Search by an uploaded chip. exclude_within_m and exclude_same_city refer to the position of the chip."""

    kind = "chip"


class AnswerForm(Query):
    """The format of an answer, and what it contains beside the matches."""

    format: Form = Field("json", description="json, or a file to download: geojson, csv or geoparquet.")
    with_key: bool = Field(
        False, description="Whether the answer has the key of the question, for /tiles/similarity/{z}/{x}/{y}?key=."
    )


class LikeTileQuery(LikeTile, AnswerForm):
    """LikeTile as a query string."""


class LikeBlockQuery(LikeBlock, AnswerForm):
    """LikeBlock as a query string."""


class LikePositionQuery(LikePosition, AnswerForm):
    """LikePosition as a query string."""


class ChipUpload(Query):
    """A GeoTIFF of the user, as multipart/form-data."""

    file: UploadFile = Field(
        description="12 bands (B01 to B12 without B10; galileo_nano also takes 10, without B01 and B09), "
        "224 x 224 px at 10 m in UTM, uint16 reflectance x 10000."
    )
    settings: Annotated[LikeChip, BeforeValidator(parse_json)] = Field(
        LikeChip.model_validate({}), description="The filters of the other searches, as JSON."
    )


class Strict(BaseModel):
    """A JSON body: values of another type are refused, such as numbers given as text."""

    model_config = ConfigDict(strict=True)


class LikeTileBody(LikeTile, Strict):
    """LikeTile as a body."""


class LikeBlockBody(LikeBlock, Strict):
    """LikeBlock as a body."""


class LikePositionBody(LikePosition, Strict):
    """LikePosition as a body."""


class LikeExamplesBody(LikeExamples, Strict):
    """LikeExamples as a body."""


class LikeAreaBody(LikeArea, Strict):
    """LikeArea as a body."""


class Matches(BaseModel):
    """The matches, best first, and the query that they answer."""

    query: dict[str, Any] = Field(
        description="kind (tile, block, position, examples, area or chip) and the fields of the search."
    )
    tile_id: int | None = Field(None, description="The query tile of a search by tile, else null.")
    block_id: int | None = Field(None, description="The query block of a search by block, else null.")
    method: Compared = Field(description="The vectors that were compared.")
    key: str | None = Field(None, description="The key of the question (api.question_key), if with_key asks for it.")
    matches: list[Match]
