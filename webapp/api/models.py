"""Parameters and answers of the JSON API about tiles and cities, as pydantic models.

They define the checks that run before SQL, and the OpenAPI text. Names, units and meanings are those of schema ``api``
(sql/README.md).
"""

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

BIGINT_MAX = 2**63 - 1
INTEGER_MAX = 2**31 - 1
MAX_PAGE = 500

TileId = Annotated[int, Field(ge=0, le=BIGINT_MAX, description="Key of a tile.")]
BlockId = Annotated[int, Field(ge=0, le=BIGINT_MAX, description="Key of a block: tile_id * 64 + row * 7 + col.")]
NAME_PATTERN = "^[a-z0-9][a-z0-9_-]{0,59}$"
"""Of the names of imported sets and concepts."""
Unit = Annotated[
    str,
    Field(
        pattern=NAME_PATTERN,
        description="tile (2,240 m), block (320 m), or the name of an imported set: see /sets.",
    ),
]
Method = Literal["mean", "dominant", "median", "min", "max", "std", "mean_std"]
Compared = Method | Literal["imported"]
"""The vectors that were compared: items of an imported set have only one."""
Origin = Literal["real", "synthetic", "any"]
Geometry = dict[str, Any]
"""A GeoJSON geometry, EPSG:4326."""

METHOD = "Vectors to compare; default_method of /encoder if null. Items of an imported set have one vector."
PERIOD = "First and last day (UTC) of the composite, 2024-06-01/2024-08-31, or 'date unknown'."
IS_DATE_KNOWN = "False if the source of the pixels gives no date."
VALID_SHARE = "Share of the pixels with a clear observation, 0 to 1."
IS_SYNTHETIC = "True if the pixels are generated, false for a real place."
LICENCES = "Licences of the source scenes."
ATTRIBUTIONS = "Attributions that the source scenes ask for."
UNKNOWN = "Null for an item of an imported set."
CITY_OF_ITEM = "The city; null if the extent of none contains an item of an imported set."
COUNTRY_OF_ITEM = "ISO 3166-1 alpha-2 code; null at sea."


class Query(BaseModel):
    """A query string. Unknown parameters are rejected, so that a misspelt name is not ignored."""

    model_config = ConfigDict(extra="forbid", allow_inf_nan=False)


class TilePath(BaseModel):
    """The tile in a path."""

    tile_id: TileId


class BlockPath(BaseModel):
    """The block in a path."""

    block_id: BlockId


class Position(Query):
    """A position in degrees, EPSG:4326."""

    lon: float = Field(ge=-180, le=180)
    lat: float = Field(ge=-90, le=90)


class TilePair(Query):
    """The arguments of api.similarity."""

    a: TileId
    b: TileId
    method: Method | None = Field(None, description=METHOD)


class Similarity(BaseModel):
    """The similarity of two tiles, and the distance between them."""

    a: int
    b: int
    method: Method
    similarity: float = Field(description="Cosine similarity of the two vectors, -1 to 1.")
    distance_m: float = Field(description="Geodesic distance between the centres, metres.")


class PairPercentilesQuery(Query):
    """The arguments of api.pair_percentiles."""

    unit: Unit = "tile"
    method: Method | None = Field(None, description=METHOD)
    origin: Origin = "any"


class PairPercentiles(BaseModel):
    """How similar pairs of tiles, blocks or items are."""

    unit: Unit
    method: Compared | None
    origin: Origin
    similarities: list[float] = Field(
        description="The similarity that 0, 1, ..., 100 % of pairs are below, of 200 of them; empty without pairs."
    )


class BlockPairsQuery(Query):
    """The arguments of api.matching_blocks."""

    a: TileId
    b: TileId
    k: int = Field(4, ge=1, le=49, description="Maximum number of pairs.")


class BlockPair(BaseModel):
    """A block of one tile and the block of another that is most like it."""

    rank: int
    a_block_id: int
    b_block_id: int
    similarity: float = Field(description="Cosine similarity of the keys of the blocks, -1 to 1.")


class BlockPairs(BaseModel):
    """The blocks that explain the similarity of two tiles."""

    a: int
    b: int
    k: int
    pairs: list[BlockPair]


class CitySearch(Query):
    """The arguments of api.search_cities."""

    q: str = Field("", max_length=100, description="Part of the name of a city or country.")
    limit: int = Field(50, ge=1, le=MAX_PAGE, description="Maximum number of cities per page.")
    offset: int = Field(0, ge=0, le=INTEGER_MAX, description="Number of cities to skip: `next` of the previous page.")


class CityPath(BaseModel):
    """The city in a path."""

    city_id: int = Field(ge=-BIGINT_MAX, le=BIGINT_MAX, description="GeoNames id; negative for a synthetic town.")


class Tile(BaseModel):
    """A row of api.tile_overview, with the area of the dominant cluster."""

    tile_id: int
    city_id: int
    city: str
    country_code: str
    country: str
    continent: str
    period: str = Field(description=PERIOD)
    is_date_known: bool = Field(description=IS_DATE_KNOWN)
    valid_share: float = Field(description=VALID_SHARE)
    dominant_share: float
    umap_x: float | None
    umap_y: float | None
    lon: float
    lat: float
    is_synthetic: bool = Field(description=IS_SYNTHETIC)
    licences: list[str] = Field(description=LICENCES)
    attributions: list[str] = Field(description=ATTRIBUTIONS)
    has_thumbnail: bool
    footprint: Geometry
    dominant_area: Geometry | None = Field(
        description="Area covered by the patches of the dominant cluster: MultiPolygon, EPSG:4326."
    )
    block_numbers: list[int] = Field(
        description="Its blocks, row * 7 + col from the north-west; block_id is tile_id * 64 + this."
    )


class Block(BaseModel):
    """A row of api.block_overview, with the parts of its key, and the footprint and thumbnail of its tile."""

    block_id: int
    tile_id: int
    row: int = Field(description="Row among the 7 x 7 blocks of the tile, 0 in the north.")
    col: int = Field(description="Column among the 7 x 7 blocks of the tile, 0 in the west.")
    city_id: int
    city: str
    country_code: str
    country: str
    continent: str
    period: str = Field(description=PERIOD)
    is_date_known: bool = Field(description=IS_DATE_KNOWN)
    valid_share: float = Field(description=VALID_SHARE)
    lon: float
    lat: float
    is_synthetic: bool = Field(description=IS_SYNTHETIC)
    licences: list[str] = Field(description=LICENCES)
    attributions: list[str] = Field(description=ATTRIBUTIONS)
    has_thumbnail: bool = Field(description="Whether the tile has a thumbnail.")
    footprint: Geometry
    tile_footprint: Geometry


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


class Match(BaseModel):
    """A row of api.search: a tile, block or item of an imported set."""

    rank: int
    item_id: int = Field(description="What was found: tile, block, or item of an imported set.")
    block_id: int | None = Field(description="The block; null in a search by another unit.")
    tile_id: int | None = Field(description="The tile, or the tile of the block; null for an item of an imported set.")
    city_id: int | None = Field(description=CITY_OF_ITEM)
    city: str | None
    country_code: str | None = Field(description=COUNTRY_OF_ITEM)
    country: str | None
    similarity: float = Field(description="Cosine similarity, -1 to 1.")
    distance_m: float | None = Field(
        description="Geodesic distance from the position or area of the query, metres; null if it has none."
    )
    compared: int = Field(description="Number of tiles, blocks or items that were compared.")
    is_exact: bool = Field(description="Whether every eligible one was compared.")
    lon: float
    lat: float
    is_synthetic: bool | None = Field(description=f"{IS_SYNTHETIC} {UNKNOWN}")
    period: str | None = Field(description=f"{PERIOD} {UNKNOWN}")
    is_date_known: bool | None = Field(description=f"{IS_DATE_KNOWN} {UNKNOWN}")
    valid_share: float | None = Field(
        description=f"Share of the tile's pixels with a clear observation, 0 to 1. {UNKNOWN}"
    )
    licences: list[str] | None = Field(description=f"{LICENCES} {UNKNOWN}")
    attributions: list[str] | None = Field(description=f"{ATTRIBUTIONS} {UNKNOWN}")
    has_thumbnail: bool = Field(description="Whether the tile, or the newest tile at the item, has a thumbnail.")
    footprint: Geometry = Field(description="Outline of the tile or block, or the area of the item.")


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
