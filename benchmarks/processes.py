"""Measures a command: wall time, processor time, and peak memory of all processes involved."""

import os
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass

import psutil

SAMPLE_S = 0.5


@dataclass(frozen=True)
class Cost:
    """Cost of one command.

    Attributes:
        seconds: wall time.
        cpu_seconds: processor time of the command, its children and PostgreSQL.
        peak_mib: largest sampled sum of their proportional set sizes (shared memory counts once).
    """

    seconds: float
    cpu_seconds: float
    peak_mib: float


def cost_of(arguments: Sequence[str], environment: Mapping[str, str], postmaster_pid: int) -> Cost:
    """Run `terrakin` with its progress bars on this terminal; raise CalledProcessError if it fails."""
    postmaster = psutil.Process(postmaster_pid)
    before, started, peak = _server_cpu_s(postmaster), time.perf_counter(), [0.0]
    children = os.times()
    process = subprocess.Popen([sys.executable, "-m", "terrakin", *arguments], env=dict(environment))
    ended = threading.Event()

    def watch() -> None:
        while not ended.wait(SAMPLE_S):
            peak[0] = max(peak[0], _pss_mib(process.pid) + _pss_mib(postmaster_pid))

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        code = process.wait()
    finally:
        ended.set()
        watcher.join()
    if code:
        raise subprocess.CalledProcessError(code, arguments)
    now = os.times()
    own = now.children_user + now.children_system - children.children_user - children.children_system
    return Cost(time.perf_counter() - started, own + _server_cpu_s(postmaster) - before, peak[0])


def _pss_mib(pid: int) -> float:
    total = 0
    with suppress(psutil.NoSuchProcess):
        parent = psutil.Process(pid)
        for process in (parent, *parent.children(recursive=True)):
            with suppress(psutil.NoSuchProcess, psutil.AccessDenied):
                total += process.memory_full_info().pss
    return total / 2**20


def _server_cpu_s(postmaster: psutil.Process) -> float:
    """Return the processor time of the server's processes, ended ones included."""
    times = postmaster.cpu_times()
    total = times.user + times.system + times.children_user + times.children_system
    for child in postmaster.children():
        with suppress(psutil.NoSuchProcess):
            own = child.cpu_times()
            total += own.user + own.system
    return float(total)
