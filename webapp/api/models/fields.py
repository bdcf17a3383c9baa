"""Types and descriptions of the fields that several models share, and the base of all query strings."""

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
