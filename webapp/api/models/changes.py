"""Parameters and answers of the API about changes between two periods, as pydantic models."""

from typing import Literal

from pydantic import BaseModel, Field

from webapp.api.models.fields import BIGINT_MAX, MAX_PAGE, PERIOD, Geometry, Query
from webapp.api.models.search_fields import Period


class CityPeriod(BaseModel):
    """A row of api.period_overview."""

    period: str = Field(description=PERIOD)
    is_date_known: bool = Field(description="Whether changes from and to this period can be looked for.")
    n_tiles: int


class CityPeriods(BaseModel):
    """The periods of which a city has tiles, oldest first."""

    periods: list[CityPeriod]


class ChangesQuery(Query):
    """The arguments of api.changes."""

    city_id: int = Field(ge=-BIGINT_MAX, le=BIGINT_MAX, description="Key of a city.")
    period_a: Period = Field(description="Days (UTC) of the earlier tiles: 2024-06-01/2024-08-31.")
    period_b: Period = Field(description="Days (UTC) of the later tiles.")
    k: int = Field(20, ge=0, le=MAX_PAGE, description="Maximum number of places.")
    unit: Literal["tile", "block"] = Field("block", description="What is compared: tile (2,240 m) or block (320 m).")


class Change(BaseModel):
    """A row of api.changes, with the centre of the place."""

    rank: int
    block_id: int | None = Field(description="The block in period_b; null by unit tile.")
    earlier_block_id: int | None = Field(description="The same block in period_a; null by unit tile.")
    tile_id: int = Field(description="The tile in period_b.")
    earlier_tile_id: int = Field(description="The tile in period_a.")
    change: float = Field(description="Length of the difference of the two keys beyond that of places alike.")
    score: float | None = Field(description="Robust standard deviations above the median of the city.")
    similarity: float = Field(description="Cosine similarity of the two keys, -1 to 1.")
    compared: int = Field(description="Number of places that both periods have.")
    lon: float
    lat: float
    footprint: Geometry


class Changes(BaseModel):
    """What changed most unusually between two periods of a city, most first."""

    city_id: int
    period_a: str
    period_b: str
    unit: Literal["tile", "block"]
    changes: list[Change]
