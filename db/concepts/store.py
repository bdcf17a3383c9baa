"""Learning concepts from the keys in the database, and keeping them there."""

import logging
from dataclasses import dataclass
from typing import Any

import psycopg
from pgvector import HalfVector

from db.concepts.examples import N_RANDOM, Chosen, choose, read_examples, tuples
from db.concepts.fit import Fit, fit, method_for
from db.errors import ConceptError

Connection = psycopg.Connection[Any]
log = logging.getLogger(__name__)

SET = "SELECT internal.set_id(%(unit)s, coalesce(%(method)s, internal.default_method(%(unit)s)))"
METHOD = "SELECT s.method, s.kept_share FROM terrakin.embedding_sets AS s WHERE s.set_id = %s"
WRITE = """
    INSERT INTO terrakin.concepts AS c
        (name, unit, method, set_id, fitted_by, direction, threshold, threshold_by, average_precision, positive,
         negative, n_random_negatives, seed, post_processing_version)
    VALUES (%(name)s, %(unit)s, %(method)s, %(set_id)s, %(fitted_by)s, %(direction)s, %(threshold)s, %(threshold_by)s,
        %(average_precision)s, %(positive)s, %(negative)s, %(n_random_negatives)s, %(seed)s,
        internal.current_post_processing_version())
    ON CONFLICT (name) DO UPDATE SET
        (unit, method, set_id, fitted_by, direction, threshold, threshold_by, average_precision, positive, negative,
         n_random_negatives, seed, post_processing_version, made_at)
        = (excluded.unit, excluded.method, excluded.set_id, excluded.fitted_by, excluded.direction, excluded.threshold,
           excluded.threshold_by, excluded.average_precision, excluded.positive, excluded.negative,
           excluded.n_random_negatives, excluded.seed, excluded.post_processing_version, now())
    WHERE %(is_replacing)s
    RETURNING c.name
"""
DROP = "DELETE FROM terrakin.concepts AS c WHERE c.name = %s RETURNING c.name"
STALE = """
    SELECT c.name, c.unit, c.method, c.positive, c.negative, c.seed
    FROM terrakin.concepts AS c
    WHERE NOT internal.is_current(c)
    ORDER BY c.name
"""


@dataclass(frozen=True)
class Concept:
    """A concept that was learned.

    Attributes:
        unit: tile or block.
        method: vectors that are compared.
        set_id: set of keys that the fit refers to.
        kept_share: share (0..1) of the squared length of the vectors that these keys keep.
        chosen: the examples.
        seed: seed of those drawn at random.
        fit: what was learned from them.
    """

    unit: str
    method: str
    set_id: int
    kept_share: float
    chosen: Chosen
    seed: int
    fit: Fit


def current_set(conn: Connection, unit: str, method: str | None) -> int:
    """Return the set of keys that searches by a unit and method compare.

    Raises:
        ConceptError: the unit or method is unknown.
    """
    try:
        ((set_id,),) = tuples(conn, SET, {"unit": unit, "method": method})
    except psycopg.errors.InvalidParameterValue as error:
        raise ConceptError(f"{error.diag.message_primary}; {error.diag.message_hint}") from error
    return int(set_id)


def learn(conn: Connection, unit: str, set_id: int, positive: list[int], negative: list[int], seed: int) -> Concept:
    """Learn a concept from examples, in the space of the keys of a set.

    Raises:
        ConceptError: the examples do not suffice, or one does not exist.
    """
    fitted_by = method_for(len(positive), len(negative))
    # Always with random ones: negative examples that were chosen because they are hard to tell do not show what most
    # other places look like, and a direction learned from them alone finds these.
    chosen = choose(conn, set_id, positive, negative, N_RANDOM, seed)
    found = fit(read_examples(conn, unit, set_id, chosen), fitted_by, seed)
    ((method, kept_share),) = tuples(conn, METHOD, (set_id,))
    return Concept(unit, method, set_id, kept_share, chosen, seed, found)


def save(conn: Connection, name: str, concept: Concept, *, is_replacing: bool) -> None:
    """Write a concept.

    Raises:
        ConceptError: it exists, and is not to be replaced, or the name is not allowed.
    """
    found = concept.fit
    values = {
        "name": name,
        "unit": concept.unit,
        "method": concept.method,
        "set_id": concept.set_id,
        "fitted_by": found.fitted_by,
        "direction": HalfVector(found.direction),
        "threshold": found.threshold,
        "threshold_by": "quantile" if found.average_precision is None else "validation",
        "average_precision": found.average_precision,
        "positive": concept.chosen.positive,
        "negative": concept.chosen.negative,
        "n_random_negatives": len(concept.chosen.drawn),
        "seed": concept.seed,
        "is_replacing": is_replacing,
    }
    try:
        row = conn.execute(WRITE, values).fetchone()
    except psycopg.errors.CheckViolation as error:
        raise ConceptError(f"{name!r} is no name of a concept: use up to 60 small letters, digits, - and _") from error
    if row is None:
        raise ConceptError(f"concept {name!r} exists; give another name, or --replace")


def drop(conn: Connection, name: str) -> None:
    """Delete a concept.

    Raises:
        ConceptError: it does not exist.
    """
    if conn.execute(DROP, (name,)).fetchone() is None:
        raise ConceptError(f"there is no concept {name!r}; `terrakin concepts list` lists them")


def learn_again(conn: Connection) -> list[str]:
    """Learn every concept again whose keys have been made again, from its examples. Return their names.

    Examples that no longer exist are left out; a concept whose others do not suffice stays as it is.
    """
    names = []
    for name, unit, method, positive, negative, seed in conn.execute(STALE).fetchall():
        set_id = current_set(conn, unit, method)
        kept = [_existing(conn, set_id, ids) for ids in (positive, negative)]
        try:
            learned = learn(conn, unit, set_id, kept[0], kept[1], seed)
        except ConceptError as error:
            log.warning("event=not_learned_again concept=%s reason=%r", name, str(error))
            continue
        save(conn, name, learned, is_replacing=True)
        names.append(name)
    return names


def _existing(conn: Connection, set_id: int, ids: list[int]) -> list[int]:
    rows = conn.execute(
        "SELECT e.item_id FROM terrakin.embedding_keys AS e WHERE e.set_id = %s AND e.item_id = ANY(%s)", (set_id, ids)
    )
    return sorted(row[0] for row in rows)
