"""Latency and throughput of an engine with several clients at once, each a thread of this process."""

import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np

from benchmarks.search.engines import Engine
from benchmarks.search.measuring import ROUNDS, times_ms
from benchmarks.search.questions import Question

CLIENTS = 4
HEAD = f"{'engine':<27}{'1 client/s':>11}{'4 clients/s':>12}{'ratio':>7}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}"


@dataclass(frozen=True)
class Together:
    """One line of the table: queries per second with one client and with CLIENTS, and the times of the latter."""

    name: str
    alone: float
    together: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def __str__(self) -> str:
        """Return the columns of HEAD."""
        return (
            f"{self.name:<27}{self.alone:>11.0f}{self.together:>12.0f}{self.together / self.alone:>7.2f}"
            f"{self.p50_ms:>8.2f}{self.p95_ms:>8.2f}{self.p99_ms:>8.2f}"
        )


def measure_together(engine: Engine, question: Question, rows: Sequence[int]) -> Together:
    """Query every row with one client, then with CLIENTS at once, each its share; medians of three rounds."""
    clients = [engine.another_client() for _ in range(CLIENTS)]
    for client in clients:
        client.ask(rows[0], question)
    alone, together, percentiles = [], [], []
    for _ in range(ROUNDS):
        alone.append(_round(clients[:1], question, rows)[0])
        rate, all_ms = _round(clients, question, rows)
        together.append(rate)
        percentiles.append(np.percentile(all_ms, (50, 95, 99)))
    for client in clients:
        client.close()
    return Together(
        engine.name, float(np.median(alone)), float(np.median(together)), *np.median(percentiles, 0).tolist()
    )


def _round(clients: Sequence[Engine], question: Question, rows: Sequence[int]) -> tuple[float, list[float]]:
    """Return queries per second and the time of each query in milliseconds."""
    shares = [rows[i :: len(clients)] for i in range(len(clients))]
    started = time.perf_counter()
    with ThreadPoolExecutor(len(clients)) as pool:
        times = list(pool.map(times_ms, clients, [question] * len(clients), shares))
    return len(rows) / (time.perf_counter() - started), [ms for each in times for ms in each]
