"""`terrakin bench search`: similarity search by tile and block, compared with vector indexes and vector databases.

All engines get the same items and the same queries. Recall is measured against brute force in NumPy. The column `short`
counts answers with fewer than min(k, eligible) rows; terrakin promises that there are none.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psycopg

from benchmarks import REAL_TILES
from benchmarks.search import best, clients
from benchmarks.search.engines import Engine, Terrakin
from benchmarks.search.filling import fill_blocks, fill_postgres, measure_set
from benchmarks.search.items import Items, blocks_of, tiles_of
from benchmarks.search.measuring import HEAD, ROUNDS, Line, measure, throughput
from benchmarks.search.peers import Build, build_peer
from benchmarks.search.questions import Question, questions, truths
from benchmarks.search.vectorchord import VectorChord, unpack_vectorchord
from benchmarks.world import build_world
from db import cluster
from db.install.migrate import migrate
from db.settings import Settings

N_SLOW, N_SLOW_OF_MILLIONS = 20, 3
"""Number of queries for engines that compare the query with every item, each asked once."""
MILLIONS = 1_000_000
SHARE_SAMPLE = 100
PGBENCH_CLIENTS = (1, 4)
CONCURRENT = "SELECT {unit}_id FROM api.similar_{unit}s({{item}}, exclude_within_m => 50000)"
TOGETHER = "other cities"
"""Question of several clients at once: every engine supports it."""
Echo = Callable[[str], None]


@dataclass(frozen=True)
class SearchRequest:
    """The options of the benchmark.

    Attributes:
        n_tiles: number of tiles.
        same_city_share: share of a tile's ten nearest tiles that lie in its own city.
        units: tile, block or both.
        peers: names of the peers.
        n_queries: number of queries per question.
        budgets: numbers of keys to compare; none for the set's own.
        build_limit_s: time limit of one index of a peer.
        vectorchord: archive or folder with the files of VectorChord; None leaves it out.
    """

    n_tiles: int
    same_city_share: float
    units: Sequence[str]
    peers: Sequence[str]
    n_queries: int
    budgets: Sequence[int]
    build_limit_s: float
    vectorchord: Path | None = None


def run_all(request: SearchRequest, echo: Echo) -> None:
    """Fill a scratch cluster, then print the tables of each unit."""
    with scratch_cluster() as folder:
        vectorchord = unpack_vectorchord(request.vectorchord, folder) if request.vectorchord else None
        world = build_world(REAL_TILES, request.n_tiles, request.same_city_share)
        echo(f"{request.n_tiles} tiles, {world.source}, synthetic vectors; times are medians of three rounds")
        build = Build(start_database(folder, vectorchord), folder, request.build_limit_s, vectorchord is not None)
        tiles_s = fill_postgres(world, build.settings)
        for unit in request.units:
            items = tiles_of(world) if unit == "tile" else blocks_of(world)
            build_s = tiles_s if unit == "tile" else fill_blocks(items, build.settings)
            _run(items, build, build_s, request, echo)


@contextmanager
def scratch_cluster() -> Iterator[Path]:
    """Make a temporary folder; stop the cluster in it and delete it afterwards."""
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)


def start_database(folder: Path, vectorchord: VectorChord | None) -> Settings:
    """Start a cluster and migrate a database in it, with the objects of VectorChord if they are given."""
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute("CREATE DATABASE bench")
        if vectorchord:
            vectorchord.preload(conn)
    if vectorchord:
        cluster.stop(folder / "home")
        address = cluster.start(folder / "home")
    settings = Settings(folder / "home", database_url=address.url(database="bench"))
    migrate(settings)
    if vectorchord:
        with psycopg.connect(str(settings.database_url)) as conn:
            vectorchord.create(conn)
    return settings


def _run(items: Items, build: Build, build_s: float, request: SearchRequest, echo: Echo) -> None:
    url, n = str(build.settings.database_url), len(items.ids)
    rows = np.random.default_rng(1).permutation(n)[: request.n_queries]
    echo(
        f"\n{n} {items.unit}s of {items.vectors.shape[1]} numbers; {items.same_city_share(rows[:SHARE_SAMPLE]):.1%} "
        f"of the ten nearest in the same city; {request.n_queries} queries"
    )
    filled = measure_set(items, build.settings, build_s)
    echo(str(filled))
    chosen = questions(items)
    asked = list(zip(chosen, truths(items, rows.tolist(), chosen), strict=True))
    together = next(question for question in chosen if question.name == TOGETHER)
    own = Terrakin(url, items, False, filled.build_s, filled.insert_s, filled.indexes_mib)
    echo(HEAD)
    for budget in request.budgets or [0]:
        if budget:
            echo(f"max_compared = {budget}")
            _set_budget(url, filled.set_id, budget)
        own_lines = _measure([own], n, rows.tolist(), asked, echo)
    exact = Terrakin(url, items, True)
    _measure([exact], n, rows.tolist(), asked, echo)
    several = [clients.measure_together(own, together, rows.tolist())]
    peer_lines: dict[str, list[Line]] = {}
    for name in request.peers:
        engines = build_peer(name, items, build, echo)
        peer_lines[name] = _measure(engines, n, rows.tolist(), asked, echo)
        several += [
            clients.measure_together(e, together, rows.tolist()[: _n_queries(e, n, len(rows))]) for e in engines
        ]
        for engine in engines:
            engine.close()
    own.close()
    exact.close()
    for line in ["", best.HEAD, *best.best_rows(own_lines, peer_lines)]:
        echo(line)
    for line in ["", f"{clients.CLIENTS} clients at once: {TOGETHER}", clients.HEAD, *map(str, several)]:
        echo(line)
    _print_throughput(url, items, rows.tolist(), build.folder, echo)


def _measure(
    engines: Sequence[Engine], n_items: int, rows: list[int], asked: list[tuple[Question, list[list[int]]]], echo: Echo
) -> list[Line]:
    lines = []
    for question, answers in asked:
        for engine in engines:
            n = _n_queries(engine, n_items, len(rows))
            line = measure(engine, question, rows[:n], answers[:n], ROUNDS if n == len(rows) else 1)
            if line:
                echo(str(line))
                lines.append(line)
    return lines


def _n_queries(engine: Engine, n_items: int, n_queries: int) -> int:
    """Return the number of queries: few for engines that compare the query with every item."""
    is_slow = "exact" in engine.name or "flat" in engine.name
    return min(n_queries, N_SLOW_OF_MILLIONS if n_items > MILLIONS else N_SLOW) if is_slow else n_queries


def _set_budget(url: str, set_id: int, budget: int) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE terrakin.embedding_sets SET max_compared = %s WHERE set_id = %s", (budget, set_id))


def _print_throughput(url: str, items: Items, rows: list[int], folder: Path, echo: Echo) -> None:
    statement, ids = CONCURRENT.format(unit=items.unit), items.ids[rows].tolist()
    rates = [throughput(url, statement, ids, n_clients, folder) for n_clients in PGBENCH_CLIENTS]
    each = ", ".join(f"{c} clients {rate:.0f}/s" for c, rate in zip(PGBENCH_CLIENTS, rates, strict=True))
    echo(f"terrakin throughput (pgbench; other cities, 50 km): {each} ({rates[-1] / rates[0]:.2f} x)")
