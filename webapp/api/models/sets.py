"""Parameters and answers of the API about imported sets, as pydantic models."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, Field

from webapp.api.models.fields import BIGINT_MAX, CITY_OF_ITEM, COUNTRY_OF_ITEM, Geometry, Unit


class ImportedSet(BaseModel):
    """A row of api.imported_set_overview."""

    unit: str = Field(description="Name of the set, which searches take as their unit.")
    layout: str = Field(description="Layout of its files, such as clay or alphaearth.")
    dimension: int = Field(description="Number of numbers of a vector.")
    post_processing: str = Field(description="What searches compare: none, centred or standardised unit vectors.")
    size_m: float | None = Field(description="Side of the square around a point that an item describes, metres.")
    n_items: int
    start_item_id: int | None = Field(description="An item to begin with: the first one.")


class ImportedSets(BaseModel):
    """All imported sets that can be searched, by name."""

    sets: list[ImportedSet]


class SetPath(BaseModel):
    """The imported set in a path."""

    unit: Unit


class ItemPath(SetPath):
    """The item of an imported set in a path."""

    item_id: int = Field(ge=0, le=BIGINT_MAX, description="Number of the item in its set.")


class Item(BaseModel):
    """A row of api.imported_overview."""

    unit: str
    item_id: int
    source_id: str | None = Field(description="Id in the file.")
    observed_at: datetime | None = Field(description="Date (UTC) of the imagery, as in the file.")
    city_id: int | None = Field(description=CITY_OF_ITEM)
    city: str | None
    country_code: str | None = Field(description=COUNTRY_OF_ITEM)
    country: str | None
    properties: dict[str, Any] = Field(description="The other columns of the file.")
    lon: float
    lat: float
    has_thumbnail: bool = Field(description="Whether the newest tile at its centre has a thumbnail.")
    footprint: Geometry = Field(description="What its vector describes.")
