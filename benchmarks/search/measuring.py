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
    f"{'question':<22}{'engine':<20}{'short':>6}{'recall':>8}{'worst':>7}{'p50 ms':>8}{'p95 ms':>8}{'p99 ms':>8}"
    f"{'build s':>9}{'MiB':>7}"
)
PGBENCH_S = 6
TPS = re.compile(r"tps = ([\d.]+)")


@dataclass(frozen=True)
class Line:
    """One line of the table. Times are medians of three runs; `short` counts answers with too few rows."""

    question: Question
    engine: Engine
    short: int
    recall: float
    worst: float
    p50_ms: float
    p95_ms: float
    p99_ms: float

    def __str__(self) -> str:
        """Return the columns of HEAD."""
        return (
            f"{self.question.name:<22}{self.engine.name:<20}{self.short:>6}{self.recall:>8.4f}{self.worst:>7.2f}"
            f"{self.p50_ms:>8.2f}{self.p95_ms:>8.2f}{self.p99_ms:>8.2f}{self.engine.build_s:>9.1f}"
            f"{self.engine.index_mib:>7.0f}"
        )


def measure(engine: Engine, question: Question, rows: Sequence[int], truths: Sequence[list[int]]) -> Line | None:
    """Query every row in three rounds after a warm-up; return None if the engine does not support the question."""
    if engine.ask(rows[0], question) is None:
        return None
    answers = [engine.ask(row, question) or [] for row in rows]
    # With no eligible tile, an empty answer is complete.
    recalls = [len(set(a) & set(t)) / len(t) if t else 1.0 for a, t in zip(answers, truths, strict=True)]
    short = sum(len(a) < len(t) for a, t in zip(answers, truths, strict=True))
    percentiles = np.median([np.percentile(_times_ms(engine, question, rows), (50, 95, 99)) for _ in range(ROUNDS)], 0)
    return Line(question, engine, short, float(np.mean(recalls)), min(recalls), *percentiles.tolist())


def _times_ms(engine: Engine, question: Question, rows: Sequence[int]) -> list[float]:
    times = []
    for row in rows:
        started = time.perf_counter()
        engine.ask(row, question)
        times.append((time.perf_counter() - started) * 1000)
    return times


def throughput(url: str, statement: str, n_tiles: int, clients: int, folder: Path) -> float:
    """Return queries per second by pgbench over random tiles, the median of three runs."""
    script = folder / "query.pgbench"
    script.write_text(f"\\set tile_id random(1, {n_tiles})\n{' '.join(statement.split())};\n")
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
