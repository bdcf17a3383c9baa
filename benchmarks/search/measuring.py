"""Measures recall and latency of one engine on one question, and throughput with several clients."""

import re
import subprocess
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median

import numpy as np

from benchmarks.search.engines import Engine
from benchmarks.search.questions import Question
from db.cluster import bin_dir

ROUNDS = 3
HEAD = (
    f"{'question':<20}{'engine':<27}{'rows':>7}{'short':>6}{'recall':>8}{'5 %':>6}{'worst':>7}"
    f"{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}{'build s':>9}{'insert s':>9}{'MiB':>7}"
)
PGBENCH_S = 6
TPS = re.compile(r"tps = ([\d.]+)")


@dataclass(frozen=True)
class Line:
    """One line of the table.

    Times are medians of the rounds; `rows` is the mean number of rows returned; `short` counts answers with too few
    rows; `fifth` is the fifth percentile of recall.
    """

    question: Question
    engine: Engine
    rows: float
    short: int
    recall: float
    fifth: float
    worst: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def __str__(self) -> str:
        """Return the columns of HEAD."""
        return (
            f"{self.question.name:<20}{self.engine.name:<27}{self.rows:>7.1f}{self.short:>6}{self.recall:>8.4f}{self.fifth:>6.2f}"
            f"{self.worst:>7.2f}{self.p50_ms:>8.2f}{self.p95_ms:>8.2f}{self.p99_ms:>8.2f}{self.engine.build_s:>9.1f}"
            f"{self.engine.insert_s:>9.3f}{self.engine.index_mib:>7.0f}"
        )


def measure(
    engine: Engine, question: Question, rows: Sequence[int], truths: Sequence[list[int]], rounds: int
) -> Line | None:
    """Query every row in some rounds after a warm-up; return None if the engine does not support the question."""
    if engine.ask(rows[0], question) is None:
        return None
    answers = [engine.ask(row, question) or [] for row in rows]
    # With no eligible tile, an empty answer is complete.
    recalls = [len(set(a) & set(t)) / len(t) if t else 1.0 for a, t in zip(answers, truths, strict=True)]
    short = sum(len(a) < len(t) for a, t in zip(answers, truths, strict=True))
    percentiles = np.median([np.percentile(times_ms(engine, question, rows), (50, 95, 99)) for _ in range(rounds)], 0)
    n_rows, recall, fifth = np.mean([len(a) for a in answers]), np.mean(recalls), np.percentile(recalls, 5)
    worst = min(recalls)
    return Line(question, engine, float(n_rows), short, float(recall), float(fifth), worst, *percentiles.tolist())


def times_ms(engine: Engine, question: Question, rows: Sequence[int]) -> list[float]:
    """Query every row, and return the time of each query in milliseconds."""
    times = []
    for row in rows:
        started = time.perf_counter()
        engine.ask(row, question)
        times.append((time.perf_counter() - started) * 1000)
    return times


def throughput(url: str, statement: str, ids: Sequence[int], clients: int, folder: Path) -> float:
    """Return queries per second by pgbench over items chosen at random, the median of three runs."""
    script = folder / "query.pgbench"
    chosen = f"(ARRAY[{', '.join(map(str, ids))}]::bigint[])[:i]"
    script.write_text(f"\\set i random(1, {len(ids)})\n{' '.join(statement.format(item=chosen).split())};\n")
    command: list[str | Path] = [
        bin_dir() / "pgbench",
        "--no-vacuum",
        "--protocol=prepared",
        f"--file={script}",
        f"--time={PGBENCH_S}",
    ]
    command += [f"--client={clients}", f"--jobs={min(clients, 2)}", url]
    runs = [subprocess.run(command, check=True, capture_output=True, text=True).stdout for _ in range(ROUNDS)]
    return median(float(found.group(1)) for run in runs if (found := TPS.search(run)))
