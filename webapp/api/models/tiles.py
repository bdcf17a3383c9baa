"""Parameters and answers of the API about tiles and blocks."""

from pydantic import BaseModel, Field

from webapp.api.models.fields import (
    ATTRIBUTIONS,
    CITY_OF_ITEM,
    COUNTRY_OF_ITEM,
    IS_DATE_KNOWN,
    IS_SYNTHETIC,
    LICENCES,
    METHOD,
    PERIOD,
    UNKNOWN,
    VALID_SHARE,
    BlockId,
    Compared,
    Geometry,
    Method,
    Origin,
    Query,
    TileId,
    Unit,
)


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
