"""Server processes seen from outside: who runs a data directory, which ports are free, what the log says."""

import logging
import os
import re
import socket
from pathlib import Path

import psutil

from db.cluster_files import ClusterFiles
from db.errors import ClusterError

log = logging.getLogger(__name__)

PORTS = range(5440, 5500)
LOG_LINES_SHOWN = 5
PROBLEM = re.compile(r"\b(ERROR|FATAL|PANIC|error):")


def server_processes(data: Path) -> list[int]:
    """Ids of all PostgreSQL processes of a data directory: each has it as its working directory."""
    folder = os.path.realpath(data)
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == folder and "postgres" in process.name():
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return sorted(found)


def remove_stale_locks(files: ClusterFiles) -> None:
    """Remove the lock files of a server that is gone. Only for the holder of the lock, when no process is left.

    PostgreSQL itself removes a pid file whose process is gone. One whose number was given to another program since
    (after a reboot, or in a container), or that a full disk left empty, would stop it.
    """
    pid_file = files.data / "postmaster.pid"
    if pid_file.exists():
        first = pid_file.read_text().split("\n")[0]
        if not first.isdigit() or psutil.pid_exists(int(first)):
            log.warning("event=stale_pid_file_removed path=%s pid=%s", pid_file, first)
            pid_file.unlink()
    for lock in files.socket_dir.glob(".s.PGSQL.*"):
        lock.unlink()


def choose_port(remembered: int | None) -> int:
    """The remembered port if nobody listens there, else the first free one of ``PORTS``.

    Raises:
        ClusterError: all are taken.
    """
    if remembered is not None and is_free(remembered):
        return remembered
    for port in PORTS:
        if is_free(port):
            if remembered is not None:
                log.warning("event=port_taken port=%d action=other_port_chosen new_port=%d", remembered, port)
            return port
    raise ClusterError(
        f"no free port from {PORTS.start} to {PORTS.stop - 1} on 127.0.0.1; end a program that listens there"
    )


def is_free(port: int) -> bool:
    """True where a server could listen on this port of 127.0.0.1."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except (OSError, OverflowError):
            return False
    return True


def log_since(path: Path, start_byte: int) -> str:
    """What was added to a log file after a position; empty where there is no file."""
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        handle.seek(start_byte)
        return handle.read().decode(errors="replace")


def cause(text: str) -> str:
    """What went wrong by a program's output, in one line: around the first line that says so, else its last lines."""
    lines = [line.strip() for line in text.strip().splitlines()]
    first = next((i for i, line in enumerate(lines) if PROBLEM.search(line)), None)
    shown = lines[-LOG_LINES_SHOWN:] if first is None else lines[max(0, first - 1) : first + 2]
    return " | ".join(shown)
