"""What people read about concepts."""

from typing import Any

import psycopg

from db.concepts.examples import UNITS, examples_of, tuples
from db.concepts.fit import Examples, fit
from db.concepts.store import Concept
from db.errors import ConceptError

Connection = psycopg.Connection[Any]

HEAD = f"{'concept':<24}{'unit':<8}{'fitted by':<11}{'examples':>10}{'threshold':>11}{'average precision':>19}"
LIST = """
    SELECT c.name, c.unit, c.fitted_by, cardinality(c.positive) || '/' || cardinality(c.negative), c.threshold,
        c.average_precision, internal.is_current(c)
    FROM terrakin.concepts AS c
    ORDER BY c.name
"""
COUNT = "SELECT count(*), count(DISTINCT f.city_id) FROM api.find(%s) AS f"
VECTORS = """
    SELECT v.tile_id, t.city_id, ST_X(t.location::geometry), ST_Y(t.location::geometry), v.embedding::real[]
    FROM api.tile_vectors AS v
    JOIN terrakin.tiles AS t ON t.tile_id = v.tile_id
    WHERE v.method = %(method)s AND v.tile_id = ANY(%(ids)s)
    ORDER BY v.tile_id
"""
IMPORTED_VECTORS = """
    SELECT v.item_id, e.city_id, ST_X(e.location), ST_Y(e.location), v.embedding::real[]
    FROM api.imported_vectors AS v
    JOIN terrakin.embedding_keys AS e ON e.set_id = %(set_id)s AND e.item_id = v.item_id
    WHERE v.unit = %(unit)s AND v.item_id = ANY(%(ids)s)
    ORDER BY v.item_id
"""


def read_lines(conn: Connection) -> list[str]:
    """Return one line per concept, under HEAD."""
    lines = []
    for name, unit, fitted_by, examples, threshold, precision, is_current in conn.execute(LIST):
        score = "not validated" if precision is None else f"{precision:.3f}"
        note = "" if is_current else "  its keys were made again: run `terrakin db index`"
        lines.append(f"{name:<24}{unit:<8}{fitted_by:<11}{examples:>10}{threshold:>11.3f}{score:>19}{note}")
    return lines


def describe(conn: Connection, name: str, concept: Concept) -> list[str]:
    """Return what was learned, how well it does in other cities, and how much it finds."""
    chosen, found = concept.chosen, concept.fit
    n_found, n_cities = conn.execute(COUNT, (name,)).fetchone() or (0, 0)
    drawn = f", {len(chosen.drawn)} drawn at random (seed {concept.seed})" if chosen.drawn else ""
    examples = f"{len(chosen.positive)} positive and {len(chosen.negative)} negative examples{drawn}"
    if concept.unit in UNITS:
        units, method, places = f"{concept.unit}s", f" by {concept.method}", f" in {n_cities:,} cities"
    else:
        units, method, places = f"items of {concept.unit}", "", ""
    return [
        f"concept {name}: {units}{method}, fitted by {found.fitted_by} to {examples}",
        *_score(conn, concept),
        f"api.find('{name}') finds {n_found:,} {units}{places}",
    ]


def _score(conn: Connection, concept: Concept) -> list[str]:
    found = concept.fit
    if found.average_precision is None:
        return [
            f"threshold {found.threshold:.3f}: {_quantile(concept)}",
            "not validated: examples from one area; a score needs examples from three cities or more",
        ]
    whole = _with_whole_vectors(conn, concept)
    compared = "whole vectors of blocks are not stored" if whole is None else f"{whole:.3f} with whole vectors"
    kept = f"{compared}; keys keep {concept.kept_share:.1%} of their squared length"
    return [
        f"threshold {found.threshold:.3f}: the best F1 in cities that were held out",
        f"average precision {found.average_precision:.3f} in cities that were held out ({kept})",
    ]


def _quantile(concept: Concept) -> str:
    if len(concept.chosen.positive) == 1:
        return "the 99th percentile of the similarities of the negative examples"
    return "the 10th percentile of the similarities of its examples, learned without them"


def _with_whole_vectors(conn: Connection, concept: Concept) -> float | None:
    """Return the average precision of the same fit to whole vectors; None for blocks."""
    if concept.unit == "block":
        return None
    examples = _whole_examples(conn, concept)
    return fit(examples, concept.fit.fitted_by, concept.seed).average_precision


def _whole_examples(conn: Connection, concept: Concept) -> Examples:
    chosen = concept.chosen
    ids = chosen.positive + chosen.negative + chosen.drawn
    values = {"unit": concept.unit, "method": concept.method, "set_id": concept.set_id, "ids": ids}
    rows = tuples(conn, VECTORS if concept.unit in UNITS else IMPORTED_VECTORS, values)
    if len(rows) < len(set(ids)):
        raise ConceptError("examples were deleted while the concept was learned; run the same command again")
    return examples_of(rows, chosen)
