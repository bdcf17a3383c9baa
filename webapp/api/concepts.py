"""Concepts under ``/api/v1/concepts``: what is stored, everything that belongs to one, and learning from examples."""

import csv
import io
import json
from collections.abc import Callable, Iterator
from itertools import chain
from typing import Any

from apiflask import APIBlueprint
from flask import Response

from webapp.api.models.concepts import ConceptPath, Concepts, FindQuery, FitBody, Fitted
from webapp.api.models.search_filters import FIND_ARGUMENTS
from webapp.database import Row, database

blueprint = APIBlueprint("concepts", __name__, url_prefix="/api/v1/concepts")

LIST = """
    SELECT
        c.name, c.unit, c.method, c.fitted_by, c.threshold, c.threshold_by, c.average_precision,
        cardinality(c.positive) AS n_positive, cardinality(c.negative) AS n_negative, c.n_random_negatives,
        internal.is_current(c) AS is_current
    FROM terrakin.concepts AS c
    ORDER BY c.name
"""
FIND = """
    SELECT
        f.block_id, f.tile_id, f.item_id, f.city_id, f.city, f.country_code, f.similarity,
        ST_X(f.location) AS lon, ST_Y(f.location) AS lat
    FROM api.find(%(name)s, %(ordered)s::boolean, ARGUMENTS) AS f
""".replace("ARGUMENTS", FIND_ARGUMENTS)
KEY = "SELECT internal.key_text(%(set_id)s, %(direction)s::real[]) AS key"
COLUMNS = ("block_id", "tile_id", "item_id", "city_id", "city", "country_code", "similarity", "lon", "lat")
FILES: dict[int | str, Any] = {
    200: {
        "description": "Everything that belongs to the concept, as it is found.",
        "content": {"text/csv": {}, "application/geo+json-seq": {}},
    }
}


@blueprint.get("")
@blueprint.output(Concepts)
def concepts() -> Row:
    """Return all concepts."""
    return {"concepts": database().rows(LIST)}


@blueprint.post("/fit")
@blueprint.input(FitBody)
@blueprint.output(Fitted)
def fit(json_data: FitBody) -> Row:
    """Learn a concept from examples and return it, without storing it."""
    # Importing scikit-learn takes a second, which the start of a worker need not wait for.
    from db.concepts.store import current_set, learn

    asked = json_data
    with database().connection() as conn:
        set_id = current_set(conn, asked.unit, asked.method)
        learned = learn(conn, asked.unit, set_id, sorted(set(asked.positive)), sorted(set(asked.negative)), asked.seed)
    key = database().row(KEY, {"set_id": set_id, "direction": learned.fit.direction.tolist()})
    return {
        "unit": learned.unit,
        "method": learned.method,
        "fitted_by": learned.fit.fitted_by,
        "threshold": learned.fit.threshold,
        "average_precision": learned.fit.average_precision,
        "n_random_negatives": len(learned.chosen.drawn),
        **(key or {}),
    }


@blueprint.get("/<name>/items")
@blueprint.input(ConceptPath, location="path")
@blueprint.input(FindQuery, location="query")
@blueprint.doc(responses=FILES)
def items(name: str, path_data: ConceptPath, query_data: FindQuery) -> Response:
    """Return every tile or block that belongs to a concept, streamed."""
    arguments = query_data.model_dump()
    within = arguments["within"]
    arguments |= {"name": path_data.name, "within": None if within is None else json.dumps(within)}
    write, content_type, suffix = WRITERS[arguments.pop("format")]
    rows = database().stream(FIND, arguments)
    # An error is an answer of its own, as long as nothing has been sent.
    first = next(rows, [])
    response = Response(write(chain([first], rows)), content_type=content_type)
    response.headers["Content-Disposition"] = f'attachment; filename="terrakin-{name}.{suffix}"'
    return response


def _csv(batches: Iterator[list[Row]]) -> Iterator[str]:
    yield ",".join(COLUMNS) + "\r\n"
    for rows in batches:
        text = io.StringIO()
        csv.writer(text).writerows([row[name] for name in COLUMNS] for row in rows)
        yield text.getvalue()


def _geojsonseq(batches: Iterator[list[Row]]) -> Iterator[str]:
    for rows in batches:
        yield "".join(f"\x1e{json.dumps(_feature(row))}\n" for row in rows)


def _feature(row: Row) -> Row:
    lon, lat = row["lon"], row["lat"]
    properties = {name: row[name] for name in COLUMNS[:-2]}
    return {
        "type": "Feature",
        "id": row["item_id"],
        "geometry": {"type": "Point", "coordinates": [lon, lat]},
        "properties": properties,
    }


WRITERS: dict[str, tuple[Callable[[Iterator[list[Row]]], Iterator[str]], str, str]] = {
    "csv": (_csv, "text/csv; charset=utf-8", "csv"),
    "geojsonseq": (_geojsonseq, "application/geo+json-seq", "geojsonl"),
}
