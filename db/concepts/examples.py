"""Reading examples: ids, places in a GeoJSON file, and negative examples drawn at random."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any, LiteralString

import numpy as np
import psycopg
import shapely
from psycopg.rows import scalar_row, tuple_row
from shapely.geometry.base import BaseGeometry

from db.cells import FIRST_CELL, cells
from db.concepts.fit import Examples
from db.embedding_sets.basis import unit_vectors
from db.errors import ConceptError, one_line

Connection = psycopg.Connection[Any]
UNITS = ("tile", "block")
"""All other units are names of imported sets."""

N_RANDOM = 200
"""Negative examples that are drawn beside those that are given."""
MAX_EXAMPLES = 10_000
MAX_ID = 2**63 - 1
COLLECTION = "write a FeatureCollection of points and polygons (EPSG:4326)"

ITEM_AT = {
    "tile": "SELECT a.tile_id FROM api.tile_at(%(lon)s, %(lat)s) AS a",
    "block": "SELECT a.block_id FROM api.block_at(%(lon)s, %(lat)s) AS a",
}
IMPORTED_AT = """
    SELECT i.item_id
    FROM internal.imported_item_at(%(lon)s, %(lat)s, %(unit)s) AS i(item_id)
    WHERE i.item_id IS NOT NULL
"""
GROUP_KM = 100
"""Examples without a city are held out by cells of this size."""
ITEMS_IN = """
    SELECT e.item_id
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = %s AND ST_Intersects(e.location, ST_SetSRID(%s::geometry, 4326))
    ORDER BY e.item_id
"""
KEYS = """
    SELECT e.item_id, e.city_id, ST_X(e.location), ST_Y(e.location), e.key::vector::real[]
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = %s AND e.item_id = ANY(%s)
    ORDER BY e.item_id
"""
DRAW = """
    SELECT e.item_id
    FROM terrakin.embedding_keys AS e
    WHERE e.set_id = %s AND e.item_id <> ALL(%s)
    ORDER BY hashint8extended(e.item_id, %s), e.item_id
    LIMIT %s
"""


@dataclass(frozen=True)
class Chosen:
    """What a concept is learned from.

    Attributes:
        positive: tile_id, block_id or item_id of what belongs to it, in order.
        negative: those of what does not.
        drawn: those drawn at random, which stand for what does not.
    """

    positive: list[int]
    negative: list[int]
    drawn: list[int]


def read_ids(conn: Connection, unit: str, set_id: int, given: tuple[str, ...]) -> list[int]:
    """Return the ids that texts stand for: ids separated by commas, or the path of a GeoJSON file.

    A point stands for the newest tile, or the block, that contains it, or the imported item with the nearest centre; a
    polygon for all whose centres lie in it.

    Raises:
        ConceptError: a text is neither, a file is no GeoJSON, or nothing lies at one of its places.
    """
    found: list[int] = []
    for text in given:
        if all(part.strip().isdecimal() for part in text.split(",")):
            found += [int(part) for part in text.split(",")]
        else:
            found += _ids_in_file(conn, unit, set_id, Path(text))
    if max(found, default=0) > MAX_ID:
        raise ConceptError(f"{max(found)} is no id of a {unit}: ids are below {MAX_ID + 1}")
    return sorted(set(found))


def choose(conn: Connection, set_id: int, positive: list[int], negative: list[int], n_random: int, seed: int) -> Chosen:
    """Return the examples, with n_random more negative ones drawn at random from the set.

    Raises:
        ConceptError: there is no positive example, one is on both sides, or there are too many.
    """
    both = sorted(set(positive) & set(negative))
    if not positive:
        raise ConceptError("there is no positive example; give the id of at least one tile or block")
    if both:
        raise ConceptError(f"{both[0]} is both a positive and a negative example; give it on one side")
    if len(positive) + len(negative) > MAX_EXAMPLES:
        raise ConceptError(
            f"there are {len(positive) + len(negative):,} examples, more than {MAX_EXAMPLES:,}; draw smaller areas"
        )
    with conn.cursor(row_factory=scalar_row) as cursor:
        drawn = cursor.execute(DRAW, (set_id, positive + negative, seed, n_random)).fetchall()
    return Chosen(positive, negative, drawn)


def read_examples(conn: Connection, unit: str, set_id: int, chosen: Chosen) -> Examples:
    """Return the keys and cities of examples.

    Raises:
        ConceptError: a tile or block does not exist, or nothing is left to tell the positive ones from.
    """
    ids = chosen.positive + chosen.negative + chosen.drawn
    rows = tuples(conn, KEYS, (set_id, ids))
    found = [row[0] for row in rows]
    missing = sorted(set(ids) - set(found))
    if missing:
        if unit not in UNITS:
            raise ConceptError(f"set {unit} has no item {missing[0]}; api.imported_overview lists its items")
        raise ConceptError(f"{unit} {missing[0]} does not exist; api.{unit}_at(lon, lat) finds the one at a position")
    examples = examples_of(rows, chosen)
    if examples.is_positive.all():
        raise ConceptError("there is nothing but the positive examples; give negative ones, or load more places")
    return examples


def examples_of(rows: list[tuple[Any, ...]], chosen: Chosen) -> Examples:
    """Return rows of id, city_id, longitude, latitude and vector, a list of numbers, as examples."""
    ids, city_ids, lon, lat, vectors = zip(*rows, strict=True)
    groups = np.array(city_ids, np.int64)
    groups = np.where(groups < FIRST_CELL, cells(np.array(lon), np.array(lat), GROUP_KM), groups)
    return Examples(unit_vectors(np.array(vectors)), np.isin(ids, chosen.positive), groups, np.isin(ids, chosen.drawn))


def tuples(conn: Connection, sql: LiteralString, parameters: Any) -> list[tuple[Any, ...]]:
    """Return all rows of a query, whatever rows the connection makes."""
    return conn.cursor(row_factory=tuple_row).execute(sql, parameters).fetchall()


def _ids_in_file(conn: Connection, unit: str, set_id: int, path: Path) -> list[int]:
    found: list[int] = []
    for number, place in enumerate(_places(path), start=1):
        if isinstance(place, shapely.Point):
            position = {"lon": place.x, "lat": place.y, "unit": unit}
            row = conn.execute(ITEM_AT.get(unit, IMPORTED_AT), position).fetchone()
            ids = [row[0]] if row else []
        else:
            ids = [row[0] for row in conn.execute(ITEMS_IN, (set_id, place))]
        if not ids:
            raise ConceptError(f"{path}: no {unit} lies at feature {number} ({place.geom_type}); remove or move it")
        found += ids
    return found


def _places(path: Path) -> list[BaseGeometry]:
    try:
        collection = shapely.from_geojson(path.read_bytes())
    except OSError as error:
        raise ConceptError(f"{path} cannot be read ({error.strerror}); give ids or a file") from error
    except shapely.errors.GEOSException as error:
        raise ConceptError(f"{path} is not GeoJSON ({one_line(error)}); {COLLECTION}") from error
    places = list(shapely.get_parts(collection))
    if not places or not all(
        isinstance(place, (shapely.Point, shapely.Polygon, shapely.MultiPolygon)) for place in places
    ):
        raise ConceptError(f"{path} has other content; {COLLECTION}")
    for number, place in enumerate(places, start=1):
        if not (place.is_valid and shapely.box(-180, -90, 180, 90).covers(place)):
            raise ConceptError(f"{path}: feature {number} has crossing lines, or lies outside the Earth; {COLLECTION}")
    return places
