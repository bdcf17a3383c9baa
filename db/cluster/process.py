"""The server process of a private cluster: whether it answers, started and stopped by ``pg_ctl``."""

import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psutil
import psycopg

from db.cluster import configuration
from db.cluster.binaries import run_as
from db.cluster.data_directory import DataDirectory
from db.cluster.paths import ClusterPaths
from db.cluster.ports import choose_port, is_free, remember_port, remembered_port
from db.cluster.server_log import cause, log_since
from db.errors import ClusterError
from db.roles import DATABASE, OWNER

log = logging.getLogger(__name__)

WAIT_S = 120
"""Longest that a server may take to start (crash recovery included) or to stop."""
PORT_ATTEMPTS = 5
MAINTENANCE_DATABASE = "postgres"


@dataclass(frozen=True)
class Address:
    """Where a running private cluster listens."""

    socket_dir: Path
    port: int

    def url(self, role: str = OWNER, database: str = DATABASE) -> str:
        """Return a libpq URL over the Unix socket (peer authentication, no password)."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_dir))}&port={self.port}"


def answering(paths: ClusterPaths, database: str = DATABASE) -> Address | None:
    """Return the address of the server if it accepts connections to a database, else None.

    Raises:
        ClusterError: the server of another cluster answers at this address.
    """
    port = remembered_port(paths)
    if port is None or not paths.socket_dir.exists() or paths.socket_dir.stat().st_uid != paths.user.uid:
        return None
    address = Address(paths.socket_dir, port)
    try:
        with psycopg.connect(address.url(database=database), connect_timeout=5) as conn:
            (data_directory,) = conn.execute("SHOW data_directory").fetchone() or ("",)
    except psycopg.OperationalError:
        return None
    if Path(data_directory).resolve() != paths.data.resolve():
        raise ClusterError(f"the server at {paths.socket_dir} serves {data_directory}, not {paths.data}; stop it")
    return address


def start(data: DataDirectory) -> Address:
    """Start the server unless it runs already; write its settings first.

    Raises:
        ClusterError: the server does not start; the message contains the reason from its log.
    """
    return _wait_for_running_server(data) or _start(data)


def stop(data: DataDirectory) -> None:
    """Stop the server and wait until its processes have ended.

    Raises:
        ClusterError: it does not stop.
    """
    pg_ctl = str(data.programs / "pg_ctl")
    done = run_as(data.paths.user, [pg_ctl, "stop", "-w", "-t", str(WAIT_S), "-m", "fast", "-D", str(data.path)])
    deadline = time.monotonic() + 10
    while server_processes(data.path):  # the children of a killed postmaster end by themselves
        if time.monotonic() > deadline:
            raise ClusterError(f"the server of {data.path} did not stop: {cause(done.stdout)}")
        time.sleep(0.1)


def server_processes(data: Path) -> list[int]:
    """Return the ids of the PostgreSQL processes whose working directory is this data directory."""
    folder = os.path.realpath(data)
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == folder and "postgres" in process.name():
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return sorted(found)


def _wait_for_running_server(data: DataDirectory) -> Address | None:
    """Return the address of a server that uses this data directory, None once no process does.

    A process that uses the data directory but does not answer is starting, recovering or stopping.
    """
    deadline = time.monotonic() + WAIT_S
    while processes := server_processes(data.path):
        address = answering(data.paths, MAINTENANCE_DATABASE)
        if address:
            return address
        if time.monotonic() > deadline:
            raise ClusterError(
                f"process {processes[0]} uses {data.path} but does not answer; read {data.paths.log}, or end it"
            )
        time.sleep(0.1)
    return None


def _start(data: DataDirectory) -> Address:
    paths = data.paths
    _remove_stale_locks(paths)
    command = [
        str(data.programs / "pg_ctl"), "start", "-w", "-t", str(WAIT_S), "-D", str(data.path), "-l", str(paths.log),
    ]  # fmt: skip
    log_start = paths.log.stat().st_size if paths.log.exists() else 0
    for _ in range(PORT_ATTEMPTS):
        port = choose_port(remembered_port(paths))
        configuration.write_settings(paths, port)
        remember_port(paths, port)
        output = run_as(paths.user, command).stdout
        address = answering(paths, MAINTENANCE_DATABASE)
        if address:
            log.info("event=cluster_started port=%d socket_dir=%s data=%s", port, paths.socket_dir, data.path)
            return address
        if is_free(port):  # otherwise another program took the port in the meantime: try the next one
            break
    reason = cause(log_since(paths.log, log_start)) or cause(output)
    raise ClusterError(f"the server did not start, reason in its log {paths.log}: {reason}")


def _remove_stale_locks(paths: ClusterPaths) -> None:
    """Remove the lock files of a server that has ended; only for the lock's holder, when no process is left.

    PostgreSQL removes a pid file whose process has ended. It refuses to start if another program has that process id
    now (after a reboot, or in a container), or if a full disk left the file empty.
    """
    pid_file = paths.data / "postmaster.pid"
    if pid_file.exists():
        first = pid_file.read_text().split("\n")[0]
        if not first.isdigit() or psutil.pid_exists(int(first)):
            log.warning("event=stale_pid_file_removed path=%s pid=%s", pid_file, first)
            pid_file.unlink()
    for lock in paths.socket_dir.glob(".s.PGSQL.*"):
        lock.unlink()
