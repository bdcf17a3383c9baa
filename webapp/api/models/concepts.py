"""Parameters and answers of the API about concepts, as pydantic models."""

from typing import Literal

from pydantic import BaseModel, Field

from webapp.api.models.fields import METHOD, NAME_PATTERN, Compared, Method, Query, Unit
from webapp.api.models.search import ItemIds
from webapp.api.models.search_filters import FindFilters


class Concept(BaseModel):
    """A concept: a row of terrakin.concepts without its direction."""

    name: str
    unit: str = Field(description="What it describes: tile, block, or the name of an imported set.")
    method: str = Field(description="Vectors that are compared; imported for an imported set.")
    fitted_by: Literal["rocchio", "logistic"]
    threshold: float = Field(description="Least similarity to the direction that belongs to the concept.")
    threshold_by: Literal["validation", "quantile"]
    average_precision: float | None = Field(
        description="Average precision in cities that were held out; null: not validated, examples from one area."
    )
    n_positive: int
    n_negative: int
    n_random_negatives: int
    is_current: bool = Field(description="False if its keys were made again: run `terrakin db index`.")


class Concepts(BaseModel):
    """All concepts, by name."""

    concepts: list[Concept]


class ConceptPath(BaseModel):
    """The concept in a path."""

    name: str = Field(pattern=NAME_PATTERN, description="Name of a concept.")


class FitBody(Query):
    """Examples of a concept."""

    unit: Unit = "block"
    method: Method | None = Field(None, description=METHOD)
    positive: ItemIds = Field(min_length=1, description="Tiles, blocks or items that belong to it.")
    negative: ItemIds = Field([], description="Tiles, blocks or items that do not.")
    seed: int = Field(0, ge=0, le=2**31 - 1, description="Seed of the negative examples drawn at random.")


class Fitted(BaseModel):
    """What was learned from examples; nothing is stored."""

    unit: Unit
    method: Compared
    fitted_by: Literal["rocchio", "logistic"]
    threshold: float
    average_precision: float | None
    n_random_negatives: int
    key: str = Field(description="The direction, for /tiles/similarity/{z}/{x}/{y}?key=.")


class FindQuery(FindFilters):
    """The arguments of api.find."""

    format: Literal["csv", "geojsonseq"] = Field(
        "csv", description="csv, or geojsonseq: one GeoJSON feature a line (RFC 8142)."
    )
    ordered: bool = Field(False, description="Rank all of them first, the most similar one on top.")
