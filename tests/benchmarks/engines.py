"""The engines that are compared. Each answers the same question: k tiles most like one, under a filter."""

import shutil
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol

import faiss
import numpy as np
import psycopg
import qdrant_edge as qdrant
from pgvector import Vector
from pgvector.psycopg import register_vector
from pyproj import Geod

from db.index import build_indexes
from db.settings import Settings
from etl.cities import CONTINENTS
from tests.benchmarks.world import DIMENSION, World

GEOD = Geod(ellps="WGS84")


@dataclass(frozen=True)
class Question:
    """A filter: what is left out, and what alone is let in.

    Attributes:
        name: for the table.
        k: tiles wanted.
        exclude_within_m: metres around the query tile.
        country: code of the only country; -1 for all.
        continent: code of the only continent; -1 for all.
        max_per_city: at most so many tiles of a city; 0 for no limit.
    """

    name: str
    k: int = 20
    exclude_within_m: float = 0
    country: int = -1
    continent: int = -1
    max_per_city: int = 0


class Engine(Protocol):
    """Something that answers questions; rows count from 0, tile_id is row + 1."""

    name: str
    build_s: float
    index_mib: float

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Rows of the answer, best first; None where the engine has no such question."""


def eligible(world: World, row: int, question: Question) -> np.ndarray:
    """Which tiles may answer, by NumPy and PROJ."""
    allowed = world.city != world.city[row]
    if question.country >= 0:
        allowed &= world.country == question.country
    if question.continent >= 0:
        allowed &= world.continent == question.continent
    if question.exclude_within_m:
        n = len(world.lon)
        metres = GEOD.inv(np.full(n, world.lon[row]), np.full(n, world.lat[row]), world.lon, world.lat)[2]
        allowed &= metres > question.exclude_within_m
    return allowed


def truth(world: World, row: int, question: Question) -> list[int]:
    """The right answer by brute force."""
    rows = np.flatnonzero(eligible(world, row, question))
    rows = rows[np.argsort(-(world.vectors[rows] @ world.vectors[row]), kind="stable")]
    return capped(world, rows, question)


def capped(world: World, rows: np.ndarray, question: Question) -> list[int]:
    """The first k, at most max_per_city of a city."""
    if not question.max_per_city:
        return rows[: question.k].tolist()
    taken: dict[int, int] = {}
    answer = []
    for r in rows.tolist():
        taken[world.city[r]] = taken.get(world.city[r], 0) + 1
        if taken[world.city[r]] <= question.max_per_city:
            answer.append(r)
            if len(answer) == question.k:
                break
    return answer


SIMILAR = """
    SELECT tile_id
    FROM api.similar_tiles(%(tile_id)s, k => %(k)s, exclude_within_m => %(exclude_within_m)s,
        countries => %(countries)s, continents => %(continents)s, max_per_city => %(max_per_city)s, exact => %(exact)s)
"""
BY_HAND = """
    SELECT t.tile_id
    FROM terrakin.tiles AS t
    WHERE t.city_id <> %(city_id)s AND NOT ST_DWithin(t.location, %(place)s::geography, %(exclude_within_m)s)
    ORDER BY t.embedding_mean::halfvec(768) <=> %(query)s::halfvec(768)
    LIMIT %(k)s
"""
SIZE = "SELECT pg_relation_size('terrakin.ix_tiles_embedding_mean_hnsw') / 1048576.0"


class Postgres:
    """A database with the world in it; ``kind``: terrakin, terrakin exact, or by hand."""

    def __init__(self, url: str, world: World, kind: str, build_s: float) -> None:
        """Connect to a filled database."""
        self.name, self.kind, self.world, self.build_s = kind, kind, world, build_s
        self.conn = psycopg.connect(url, autocommit=True, prepare_threshold=0)
        register_vector(self.conn)
        (self.index_mib,) = self.conn.execute(SIZE).fetchone() or (0,)
        if kind == "pgvector by hand":
            self.conn.execute("SET hnsw.iterative_scan = relaxed_order")
            self.conn.execute("SET hnsw.ef_search = 200")

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
        if self.kind == "pgvector by hand":
            if question.country >= 0 or question.continent >= 0 or question.max_per_city:
                return None
            place = f"SRID=4326;POINT({self.world.lon[row]} {self.world.lat[row]})"
            rows = self.conn.execute(
                BY_HAND,
                {
                    "city_id": int(self.world.city[row]),
                    "place": place,
                    "exclude_within_m": question.exclude_within_m,
                    "query": Vector(self.world.vectors[row]),
                    "k": question.k,
                },
            )
        else:
            rows = self.conn.execute(
                SIMILAR,
                {
                    "tile_id": row + 1,
                    "k": question.k,
                    "exclude_within_m": question.exclude_within_m,
                    "countries": None if question.country < 0 else [f"{question.country}"],
                    "continents": None if question.continent < 0 else [CONTINENTS[question.continent]],
                    "max_per_city": question.max_per_city or None,
                    "exact": self.kind == "terrakin exact",
                },
            )
        return [r[0] - 1 for r in rows.fetchall()]


class Qdrant:
    """The Qdrant engine in this process (qdrant-edge), with city, country and place as payload."""

    def __init__(self, shard: Any, world: World, hnsw_ef: int, build_s: float, index_mib: float) -> None:
        """A filled shard with one search setting."""
        self.name = f"Qdrant ef={hnsw_ef}"
        self.shard, self.world, self.hnsw_ef = shard, world, hnsw_ef
        self.build_s, self.index_mib = build_s, index_mib

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
        if question.max_per_city:
            return None
        w = self.world
        left_out = [_match("city", int(w.city[row]))]
        if question.exclude_within_m:
            centre = qdrant.GeoPoint(lon=float(w.lon[row]), lat=float(w.lat[row]))
            radius = qdrant.GeoRadius(centre, question.exclude_within_m)
            left_out.append(qdrant.FieldCondition("place", geo_radius=radius))
        wanted = []
        if question.country >= 0:
            wanted.append(_match("country", question.country))
        if question.continent >= 0:
            wanted.append(_match("continent", question.continent))
        found = self.shard.query(
            qdrant.QueryRequest(
                limit=question.k,
                query=qdrant.Query.Nearest(w.vectors[row].tolist()),
                filter=qdrant.Filter(must=wanted or None, must_not=left_out),
                params=qdrant.SearchParams(hnsw_ef=self.hnsw_ef),
            )
        )
        return [int(point.id) for point in found]


class Faiss:
    """Exact inner products over all tiles, filtered afterwards in NumPy."""

    name, build_s, index_mib = "FAISS flat + filter", 0.0, 0.0

    def __init__(self, world: World) -> None:
        """Add all vectors."""
        self.world, self.index = world, faiss.IndexFlatIP(DIMENSION)
        self.index.add(world.vectors)
        self.index_mib = world.vectors.nbytes / 2**20

    def ask(self, row: int, question: Question) -> list[int] | None:
        """As Engine."""
        _, nearest = self.index.search(self.world.vectors[row : row + 1], len(self.world.vectors))
        allowed = eligible(self.world, row, question)
        return capped(self.world, nearest[0][allowed[nearest[0]]], question)


def _match(key: str, value: int) -> Any:
    return qdrant.FieldCondition(key, match=qdrant.MatchValue(value))


def fill_qdrant(world: World, folder: Path) -> tuple[Any, float, float]:
    """A shard with the world, its build seconds and its size on disk in MiB."""
    started = time.perf_counter()
    config = qdrant.EdgeConfig(
        vectors=qdrant.EdgeVectorParams(DIMENSION, qdrant.Distance.Cosine),
        hnsw_config=qdrant.HnswIndexConfig(m=16, ef_construct=128, full_scan_threshold=1000),
    )
    folder.mkdir(parents=True)
    shard = qdrant.EdgeShard.create(str(folder), config)
    for key, kind in (("city", "Integer"), ("country", "Integer"), ("continent", "Integer"), ("place", "Geo")):
        shard.update(qdrant.UpdateOperation.create_field_index(key, getattr(qdrant.PayloadSchemaType, kind)))
    for begin in range(0, len(world.lon), 5000):
        points = [
            qdrant.Point(
                r,
                world.vectors[r].tolist(),
                {
                    "city": int(world.city[r]),
                    "country": int(world.country[r]),
                    "continent": int(world.continent[r]),
                    "place": {"lon": float(world.lon[r]), "lat": float(world.lat[r])},
                },
            )
            for r in range(begin, min(begin + 5000, len(world.lon)))
        ]
        shard.update(qdrant.UpdateOperation.upsert_points(points))
    shard.optimize()
    size = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file()) / 2**20
    return shard, time.perf_counter() - started, size


COPY = """
    COPY terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share, embedding_mean,
        embedding_dominant, dominant_share) FROM STDIN
"""


def fill_postgres(world: World, settings: Settings) -> float:
    """Fill an empty migrated database with the world; seconds that the vector indexes took."""
    assert settings.database_url
    with psycopg.connect(settings.database_url) as conn:
        register_vector(conn)
        _fill_cities(conn, world)
        composites = dict(conn.execute("SELECT city_id, composite_id FROM terrakin.composites").fetchall())
        with conn.cursor() as cursor, cursor.copy(COPY) as copy:
            for r in range(len(world.lon)):
                x, y, city = world.lon[r], world.lat[r], int(world.city[r])
                ring = f"{x} {y},{x + 0.02} {y},{x + 0.02} {y + 0.02},{x} {y + 0.02},{x} {y}"
                vector = Vector(world.vectors[r]).to_text()
                row = (r + 1, city, composites[city], "[2024-06-01,2024-09-01)", f"SRID=4326;POLYGON(({ring}))")
                copy.write_row((*row, f"SRID=4326;POINT({x} {y})", 1, vector, vector, 0.5))
    with psycopg.connect(settings.database_url, autocommit=True) as conn:
        conn.execute("VACUUM (ANALYZE) terrakin.tiles")
    started = time.perf_counter()
    build_indexes(settings)
    return (time.perf_counter() - started) / 2  # two indexes, of mean and dominant


def _fill_cities(conn: psycopg.Connection[Any], world: World) -> None:
    first = {int(c): i for i, c in reversed(list(enumerate(world.city)))}
    countries = {int(world.country[i]): int(world.continent[i]) for i in first.values()}
    with conn.cursor() as cursor:
        cursor.executemany(
            "INSERT INTO terrakin.countries VALUES (%s, %s, %s)",
            [(f"{c}", f"Country {c} (synthetic)", CONTINENTS[k]) for c, k in countries.items()],
        )
        cursor.executemany(
            "INSERT INTO terrakin.cities (city_id, name, country_code, location, extent, is_synthetic) "
            "SELECT %s, %s, %s, p::geography, ST_Multi(ST_Expand(p, 0.1)), true "
            "FROM ST_SetSRID(ST_MakePoint(%s, %s), 4326) AS p",
            [
                (c, f"City {c} (synthetic)", f"{world.country[i]}", float(world.lon[i]), float(world.lat[i]))
                for c, i in first.items()
            ],
        )
        cursor.executemany(
            "INSERT INTO terrakin.composites (city_id, period, stac_url, collection, is_synthetic, item_ids, "
            "max_cloud_cover, valid_share) VALUES (%s, '[2024-06-01,2024-09-01)', '', 'benchmark', true, '{}', 60, 1)",
            [(c,) for c in first],
        )


def with_temporary_folder(use: Callable[[Path], None]) -> None:
    """Call with a folder that is deleted afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    try:
        use(folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
