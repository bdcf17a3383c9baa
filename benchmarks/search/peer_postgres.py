"""Vector indexes inside PostgreSQL, as one would use them by hand: pgvector's HNSW and IVFFlat, and VectorChord."""

import math
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, LiteralString

import numpy as np
import psycopg
from pgvector import HalfVector
from pgvector.psycopg import register_vector
from psycopg.sql import SQL, Composed, Identifier, Literal

from benchmarks.search.engines import Built, Engine
from benchmarks.search.items import Items, typical_city
from benchmarks.search.limited import NotBuiltError
from benchmarks.search.peers import Build, Echo
from benchmarks.search.questions import Question, query_vector
from benchmarks.search.widening import ask_widening
from benchmarks.world import country_code
from db.constants import CONTINENTS
from db.embedding_sets.report import wanted_lists
from db.settings import Settings

FILL = {
    "tile": SQL("""
        CREATE TABLE {table} AS
        SELECT t.tile_id AS item_id, t.city_id, c.country_code, n.continent, t.location::geometry AS location,
            t.embedding_mean::halfvec({dimension}) AS key
        FROM terrakin.tiles AS t
        JOIN terrakin.cities AS c ON c.city_id = t.city_id
        JOIN terrakin.countries AS n ON n.code = c.country_code
    """),
    "block": SQL("""
        CREATE TABLE {table} AS
        SELECT e.item_id, e.city_id, c.country_code, n.continent, e.location, e.key::halfvec({dimension}) AS key
        FROM terrakin.embedding_keys AS e
        JOIN terrakin.embedding_sets AS s ON s.set_id = e.set_id AND s.unit = 'block' AND s.is_current
        JOIN terrakin.cities AS c ON c.city_id = e.city_id
        JOIN terrakin.countries AS n ON n.code = c.country_code
    """),
}
B_TREES = SQL("""
    CREATE INDEX ON {table} (city_id);
    CREATE INDEX ON {table} (country_code);
    CREATE INDEX ON {table} (continent);
    CREATE INDEX ON {table} USING gist (location);
    ANALYZE {table};
""")
ASK = SQL("""
    SELECT e.item_id
    FROM {table} AS e
    WHERE e.item_id <> ALL (%(own)s)
        AND (%(city)s::bigint IS NULL OR e.city_id <> %(city)s)
        AND (%(country)s::text IS NULL OR e.country_code = %(country)s)
        AND (%(continent)s::text IS NULL OR e.continent = %(continent)s)
        AND (%(metres)s::float IS NULL OR NOT ST_DWithin(e.location::geography, %(place)s::geography, %(metres)s))
        AND (%(west)s::float IS NULL OR e.location && ST_MakeEnvelope(%(west)s, %(south)s, %(east)s, %(north)s, 4326))
    ORDER BY e.key <=> %(query)s
    LIMIT %(n)s
""")
INSERT = SQL("INSERT INTO {table} SELECT * FROM {table} WHERE city_id = %s")


@dataclass(frozen=True)
class Method:
    """An index, and the session settings with which it is asked, by the name printed."""

    create: LiteralString
    settings: dict[str, tuple[LiteralString, ...]]


METHODS = {
    "hnsw": Method(
        "CREATE INDEX {index} ON {table} USING hnsw (key halfvec_cosine_ops)",
        {
            "pgvector HNSW ef=100": ("SET hnsw.ef_search = 100", "SET hnsw.iterative_scan = relaxed_order"),
            "pgvector HNSW ef=400": ("SET hnsw.ef_search = 400", "SET hnsw.iterative_scan = relaxed_order"),
        },
    ),
    "ivfflat": Method(
        "CREATE INDEX {index} ON {table} USING ivfflat (key halfvec_cosine_ops) WITH (lists = {n_lists})",
        {
            "pgvector IVFFlat 30": ("SET ivfflat.probes = 30", "SET ivfflat.iterative_scan = relaxed_order"),
            "pgvector IVFFlat 100": ("SET ivfflat.probes = 100", "SET ivfflat.iterative_scan = relaxed_order"),
        },
    ),
    "vectorchord": Method(
        "CREATE INDEX {index} ON {table} USING vchordrq (key halfvec_cosine_ops) WITH (options = {options})",
        {
            "VectorChord 6,128 e=1.2": (
                "SET vchordrq.probes = '6,128'", "SET vchordrq.epsilon = 1.2", "SET vchordrq.prefilter = on",
            ),
            "VectorChord 8,200 e=1.9": (
                "SET vchordrq.probes = '8,200'", "SET vchordrq.epsilon = 1.9", "SET vchordrq.prefilter = on",
            ),
            "VectorChord 32,1000 e=1.9": (
                "SET vchordrq.probes = '32,1000'", "SET vchordrq.epsilon = 1.9", "SET vchordrq.prefilter = on",
            ),
        },
    ),
}  # fmt: skip
VECTORCHORD_WITHOUT_LISTS = Method(
    "CREATE INDEX {index} ON {table} USING vchordrq (key halfvec_cosine_ops)",
    {
        "VectorChord e=1.2": ("SET vchordrq.epsilon = 1.2", "SET vchordrq.prefilter = on"),
        "VectorChord e=1.9": ("SET vchordrq.epsilon = 1.9", "SET vchordrq.prefilter = on"),
    },
)
VECTORCHORD_LISTS_FROM = 128_000
"""Its documentation recommends lists from this number of rows on."""
VECTORCHORD_OPTIONS = """
    residual_quantization = false
    [build.internal]
    lists = [{n_parents}, {n_lists}]
    spherical_centroids = true
    build_threads = {n_threads}
"""
"""VectorChord gets half as many lists as terrakin: its k-means takes four times as long with twice as many."""
IVFFLAT_MAX_LISTS = 3000
"""IVFFlat gets as many lists as terrakin up to this number: its k-means needs memory that grows with the square of it,
and 2 GB for 3,200."""
NO_VECTORCHORD = "VectorChord skipped: its files are not given; give an archive or folder with --vectorchord"
SIZE = "SELECT pg_relation_size(%s::regclass) / 1048576.0"


class InPostgres:
    """A table with one vector index, and b-trees for the filters."""

    def __init__(
        self, name: str, client: Callable[[], psycopg.Connection[Any]], ask: Composed, items: Items, built: Built
    ) -> None:
        """Open a connection with the settings of the search."""
        self.name, self.client, self.statement, self.items = name, client, ask, items
        self.conn, self.built = client(), built
        self.build_s, self.insert_s, self.index_mib = built.build_s, built.insert_s, built.index_mib

    def ask(self, row: int, question: Question) -> list[int] | None:
        """Return the rows of the matches, best first."""
        items, box = self.items, question.within
        values = {
            "own": items.ids[question.examples(items, row)].tolist(),
            "city": int(items.city[row]) if question.exclude_same_city else None,
            "country": country_code(question.country) if question.country >= 0 else None,
            "continent": CONTINENTS[question.continent] if question.continent >= 0 else None,
            "metres": question.exclude_within_m or None,
            "place": f"SRID=4326;POINT({items.lon[row]} {items.lat[row]})",
            "west": box and box.west,
            "south": box and box.south,
            "east": box and box.east,
            "north": box and box.north,
            "query": HalfVector(query_vector(items, row, question)),
        }

        def fetch(n: int) -> list[int]:
            found = [item_id for (item_id,) in self.conn.execute(self.statement, {**values, "n": n})]
            return [int(found_row) for found_row in np.searchsorted(items.ids, found)]

        return ask_widening(fetch, items, question)

    def another_client(self) -> Engine:
        """Return the same search over a connection of its own."""
        return InPostgres(self.name, self.client, self.statement, self.items, self.built)

    def close(self) -> None:
        """Close the connection."""
        self.conn.close()


def build_in_postgres(name: str, items: Items, build: Build, echo: Echo) -> list[Engine]:
    """Return an index with each of its search settings; none, with the reason printed, if it cannot be built.

    Raises:
        NotBuiltError: it is not built within the limit.
    """
    if name == "vectorchord" and not build.has_vectorchord:
        echo(NO_VECTORCHORD)
        return []
    is_small = name == "vectorchord" and len(items.ids) < VECTORCHORD_LISTS_FROM
    method = VECTORCHORD_WITHOUT_LISTS if is_small else METHODS[name]
    table = Identifier("public", f"{name}_{items.unit}")
    with _connect(build.settings) as conn:
        conn.execute(FILL[items.unit].format(table=table, dimension=Literal(items.vectors.shape[1])))
        conn.execute(B_TREES.format(table=table), prepare=False)
        built = _build(conn, method, name, table, items, build.limit_s)
    return [
        InPostgres(setting, partial(_connect, build.settings, statements), ASK.format(table=table), items, built)
        for setting, statements in method.settings.items()
    ]


def _connect(settings: Settings, statements: Sequence[LiteralString] = ()) -> psycopg.Connection[Any]:
    conn = psycopg.connect(str(settings.database_url), autocommit=True, prepare_threshold=0)
    register_vector(conn)
    for statement in statements:
        conn.execute(statement)
    return conn


def _build(
    conn: psycopg.Connection[Any], method: Method, name: str, table: Identifier, items: Items, limit_s: float
) -> Built:
    n_lists, index = wanted_lists(items.unit, len(items.ids)), f"{name}_{items.unit}_index"
    options = VECTORCHORD_OPTIONS.format(
        n_parents=round(math.sqrt(n_lists / 2)), n_lists=n_lists // 2, n_threads=os.cpu_count() or 1
    )
    conn.execute(SQL("SET statement_timeout = {}").format(Literal(max(1, round(limit_s * 1000)))))
    conn.execute("SET maintenance_work_mem = '2GB'")
    started = time.perf_counter()
    create = SQL(method.create).format(
        index=Identifier(index),
        table=table,
        n_lists=Literal(min(n_lists, IVFFLAT_MAX_LISTS)),
        options=Literal(options),
    )
    try:
        conn.execute(create)
    except psycopg.errors.QueryCanceled:
        raise NotBuiltError from None
    build_s = time.perf_counter() - started
    conn.execute("SET statement_timeout = 0")
    (size,) = conn.execute(SIZE, (f"public.{index}",)).fetchone() or (0,)
    return Built(build_s, _insert_s(conn, table, items), float(size))


def _insert_s(conn: psycopg.Connection[Any], table: Identifier, items: Items) -> float:
    """Return the seconds that it takes to insert a city a second time; the rows are not kept."""
    with conn.transaction(force_rollback=True):
        started = time.perf_counter()
        conn.execute(INSERT.format(table=table), (typical_city(items),))
        return time.perf_counter() - started
