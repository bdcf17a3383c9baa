"""``terrakin bench load``: many clients over the API and the vector tiles as a page asks for them, on loopback alone.

Two phases: full load for a while (no error is allowed, memory must be steady), then load while PostgreSQL is killed and
started again (503 while it is away, nothing after). The server is `terrakin web run` with its usual workers.
"""

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from statistics import quantiles

import psutil

from benchmarks.load_client import Answer, Mix, drive, drive_for
from benchmarks.load_world import build, read_mix
from db import cluster
from db.settings import Settings, environment

WARM_UP_S = 5
AWAY_AFTER_S = 5
AWAY_S = 3
AFTER_S = 15
GRACE_S = 3
"""A worker's pool tries again with pauses of up to 2 s (webapp.database.RECONNECT_TIMEOUT_S)."""
Say = Callable[[str], None]


@dataclass(frozen=True)
class Memory:
    """MiB that belong to no other process (USS), summed over the processes."""

    web: float
    postgres: float


def run(home: Path, n_tiles: int, clients: int, seconds: int, say: Say) -> bool:
    """Both phases against a private cluster in a folder (made where there is none). Whether all went well."""
    settings = build(home, n_tiles, say)
    mix = read_mix(settings)
    with _server(settings) as (url, process):
        asyncio.run(drive_for(url, mix, clients, WARM_UP_S))
        before = _memory(process, settings)
        say(f"\n{clients} clients for {seconds} s, {mix.n_tiles} tiles, no pause between questions")
        answers = asyncio.run(drive_for(url, mix, clients, seconds))
        after = _memory(process, settings)
        _say_table(answers, seconds, say)
        say(f"memory of the web server {before.web:.0f} -> {after.web:.0f} MiB, of PostgreSQL "
            f"{before.postgres:.0f} -> {after.postgres:.0f} MiB (USS)")  # fmt: skip
        failed = [answer for answer in answers if answer.status >= 400]
        return not failed and _kill_and_start(url, mix, clients, settings, say)


def _kill_and_start(url: str, mix: Mix, clients: int, settings: Settings, say: Say) -> bool:
    say(f"\nPostgreSQL killed (SIGKILL) under the load of {clients} clients, started again {AWAY_S} s later")
    times: dict[str, float] = {}

    async def phase() -> list[Answer]:
        end = asyncio.get_running_loop().create_future()
        load = asyncio.create_task(drive(url, mix, clients, end))
        await asyncio.sleep(AWAY_AFTER_S)
        times["killed"] = time.monotonic()
        os.kill(_postmaster(settings.home), signal.SIGKILL)
        await asyncio.sleep(AWAY_S)
        await asyncio.to_thread(cluster.start, settings.home)
        times["back"] = time.monotonic()
        await asyncio.sleep(AFTER_S)
        end.set_result(None)
        return await load

    answers = asyncio.run(phase())
    killed, back = times["killed"], times["back"]
    parts = {
        "before": [a for a in answers if a.begun < killed and a.ended < killed],
        "away": [a for a in answers if a.ended >= killed and a.begun < back],
        f"first {GRACE_S} s": [a for a in answers if back <= a.begun < back + GRACE_S],
        "after": [a for a in answers if a.begun >= back + GRACE_S],
    }
    say(f"away for {back - killed:.1f} s\n{'':<14}{'requests':>9}{'good':>9}{'503':>7}{'other errors':>14}")
    for name, part in parts.items():
        good, gone = (sum(a.status in statuses for a in part) for statuses in ((200, 204, 304), (503,)))
        say(f"{name:<14}{len(part):>9}{good:>9}{gone:>7}{len(part) - good - gone:>14}")
    others = [a for a in answers if a.status >= 400 and a.status != 503]
    for answer in others[:5]:
        say(f"  {answer.name}: {answer.status} {answer.text}")
    is_well = not others and all(a.status < 400 for a in parts["after"]) and bool(parts["after"])
    return is_well and all(a.status < 400 for a in parts["before"])


def _say_table(answers: list[Answer], seconds: int, say: Say) -> None:
    say(f"{'':<22}{'requests':>9}{'errors':>8}{'304':>7}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'kB each':>9}")
    for name in [*sorted({answer.name for answer in answers}), ""]:
        part = [answer for answer in answers if name in ("", answer.name)]
        times = sorted((answer.ended - answer.begun) * 1000 for answer in part)
        cuts = quantiles(times, n=100) if len(times) > 1 else times * 99
        errors = sum(answer.status >= 400 for answer in part)
        unchanged = sum(answer.status == 304 for answer in part)
        size = sum(answer.n_bytes for answer in part) / len(part) / 1000
        counts = f"{len(part):>9}{errors:>8}{unchanged:>7}"
        say(f"{name or 'all':<22}{counts}{cuts[49]:>9.0f}{cuts[98]:>9.0f}{times[-1]:>9.0f}{size:>9.1f}")
    say(f"{len(answers) / seconds:.0f} requests a second")
    for answer in [answer for answer in answers if answer.status >= 400][:5]:
        say(f"  {answer.name}: {answer.status} {answer.text}")


@contextmanager
def _server(settings: Settings) -> Iterator[tuple[str, psutil.Process]]:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "terrakin", "web", "run", "--port", str(port)]
    log = (settings.home / "load.log").open("w")
    process = subprocess.Popen(
        command, env={**environment(settings), "TERRAKIN_RATE_LIMIT": "none"}, stdout=log, stderr=log
    )
    url = f"http://127.0.0.1:{port}"
    try:
        deadline = time.monotonic() + 60
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            if process.poll() is not None or time.monotonic() > deadline:
                raise SystemExit(f"the web server did not come up; see {log.name}")
            time.sleep(0.2)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _postmaster(home: Path) -> int:
    return int((cluster.locate(home).data / "postmaster.pid").read_text().split()[0])


def _memory(web: psutil.Process, settings: Settings) -> Memory:
    server = psutil.Process(_postmaster(settings.home))
    return Memory(*(sum(_uss(p) for p in (root, *root.children(recursive=True))) for root in (web, server)))


def _uss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 2**20
    except psutil.NoSuchProcess:
        return 0
