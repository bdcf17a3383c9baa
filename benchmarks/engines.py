"""The engines that are compared. Each answers the same question: k tiles most like one, under a filter."""

from typing import Any, Protocol

import faiss
import numpy as np
import psycopg
import qdrant_edge as qdrant
from pgvector import Vector
from pgvector.psycopg import register_vector

from benchmarks.questions import Question, capped, eligible
from benchmarks.world import World
from etl.cities.city import CONTINENTS


class Engine(Protocol):
    """Something that answers questions; rows count from 0, tile_id is row + 1."""

    name: str
    build_s: float
    index_mib: float

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Rows of the answer, best first; None where the engine has no such question."""


SIMILAR = """
    SELECT tile_id
    FROM api.similar_tiles(%(tile_id)s, k => %(k)s, exclude_within_m => %(exclude_within_m)s,
        exclude_same_city => %(exclude_same_city)s, countries => %(countries)s, continents => %(continents)s,
        within => ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326), max_per_city => %(max_per_city)s,
        exact => %(exact)s)
"""


class Terrakin:
    """``api.similar_tiles``, as it is or with ``exact => true``."""

    def __init__(self, url: str, exact: bool, build_s: float, index_mib: float) -> None:
        """Connect to a filled database."""
        self.name = "terrakin exact" if exact else "terrakin"
        self.exact, self.build_s, self.index_mib = exact, build_s, index_mib
        self.conn = psycopg.connect(url, autocommit=True, prepare_threshold=0)

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
        box = question.within
        values = {
            "tile_id": row + 1,
            "k": question.k,
            "exclude_within_m": question.exclude_within_m,
            "exclude_same_city": question.exclude_same_city,
            "countries": None if question.country < 0 else [f"{question.country}"],
            "continents": None if question.continent < 0 else [CONTINENTS[question.continent]],
            "west": box and box.west,
            "south": box and box.south,
            "east": box and box.east,
            "north": box and box.north,
            "max_per_city": question.max_per_city or None,
            "exact": self.exact,
        }
        return [tile_id - 1 for (tile_id,) in self.conn.execute(SIMILAR, values)]


BY_HAND = """
    SELECT t.tile_id
    FROM terrakin.tiles AS t
    WHERE t.city_id <> %(city_id)s AND NOT ST_DWithin(t.location, %(place)s::geography, %(exclude_within_m)s)
        AND t.tile_id <> %(tile_id)s
    ORDER BY t.embedding_mean::halfvec(768) <=> %(query)s::halfvec(768)
    LIMIT %(k)s
"""
NO_CITY = -1


class ByHand:
    """What one would write with pgvector alone: iterative scan, ef_search 200, LIMIT k."""

    name = "pgvector by hand"

    def __init__(self, url: str, world: World, build_s: float, index_mib: float) -> None:
        """Connect to a filled database."""
        self.world, self.build_s, self.index_mib = world, build_s, index_mib
        self.conn = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        register_vector(self.conn)
        self.conn.execute("SET hnsw.iterative_scan = relaxed_order")
        self.conn.execute("SET hnsw.ef_search = 200")

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
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
        return [tile_id - 1 for (tile_id,) in self.conn.execute(BY_HAND, values)]


class Qdrant:
    """The Qdrant engine in this process (qdrant-edge), with city, country and place as payload."""

    def __init__(self, shard: Any, world: World, hnsw_ef: int, build_s: float, index_mib: float) -> None:
        """A filled shard with one search setting; hnsw_ef 0 compares with every point."""
        self.name = f"Qdrant ef={hnsw_ef}" if hnsw_ef else "Qdrant exact"
        self.shard, self.world = shard, world
        self.params = qdrant.SearchParams(hnsw_ef=hnsw_ef or None, exact=not hnsw_ef)
        self.build_s, self.index_mib = build_s, index_mib

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
        if question.max_per_city:
            return None
        w = self.world
        left_out = [_match("city", int(w.city[row]))] if question.exclude_same_city else []
        if question.exclude_within_m:
            centre = qdrant.GeoPoint(lon=float(w.lon[row]), lat=float(w.lat[row]))
            radius = qdrant.GeoRadius(centre, question.exclude_within_m)
            left_out.append(qdrant.FieldCondition("place", geo_radius=radius))
        wanted = []
        if question.country >= 0:
            wanted.append(_match("country", question.country))
        if question.continent >= 0:
            wanted.append(_match("continent", question.continent))
        if question.within:
            top_left = qdrant.GeoPoint(lon=question.within.west, lat=question.within.north)
            bottom_right = qdrant.GeoPoint(lon=question.within.east, lat=question.within.south)
            box = qdrant.GeoBoundingBox(top_left, bottom_right)
            wanted.append(qdrant.FieldCondition("place", geo_bounding_box=box))
        found = self.shard.query(
            qdrant.QueryRequest(
                limit=question.k + 1,  # the tile itself is among them where its city is not left out
                query=qdrant.Query.Nearest(w.vectors[row].tolist()),
                filter=qdrant.Filter(must=wanted or None, must_not=left_out or None),
                params=self.params,
            )
        )
        return [int(point.id) for point in found if int(point.id) != row][: question.k]


def _match(key: str, value: int) -> Any:
    return qdrant.FieldCondition(key, match=qdrant.MatchValue(value))


class Faiss:
    """Exact inner products over all tiles, filtered afterwards in NumPy."""

    name, build_s, index_mib = "FAISS flat + filter", 0.0, 0.0

    def __init__(self, world: World) -> None:
        """Add all vectors."""
        self.world, self.index = world, faiss.IndexFlatIP(world.vectors.shape[1])
        self.index.add(world.vectors)
        self.index_mib = world.vectors.nbytes / 2**20

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
        _, nearest = self.index.search(self.world.vectors[row : row + 1], len(self.world.vectors))
        allowed = eligible(self.world, row, question)
        return capped(self.world, np.asarray(nearest[0][allowed[nearest[0]]]), question)
