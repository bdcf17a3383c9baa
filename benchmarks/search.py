"""`make bench-search`: similarity search with spatial exclusion, terrakin against its peers, one table, one run.

Every engine gets the same world and the same queries. Recall is measured against brute force in NumPy. Rows short of
min(k, eligible) are counted: terrakin promises none.
"""

import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path

import numpy as np
import psycopg

from benchmarks import REAL_TILES
from benchmarks.engines import ByHand, Engine, Faiss, Qdrant, Terrakin
from benchmarks.filling import fill_postgres, fill_qdrant
from benchmarks.measuring import HEAD, Line, measure, throughput
from benchmarks.questions import questions, truth
from benchmarks.world import World, build_world
from db import cluster
from db.migrate import migrate
from db.settings import Settings

QDRANT_EFS = (64, 128, 256, 1024, 0)
N_SLOW = 20
"""Queries for the engines that compare with every tile."""
NEIGHBOURS_OF_ALL_UP_TO = 100_000
"""Above, neighbours are computed for the queried tiles only: their number does not change what an answer costs."""
PEERS_UP_TO = 100_000
"""Above, only PostgreSQL is measured: Qdrant's build alone would take the better part of an hour."""
CLIENTS = (1, 4)
CONCURRENT = """
    SELECT tile_id FROM api.similar_tiles(:tile_id, exclude_within_m => 50000)
"""
Say = Callable[[str], None]


def run_all(sizes: list[int], same_city_shares: list[float], n_queries: int, say: Say) -> None:
    """Every size with every share, then what more tiles cost."""
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    curve: dict[tuple[str, float], dict[int, float]] = {}
    try:
        for share in same_city_shares:
            for n in sizes:
                for line in _run(folder, n, share, n_queries, say):
                    if line.engine.name == "terrakin":
                        curve.setdefault((line.question.name, share), {})[n] = line.p50_ms
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)
    if len(sizes) > 1:
        _say_curve(curve, say)


def _run(folder: Path, n: int, share: float, n_queries: int, say: Say) -> list[Line]:
    world = build_world(REAL_TILES, n, share)
    say(
        f"\n{n} tiles, {world.source}, synthetic vectors; {world.same_city_share:.1%} of ten nearest in the same city; "
        f"{n_queries} queries, one client, times are medians of three runs"
    )
    rows = np.random.default_rng(1).permutation(n)[:n_queries].tolist()
    url, engines = _engines(folder, world, rows, f"bench_{n}_{round(share * 100)}", say)
    similarity = world.vectors[rows] @ world.vectors.T
    say(HEAD)
    lines = []
    for question in questions(world):
        truths = [truth(world, row, question, similarity[i]) for i, row in enumerate(rows)]
        for engine in engines:
            asked = N_SLOW if "exact" in engine.name or "flat" in engine.name else len(rows)
            line = measure(engine, question, rows[:asked], truths[:asked])
            if line:
                say(str(line))
                lines.append(line)
    if n <= NEIGHBOURS_OF_ALL_UP_TO:
        _say_throughput(url, n, folder, say)
    return lines


def _engines(folder: Path, world: World, rows: list[int], name: str, say: Say) -> tuple[str, list[Engine]]:
    n = len(world.lon)
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    url = address.url(database=name)
    settings = Settings(folder / "home", database_url=url)
    migrate(settings)
    filled = fill_postgres(world, settings, None if n <= NEIGHBOURS_OF_ALL_UP_TO else [row + 1 for row in rows])
    say(
        f"terrakin: HNSW of embedding_mean {filled.hnsw_s:.0f} s, {filled.hnsw_mib:.0f} MiB; "
        f"neighbours of {n if n <= NEIGHBOURS_OF_ALL_UP_TO else len(rows)} tiles {filled.neighbours_s:.0f} s, {filled.neighbours_mib:.0f} MiB"
    )
    build_s, index_mib = filled.hnsw_s + filled.neighbours_s, filled.hnsw_mib + filled.neighbours_mib
    engines: list[Engine] = [
        Terrakin(url, exact=False, build_s=build_s, index_mib=index_mib),
        ByHand(url, world, filled.hnsw_s, filled.hnsw_mib),
        Terrakin(url, exact=True, build_s=0, index_mib=0),
    ]
    if n <= PEERS_UP_TO:
        shard, qdrant_s, qdrant_mib = fill_qdrant(world, folder / name)
        engines += [Qdrant(shard, world, ef, qdrant_s, qdrant_mib) for ef in QDRANT_EFS]
        engines.append(Faiss(world))
    return url, engines


def _say_throughput(url: str, n: int, folder: Path, say: Say) -> None:
    rates = [throughput(url, CONCURRENT, n, clients, folder) for clients in CLIENTS]
    each = ", ".join(f"{c} clients {rate:.0f}/s" for c, rate in zip(CLIENTS, rates, strict=True))
    say(f"terrakin, other cities, 50 km, random tiles, by pgbench: {each} ({rates[-1] / rates[0]:.2f} x)")


def _say_curve(curve: dict[tuple[str, float], dict[int, float]], say: Say) -> None:
    say("\nWhat more tiles cost: terrakin's p50 in ms")
    for (name, share), by_size in curve.items():
        cells = "".join(f"{f'{n}: {p50_ms:.2f}':>16}" for n, p50_ms in by_size.items())
        say(f"{name:<22}{share:>5.0%}{cells}")
