"""The engines of the search benchmark: what each must do, and terrakin itself."""

from dataclasses import dataclass
from typing import Protocol, Self

import numpy as np
import psycopg

from benchmarks.search.items import Items
from benchmarks.search.questions import Question
from benchmarks.world import country_code
from db.constants import CONTINENTS


class Engine(Protocol):
    """Answers questions."""

    name: str
    build_s: float
    insert_s: float
    index_mib: float

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first, or None if the engine does not support the question."""

    def another_client(self) -> "Engine":
        """Return what another thread asks."""

    def close(self) -> None:
        """Close the connection, if there is one."""


@dataclass(frozen=True)
class Built:
    """Build time, time to insert a city, and size of an index or, if the peer has its own files, on disk."""

    build_s: float
    insert_s: float
    index_mib: float


class InProcess:
    """A peer in this process: threads share it, and there is no connection to close."""

    def another_client(self) -> Self:
        """Return the same object."""
        return self

    def close(self) -> None:
        """Do nothing."""


SIMILAR = """
    SELECT {unit}_id
    FROM api.similar_to_examples(%(positive)s, unit => %(unit)s, k => %(k)s, exclude_within_m => %(exclude_within_m)s,
        exclude_same_city => %(exclude_same_city)s, countries => %(countries)s, continents => %(continents)s,
        within => ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326), max_per_city => %(max_per_city)s,
        exact => %(exact)s)
"""
"""A search by one tile or block is a search by one example."""


class Terrakin:
    """`api.similar_to_examples`, with or without `exact => true`."""

    def __init__(
        self, url: str, items: Items, exact: bool, build_s: float = 0, insert_s: float = 0, index_mib: float = 0
    ) -> None:
        """Connect to a filled database."""
        self.name = "terrakin exact" if exact else "terrakin"
        self.items, self.exact = items, exact
        self.build_s, self.insert_s, self.index_mib = build_s, insert_s, index_mib
        self.url = url
        self.conn = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        self.statement = psycopg.sql.SQL(SIMILAR).format(unit=psycopg.sql.SQL(items.unit))

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first."""
        box = question.within
        values = {
            "unit": self.items.unit,
            "positive": self.items.ids[question.examples(self.items, row)].tolist(),
            "k": question.k,
            "exclude_within_m": question.exclude_within_m,
            "exclude_same_city": question.exclude_same_city,
            "countries": None if question.country < 0 else [country_code(question.country)],
            "continents": None if question.continent < 0 else [CONTINENTS[question.continent]],
            "west": box and box.west,
            "south": box and box.south,
            "east": box and box.east,
            "north": box and box.north,
            "max_per_city": question.max_per_city or None,
            "exact": self.exact,
        }
        found = [item_id for (item_id,) in self.conn.execute(self.statement, values)]
        return [int(found_row) for found_row in np.searchsorted(self.items.ids, found)]

    def another_client(self) -> Engine:
        """Return the same search over a connection of its own."""
        return Terrakin(self.url, self.items, self.exact, self.build_s, self.insert_s, self.index_mib)

    def close(self) -> None:
        """Close the connection."""
        self.conn.close()
