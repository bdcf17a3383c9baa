"""`terrakin bench search`: similarity search with spatial exclusion, compared with pgvector, Qdrant and FAISS.

All engines get the same world and the same queries. Recall is measured against brute force in NumPy. The column
`short` counts answers with fewer than min(k, eligible) rows; terrakin promises that there are none.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg

from benchmarks import REAL_TILES
from benchmarks.search.engines import Engine, PlainPgvector, Terrakin
from benchmarks.search.filling import fill_postgres
from benchmarks.search.measuring import HEAD, Line, measure, throughput
from benchmarks.search.peers import Faiss, Qdrant, fill_qdrant
from benchmarks.search.questions import questions, truth
from benchmarks.world import World, build_world
from db import cluster
from db.migrate import migrate
from db.settings import Settings

QDRANT_EFS = (64, 128, 256, 1024, 0)
N_SLOW = 20
"""Number of queries for engines that compare the query with every tile."""
NEIGHBOURS_OF_ALL_UP_TO = 100_000
"""In larger worlds, neighbours are computed only for the query tiles: the cost of an answer is the same."""
PEERS_UP_TO = 100_000
"""In larger worlds, only PostgreSQL is measured: Qdrant would take most of an hour to build."""
CLIENTS = (1, 4)
CONCURRENT = """
    SELECT tile_id FROM api.similar_tiles(:tile_id, exclude_within_m => 50000)
"""
Echo = Callable[[str], None]


def run_all(sizes: list[int], same_city_shares: list[float], n_queries: int, echo: Echo) -> None:
    """Print a table for each size and share, then p50 by size."""
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    curve: dict[tuple[str, float], dict[int, float]] = {}
    try:
        for share in same_city_shares:
            for n in sizes:
                for line in _run(folder, n, share, n_queries, echo):
                    if line.engine.name == "terrakin":
                        curve.setdefault((line.question.name, share), {})[n] = line.p50_ms
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
    if len(sizes) > 1:
        _print_curve(curve, echo)


def _run(folder: Path, n: int, share: float, n_queries: int, echo: Echo) -> list[Line]:
    world = build_world(REAL_TILES, n, share)
    echo(
        f"\n{n} tiles, {world.source}, synthetic vectors; {world.same_city_share:.1%} of the ten nearest "
        f"in the same city; {n_queries} queries, one client, times are medians of three runs"
    )
    rows = np.random.default_rng(1).permutation(n)[:n_queries].tolist()
    url, engines = _engines(folder, world, rows, f"bench_{n}_{round(share * 100)}", echo)
    similarity = world.vectors[rows] @ world.vectors.T
    echo(HEAD)
    lines = []
    for question in questions(world):
        truths = [truth(world, row, question, similarity[i]) for i, row in enumerate(rows)]
        for engine in engines:
            n_queries = N_SLOW if "exact" in engine.name or "flat" in engine.name else len(rows)
            line = measure(engine, question, rows[:n_queries], truths[:n_queries])
            if line:
                echo(str(line))
                lines.append(line)
    if n <= NEIGHBOURS_OF_ALL_UP_TO:
        _print_throughput(url, n, folder, echo)
    return lines


def _engines(folder: Path, world: World, rows: list[int], name: str, echo: Echo) -> tuple[str, list[Engine]]:
    n = len(world.lon)
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    url = address.url(database=name)
    settings = Settings(folder / "home", database_url=url)
    migrate(settings)
    filled = fill_postgres(world, settings, None if n <= NEIGHBOURS_OF_ALL_UP_TO else [row + 1 for row in rows])
    n_with_neighbours = n if n <= NEIGHBOURS_OF_ALL_UP_TO else len(rows)
    echo(
        f"terrakin: HNSW of embedding_mean {filled.hnsw_s:.0f} s, {filled.hnsw_mib:.0f} MiB; "
        f"neighbours of {n_with_neighbours} tiles {filled.neighbours_s:.0f} s, {filled.neighbours_mib:.0f} MiB"
    )
    build_s, index_mib = filled.hnsw_s + filled.neighbours_s, filled.hnsw_mib + filled.neighbours_mib
    engines: list[Engine] = [
        Terrakin(url, exact=False, build_s=build_s, index_mib=index_mib),
        PlainPgvector(url, world, filled.hnsw_s, filled.hnsw_mib),
        Terrakin(url, exact=True, build_s=0, index_mib=0),
    ]
    if n <= PEERS_UP_TO:
        shard, qdrant_s, qdrant_mib = fill_qdrant(world, folder / name)
        engines += [Qdrant(shard, world, ef, qdrant_s, qdrant_mib) for ef in QDRANT_EFS]
        engines.append(Faiss(world))
    return url, engines


def _print_throughput(url: str, n: int, folder: Path, echo: Echo) -> None:
    rates = [throughput(url, CONCURRENT, n, clients, folder) for clients in CLIENTS]
    each = ", ".join(f"{c} clients {rate:.0f}/s" for c, rate in zip(CLIENTS, rates, strict=True))
    echo(f"terrakin throughput (pgbench; other cities, 50 km, random tiles): {each} ({rates[-1] / rates[0]:.2f} x)")


def _print_curve(curve: dict[tuple[str, float], dict[int, float]], echo: Echo) -> None:
    echo("\np50 of terrakin in ms by number of tiles")
    for (name, share), by_size in curve.items():
        cells = "".join(f"{f'{n}: {p50_ms:.2f}':>16}" for n, p50_ms in by_size.items())
        echo(f"{name:<22}{share:>5.0%}{cells}")
