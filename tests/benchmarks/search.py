"""`make bench-search`: similarity search with spatial exclusion, terrakin against its peers, one table, one run.

Every engine gets the same world, the same queries and one client. Recall is measured against brute force in NumPy.
Rows short of min(k, eligible) are counted: terrakin promises none.
"""

import argparse
import sys
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import psycopg

from db import cluster
from db.migrate import migrate
from db.settings import Settings
from tests.benchmarks.engines import (
    Engine,
    Faiss,
    Postgres,
    Qdrant,
    Question,
    fill_postgres,
    fill_qdrant,
    truth,
    with_temporary_folder,
)
from tests.benchmarks.world import World, build_world

REAL_TILES = Path(__file__).resolve().parents[2].parent / "shared" / "data" / "tiles" / "tiles.csv.gz"
QDRANT_EFS = (64, 128, 256)
HEAD = (
    f"{'question':<26}{'engine':<20}{'short':>6}{'recall':>8}{'worst':>7}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}"
    f"{'build s':>9}{'MiB':>7}"
)


def questions(world: World) -> list[Question]:
    """The scenarios: how far to stay away, where to look, how many."""
    continents, continent_sizes = np.unique(world.continent, return_counts=True)
    countries, country_sizes = np.unique(world.country, return_counts=True)
    n = len(world.lon)
    fifth = int(continents[np.argmin(np.abs(continent_sizes - 0.2 * n))])
    hundredth = int(countries[np.argmin(np.abs(country_sizes - 0.01 * n))])
    return [
        Question("other cities"),
        Question("other cities, 50 km", exclude_within_m=50_000),
        Question("other cities, 500 km", exclude_within_m=500_000),
        Question("one continent", continent=fifth),
        Question("one country", country=hundredth),
        Question("one a city, 50 km", exclude_within_m=50_000, max_per_city=1),
        Question("50 km, k = 200", k=200, exclude_within_m=50_000),
    ]


def measure(engine: Engine, world: World, question: Question, rows: Sequence[int]) -> str | None:
    """One line of the table; None where the engine has no such question."""
    if engine.ask(rows[0], question) is None:
        return None
    recalls, times_ms, short = [], [], 0
    for row in rows:
        started = time.perf_counter()
        answer = engine.ask(row, question) or []
        times_ms.append((time.perf_counter() - started) * 1000)
        right = truth(world, row, question)
        short += len(answer) < len(right)
        recalls.append(len(set(answer) & set(right)) / max(len(right), 1))
    p50, p95, p99 = np.percentile(times_ms, (50, 95, 99))
    return (
        f"{question.name:<26}{engine.name:<20}{short:>6}{np.mean(recalls):>8.4f}{min(recalls):>7.2f}"
        f"{p50:>8.2f}{p95:>8.2f}{p99:>8.2f}{engine.build_s:>9.1f}{engine.index_mib:>7.0f}"
    )


def run(folder: Path, n: int, share: float, n_queries: int, say: Callable[[str], None]) -> None:
    """Fill all engines with one world and print its table."""
    world = build_world(REAL_TILES, n, share)
    say(
        f"\n{n} tiles, {world.source}, synthetic vectors; {world.same_city_share:.1%} of ten nearest in the same city; "
        f"{n_queries} queries, one client"
    )
    address = cluster.start(folder / "home")
    name = f"bench_{n}_{round(share * 100)}"
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(name)))
    url = address.url(database=name)
    settings = Settings(folder / "home", database_url=url)
    migrate(settings)
    build_s = fill_postgres(world, settings)
    shard, qdrant_s, qdrant_mib = fill_qdrant(world, folder / name)
    engines: list[Engine] = [
        Postgres(url, world, "terrakin", build_s),
        Postgres(url, world, "pgvector by hand", build_s),
        *(Qdrant(shard, world, ef, qdrant_s, qdrant_mib) for ef in QDRANT_EFS),
        Postgres(url, world, "terrakin exact", 0),
        Faiss(world),
    ]
    rows = np.random.default_rng(1).permutation(n)[:n_queries].tolist()
    say(HEAD)
    for question in questions(world):
        for engine in engines:
            slow = engine.name in ("terrakin exact", "FAISS flat + filter")
            line = measure(engine, world, question, rows[:20] if slow else rows)
            if line:
                say(line)


def main() -> None:
    """Read the options and run every size with every share."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--sizes", type=int, nargs="+", default=[10_000, 48_881])
    parser.add_argument("--same-city", type=float, nargs="+", default=[0.57, 0.98])
    parser.add_argument("--queries", type=int, default=200)
    given = parser.parse_args()

    def all_runs(folder: Path) -> None:
        try:
            for n in given.sizes:
                for share in given.same_city:
                    run(folder, n, share, given.queries, lambda line: print(line, flush=True))
        finally:
            cluster.stop(folder / "home")

    with_temporary_folder(all_runs)


if __name__ == "__main__":
    sys.exit(main())
