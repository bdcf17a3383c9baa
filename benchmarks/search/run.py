"""`terrakin bench search`: similarity search by tile and block, compared with vector indexes and vector databases.

All engines get the same items and the same queries. Recall is measured against brute force in NumPy. The column `short`
counts answers with fewer than min(k, eligible) rows; terrakin promises that there are none.
"""

import shutil
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

import numpy as np
import psycopg

from benchmarks import REAL_TILES
from benchmarks.search.engines import Engine, Terrakin
from benchmarks.search.filling import fill_blocks, fill_postgres, measure_set
from benchmarks.search.items import Items, blocks_of, tiles_of
from benchmarks.search.measuring import HEAD, ROUNDS, measure, throughput
from benchmarks.search.peers import build_peer
from benchmarks.search.questions import Question, questions, truths
from benchmarks.world import build_world
from db import cluster
from db.migrate import migrate
from db.settings import Settings

N_SLOW, N_SLOW_OF_MILLIONS = 20, 3
"""Number of queries for engines that compare the query with every item, each asked once."""
MILLIONS = 1_000_000
SHARE_SAMPLE = 100
CLIENTS = (1, 4)
CONCURRENT = "SELECT {unit}_id FROM api.similar_{unit}s({{item}}, exclude_within_m => 50000)"
Echo = Callable[[str], None]


def run_all(
    n_tiles: int, same_city_share: float, units: list[str], peers: list[str], n_queries: int, budgets: list[int],
    echo: Echo,
) -> None:  # fmt: skip
    """Fill a scratch cluster, then print a table for each unit."""
    with _scratch_cluster() as folder:
        world = build_world(REAL_TILES, n_tiles, same_city_share)
        echo(f"{n_tiles} tiles, {world.source}, synthetic vectors; times are medians of three rounds")
        settings = _database(folder)
        tiles_s = fill_postgres(world, settings)
        for unit in units:
            items = tiles_of(world) if unit == "tile" else blocks_of(world)
            build_s = tiles_s if unit == "tile" else fill_blocks(items, settings)
            _run(items, settings, build_s, peers, n_queries, budgets, folder, echo)


@contextmanager
def _scratch_cluster() -> Iterator[Path]:
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    try:
        yield folder
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)


def _database(folder: Path) -> Settings:
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute("CREATE DATABASE bench")
    settings = Settings(folder / "home", database_url=address.url(database="bench"))
    migrate(settings)
    return settings


def _run(
    items: Items, settings: Settings, build_s: float, peers: list[str], n_queries: int, budgets: list[int],
    folder: Path, echo: Echo,
) -> None:  # fmt: skip
    url = str(settings.database_url)
    rows = np.random.default_rng(1).permutation(len(items.ids))[:n_queries]
    echo(
        f"\n{len(items.ids)} {items.unit}s of {items.vectors.shape[1]} numbers; "
        f"{items.same_city_share(rows[:SHARE_SAMPLE]):.1%} of the ten nearest in the same city; {n_queries} queries"
    )
    filled = measure_set(items, settings, build_s)
    echo(str(filled))
    chosen = questions(items)
    asked = list(zip(chosen, truths(items, rows.tolist(), chosen), strict=True))
    own = (filled.build_s, filled.insert_s, filled.indexes_mib)
    echo(HEAD)
    for budget in budgets or [0]:
        if budget:
            echo(f"max_compared = {budget}")
            _set_budget(url, filled.set_id, budget)
        _measure([Terrakin(url, items, False, *own)], len(items.ids), rows.tolist(), asked, echo)
    _measure([Terrakin(url, items, True)], len(items.ids), rows.tolist(), asked, echo)
    for name in peers:
        engines = build_peer(name, items, settings, folder, echo)
        _measure(engines, len(items.ids), rows.tolist(), asked, echo)
    _print_throughput(url, items, rows.tolist(), folder, echo)


def _measure(
    engines: Sequence[Engine], n_items: int, rows: list[int], asked: list[tuple[Question, list[list[int]]]], echo: Echo
) -> None:
    for question, answers in asked:
        for engine in engines:
            is_slow = "exact" in engine.name or "flat" in engine.name
            n = (N_SLOW_OF_MILLIONS if n_items > MILLIONS else N_SLOW) if is_slow else len(rows)
            line = measure(engine, question, rows[:n], answers[:n], 1 if is_slow else ROUNDS)
            if line:
                echo(str(line))


def _set_budget(url: str, set_id: int, budget: int) -> None:
    with psycopg.connect(url) as conn:
        conn.execute("UPDATE terrakin.embedding_sets SET max_compared = %s WHERE set_id = %s", (budget, set_id))


def _print_throughput(url: str, items: Items, rows: list[int], folder: Path, echo: Echo) -> None:
    statement, ids = CONCURRENT.format(unit=items.unit), items.ids[rows].tolist()
    rates = [throughput(url, statement, ids, clients, folder) for clients in CLIENTS]
    each = ", ".join(f"{c} clients {rate:.0f}/s" for c, rate in zip(CLIENTS, rates, strict=True))
    echo(f"terrakin throughput (pgbench; other cities, 50 km): {each} ({rates[-1] / rates[0]:.2f} x)")
