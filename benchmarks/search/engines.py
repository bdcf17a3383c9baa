"""PostgreSQL's engines of the search benchmark: terrakin, and pgvector without it."""

from typing import Protocol

import psycopg
from pgvector import Vector
from pgvector.psycopg import register_vector

from benchmarks.search.questions import Question
from benchmarks.world import World, country_code
from db.constants import CONTINENTS


class Engine(Protocol):
    """Answers questions. Rows count from 0; tile_id is row + 1."""

    name: str
    build_s: float
    index_mib: float

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first, or None if the engine does not support the question."""


SIMILAR = """
    SELECT tile_id
    FROM api.similar_tiles(%(tile_id)s, k => %(k)s, exclude_within_m => %(exclude_within_m)s,
        exclude_same_city => %(exclude_same_city)s, countries => %(countries)s, continents => %(continents)s,
        within => ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326), max_per_city => %(max_per_city)s,
        exact => %(exact)s)
"""


class Terrakin:
    """`api.similar_tiles`, with or without `exact => true`."""

    def __init__(self, url: str, exact: bool, build_s: float, index_mib: float) -> None:
        """Connect to a filled database."""
        self.name = "terrakin exact" if exact else "terrakin"
        self.exact, self.build_s, self.index_mib = exact, build_s, index_mib
        self.conn = psycopg.connect(url, autocommit=True, prepare_threshold=0)

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first."""
        box = question.within
        values = {
            "tile_id": row + 1,
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
        return [tile_id - 1 for (tile_id,) in self.conn.execute(SIMILAR, values)]


PLAIN_PGVECTOR = """
    SELECT t.tile_id
    FROM terrakin.tiles AS t
    WHERE t.city_id <> %(city_id)s AND NOT ST_DWithin(t.location, %(place)s::geography, %(exclude_within_m)s)
        AND t.tile_id <> %(tile_id)s
    ORDER BY t.embedding_mean::halfvec(768) <=> %(query)s::halfvec(768)
    LIMIT %(k)s
"""
NO_CITY = -1


class PlainPgvector:
    """The query that one would write with pgvector alone: iterative scan, ef_search 200, LIMIT k."""

    name = "plain pgvector"

    def __init__(self, url: str, world: World, build_s: float, index_mib: float) -> None:
        """Connect to a filled database."""
        self.world, self.build_s, self.index_mib = world, build_s, index_mib
        self.conn = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        register_vector(self.conn)
        self.conn.execute("SET hnsw.iterative_scan = relaxed_order")
        self.conn.execute("SET hnsw.ef_search = 200")

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first."""
        if question.country >= 0 or question.continent >= 0 or question.max_per_city or question.within:
            return None
        values = {
            "tile_id": row + 1,
            "city_id": int(self.world.city[row]) if question.exclude_same_city else NO_CITY,
            "place": f"SRID=4326;POINT({self.world.lon[row]} {self.world.lat[row]})",
            "exclude_within_m": question.exclude_within_m or -1,
            "query": Vector(self.world.vectors[row]),
            "k": question.k,
        }
        return [tile_id - 1 for (tile_id,) in self.conn.execute(PLAIN_PGVECTOR, values)]
