"""Answers of the JSON API about the loaded data and this server, as pydantic models."""

from datetime import datetime
from typing import Literal

from pydantic import BaseModel, Field

from webapp.api.models.fields import Method
from webapp.pages.imagery import ImageryId

IS_SYNTHETIC = "Whether any composite has synthetic pixels."


class ContinentCount(BaseModel):
    """Numbers of cities and tiles on a continent."""

    continent: str
    n_cities: int
    n_tiles: int


class PeriodCount(BaseModel):
    """Numbers of cities and tiles of a period."""

    period: str = Field(
        description="First and last day (UTC) of the composites, 2024-06-01/2024-08-31, or 'date unknown'."
    )
    n_cities: int
    n_tiles: int


class MethodCount(BaseModel):
    """Number of tiles that have a vector of a method."""

    method: Method
    n_tiles: int


class Stats(BaseModel):
    """Numbers of tiles, blocks, cities and vectors: api.stats."""

    n_tiles: int
    n_blocks: int
    n_synthetic_tiles: int
    n_cities: int
    n_countries: int
    n_continents: int
    n_thumbnails: int
    n_tiles_in_layout: int
    is_synthetic: bool = Field(description=IS_SYNTHETIC)
    by_continent: list[ContinentCount]
    periods: list[PeriodCount]
    by_method: list[MethodCount]


class Imagery(BaseModel):
    """Background imagery that the map can show."""

    id: ImageryId
    name: str
    tiles_url: str | None = Field(description="XYZ template, with {token} if needs_token; null for no imagery.")
    attribution: str
    max_zoom: int
    needs_token: bool = Field(description="Whether the user must enter a token.")


class Config(BaseModel):
    """Settings of the server that the page needs."""

    imagery: list[Imagery]
    default_imagery: ImageryId
    tiles_url: str = Field(description="Base address of the vector tiles: /tiles on this server, or that of Martin.")


class Encoder(BaseModel):
    """The encoder of the vectors, null in its fields while no data are loaded, and what is loaded."""

    name: str | None
    weights: Literal["pretrained", "random", "fitted"] | None
    weights_sha256: str | None
    dimension: int | None
    post_processing: str | None
    fitted_at: datetime | None
    default_method: Method = Field(description="Method of a search that names none.")
    start_tile_id: int | None = Field(
        description="Tile to open with: of a real place if there is one, else synthetic; null without tiles."
    )
    start_tile_ids: list[int] = Field(description="Up to four other tiles to start from, as different as possible.")
    is_synthetic: bool = Field(description=IS_SYNTHETIC)
    n_tiles: int
    n_synthetic_tiles: int
    n_cities: int
    n_countries: int
    attributions: list[str] = Field(description="Attributions that the source scenes of all composites ask for.")


class Health(BaseModel):
    """Whether the app and its database answer."""

    status: Literal["ok"]
