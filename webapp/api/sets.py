"""Imported sets under ``/api/v1/sets``, and their items. Searches take the name of a set as their unit."""

from apiflask import APIBlueprint
from flask import Response

from webapp import pictures
from webapp.api import caching
from webapp.api.models.sets import ImportedSets, Item, ItemPath, SetPath
from webapp.api.models.tiles import Position
from webapp.api.tiles import PICTURE, THUMBNAIL, picture
from webapp.database import Row, database
from webapp.errors import NotFoundError

blueprint = APIBlueprint("sets", __name__, url_prefix="/api/v1/sets")
caching.install(blueprint)

SETS = """
    SELECT s.unit, s.layout, s.dimension, s.post_processing, s.size_m, s.n_items, s.start_item_id
    FROM api.imported_set_overview AS s
    ORDER BY s.unit
"""
ITEM = """
    SELECT
        i.unit, i.item_id, i.source_id, i.observed_at, i.city_id, i.city, i.country_code, i.country, i.properties,
        i.lon, i.lat, EXISTS (SELECT FROM internal.picture_of_item(i.location, i.footprint)) AS has_thumbnail,
        ST_AsGeoJSON(i.footprint)::json AS footprint
    FROM api.imported_overview AS i
    WHERE i.unit = %(unit)s AND i.item_id = %(item_id)s::bigint
"""
ITEM_AT = "SELECT internal.imported_item_at(%(lon)s::double precision, %(lat)s::double precision, %(unit)s) AS item_id"
PICTURED = """
    SELECT p.tile_id, p.block_id
    FROM api.imported_overview AS i
    CROSS JOIN LATERAL internal.picture_of_item(i.location, i.footprint) AS p
    WHERE i.unit = %(unit)s AND i.item_id = %(item_id)s::bigint
"""


@blueprint.get("")
@blueprint.output(ImportedSets)
def sets() -> Row:
    """Return all imported sets that can be searched."""
    return {"sets": database().rows(SETS)}


@blueprint.get("/<unit>/items/<item_id>")
@blueprint.input(ItemPath, location="path")
@blueprint.output(Item)
def item(unit: str, item_id: str, path_data: ItemPath) -> Row:
    """Return an item of an imported set: its place, its area, and the other columns of its file."""
    row = database().row(ITEM, path_data.model_dump())
    if row is None:
        raise NotFoundError(f"imported set {unit!r} has no item {item_id}; /api/v1/sets lists the sets")
    return row


@blueprint.get("/<unit>/item-at")
@blueprint.input(SetPath, location="path")
@blueprint.input(Position, location="query")
@blueprint.output(Item)
def item_at(unit: str, path_data: SetPath, query_data: Position) -> Row:
    """Return the item of an imported set whose centre is nearest to a position, within 5 km."""
    found = database().row(ITEM_AT, {**path_data.model_dump(), **query_data.model_dump()}) or {}
    if found["item_id"] is None:
        raise NotFoundError(
            f"imported set {unit!r} has no item within 5 km of lon {query_data.lon}, lat {query_data.lat}"
        )
    return database().row(ITEM, {"unit": unit, **found}) or {}


@blueprint.get("/<unit>/items/<item_id>/thumbnail")
@blueprint.input(ItemPath, location="path")
@blueprint.doc(responses=PICTURE)
def item_thumbnail(unit: str, item_id: str, path_data: ItemPath) -> Response:
    """Return the true-colour picture of the place of an item: of its tile, or 960 m around an item under 1 km2."""
    found = database().row(PICTURED, path_data.model_dump())
    if found is None:
        raise NotFoundError(f"there is no picture of item {item_id} of set {unit!r}: no tile lies there")
    if found["block_id"] is None:
        return picture((database().row(THUMBNAIL, found, binary=True) or {})["webp"])
    return picture(pictures.draw_block(database().rows(pictures.BLOCK_PICTURES, found, binary=True)))
