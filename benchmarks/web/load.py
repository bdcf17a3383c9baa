"""`terrakin bench load`: many clients request API and vector tiles as the page does, on the loopback interface.

Two phases: constant load (no errors allowed, memory must stay level), then load while PostgreSQL is killed and
restarted (503 while it is down, no error afterwards). The server is `terrakin web run` with its usual workers.
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

from benchmarks.web.load_client import Answer, Mix, drive, drive_for
from benchmarks.web.load_world import build, read_mix
from db import cluster
from db.connect import connect
from db.settings import Settings, environment

WARM_UP_S = 5
KILL_AFTER_S = 5
DOWN_S = 3
RECOVERY_S = 15
GRACE_S = 3
"""Seconds after the restart in which answers may still fail while the workers reconnect."""
Echo = Callable[[str], None]


@dataclass(frozen=True)
class Memory:
    """Unique set size (USS) in MiB, summed over the processes."""

    web: float
    postgres: float


def run(home: Path, n_tiles: int, clients: int, seconds: int, echo: Echo) -> bool:
    """Run both phases on the private cluster of `home`, created if missing; return whether no request failed."""
    settings = build(home, n_tiles, echo)
    mix = read_mix(settings)
    with _server(settings) as (url, process):
        asyncio.run(drive_for(url, mix, clients, WARM_UP_S))
        before = _memory(process, settings)
        echo(f"\n{clients} clients for {seconds} s, {mix.n_tiles} tiles, no pause between requests")
        answers = asyncio.run(drive_for(url, mix, clients, seconds))
        after = _memory(process, settings)
        _print_table(answers, seconds, echo)
        echo(f"memory of the web server {before.web:.0f} -> {after.web:.0f} MiB, of PostgreSQL "
            f"{before.postgres:.0f} -> {after.postgres:.0f} MiB (USS)")  # fmt: skip
        failed = [answer for answer in answers if answer.status >= 400]
        return not failed and _kill_and_start(url, mix, clients, settings, echo)


def _kill_and_start(url: str, mix: Mix, clients: int, settings: Settings, echo: Echo) -> bool:
    echo(f"\nPostgreSQL killed (SIGKILL) under the load of {clients} clients, restarted {DOWN_S} s later")
    times: dict[str, float] = {}

    async def phase() -> list[Answer]:
        end = asyncio.get_running_loop().create_future()
        load = asyncio.create_task(drive(url, mix, clients, end))
        await asyncio.sleep(KILL_AFTER_S)
        times["killed"] = time.monotonic()
        os.kill(_postmaster(settings), signal.SIGKILL)
        await asyncio.sleep(DOWN_S)
        await asyncio.to_thread(cluster.start, settings.home)
        times["back"] = time.monotonic()
        await asyncio.sleep(RECOVERY_S)
        end.set_result(None)
        return await load

    answers = asyncio.run(phase())
    killed, back = times["killed"], times["back"]
    parts = {
        "before": [a for a in answers if a.begun < killed and a.ended < killed],
        "down": [a for a in answers if a.ended >= killed and a.begun < back],
        f"first {GRACE_S} s": [a for a in answers if back <= a.begun < back + GRACE_S],
        "after": [a for a in answers if a.begun >= back + GRACE_S],
    }
    echo(f"down for {back - killed:.1f} s\n{'':<14}{'requests':>9}{'good':>9}{'503':>7}{'other errors':>14}")
    for name, part in parts.items():
        good, gone = (sum(a.status in statuses for a in part) for statuses in ((200, 204, 304), (503,)))
        echo(f"{name:<14}{len(part):>9}{good:>9}{gone:>7}{len(part) - good - gone:>14}")
    failed = [a for a in answers if a.status >= 400 and a.status != 503]
    for answer in failed[:5]:
        echo(f"  {answer.name}: {answer.status} {answer.text}")
    is_well = not failed and all(a.status < 400 for a in parts["after"]) and bool(parts["after"])
    return is_well and all(a.status < 400 for a in parts["before"])


def _print_table(answers: list[Answer], seconds: int, echo: Echo) -> None:
    echo(f"{'':<22}{'requests':>9}{'errors':>8}{'304':>7}{'p50 ms':>9}{'p99 ms':>9}{'max ms':>9}{'kB each':>9}")
    for name in [*sorted({answer.name for answer in answers}), ""]:
        part = [answer for answer in answers if name in ("", answer.name)]
        times = sorted((answer.ended - answer.begun) * 1000 for answer in part)
        cuts = quantiles(times, n=100) if len(times) > 1 else times * 99
        errors = sum(answer.status >= 400 for answer in part)
        unchanged = sum(answer.status == 304 for answer in part)
        size = sum(answer.n_bytes for answer in part) / len(part) / 1000
        counts = f"{len(part):>9}{errors:>8}{unchanged:>7}"
        echo(f"{name or 'all':<22}{counts}{cuts[49]:>9.0f}{cuts[98]:>9.0f}{times[-1]:>9.0f}{size:>9.1f}")
    echo(f"{len(answers) / seconds:.0f} requests per second")
    for answer in [answer for answer in answers if answer.status >= 400][:5]:
        echo(f"  {answer.name}: {answer.status} {answer.text}")


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
                raise SystemExit(f"the web server did not start within 60 s; see {log.name}")
            time.sleep(0.2)
        yield url, psutil.Process(process.pid)
    finally:
        process.terminate()
        process.wait(timeout=30)
        log.close()


def _postmaster(settings: Settings) -> int:
    with connect(settings) as conn:
        (data,) = conn.execute("SHOW data_directory").fetchone() or ("",)
    return int((Path(data) / "postmaster.pid").read_text().split()[0])


def _memory(web: psutil.Process, settings: Settings) -> Memory:
    server = psutil.Process(_postmaster(settings))
    return Memory(*(sum(_uss(p) for p in (root, *root.children(recursive=True))) for root in (web, server)))


def _uss(process: psutil.Process) -> float:
    try:
        return float(process.memory_full_info().uss) / 2**20
    except psutil.NoSuchProcess:
        return 0
