"""Types of the fields of a search: lists, areas and periods, as JSON or as text of a query string."""

import json
from datetime import date
from typing import Annotated, Any

import shapely
from pydantic import AfterValidator, BeforeValidator, Field, WithJsonSchema

from webapp.api.models.fields import BIGINT_MAX, Geometry

GEOJSON_AREA: dict[str, Any] = {
    "type": "object",
    "required": ["type", "coordinates"],
    "properties": {
        "type": {"type": "string", "enum": ["Polygon", "MultiPolygon"]},
        "coordinates": {"type": "array", "items": {"type": "array", "items": {}}},
    },
}
EARTH = shapely.box(-360, -90, 360, 90)
"""Longitudes beyond 180 are drawn across the antimeridian."""


def _split(value: object) -> object:
    return [part.strip() for part in value.split(",")] if isinstance(value, str) else value


def parse_json(value: object) -> object:
    """Return JSON text of a query string or form as a value; leave other values alone."""
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
        raise ValueError("lies outside longitude -360..360, latitude -90..90 (degrees, EPSG:4326, longitude first)")
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
Period = Annotated[str, Field(max_length=21), AfterValidator(_check_period)]
Area = Annotated[Geometry, BeforeValidator(parse_json), AfterValidator(_check_area), WithJsonSchema(GEOJSON_AREA)]
