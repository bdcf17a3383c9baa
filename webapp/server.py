"""Serves the app with gunicorn: in the foreground, or as a background process known by ``<home>/web.json``.

Every worker makes the app, and so its own connection pool, after the fork.
"""

import errno
import fcntl
import json
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import psutil

from db.settings import Settings, share_metrics
from webapp.errors import ServerError

WORKERS = 2
THREADS = 8
"""As many as the pool of a worker has connections (db.pool.ReaderPool): none waits for another's."""
KEEPALIVE_S = 15
"""A page asks for dozens of tiles and thumbnails over few connections."""
START_TIMEOUT_S = 60
STOP_TIMEOUT_S = 15
HEALTH_TIMEOUT_S = 10
POLL_S = 0.1


@dataclass(frozen=True)
class Server:
    """A background server: its master process and address. ``started_at`` tells it from a later process of its pid."""

    pid: int
    started_at: float
    host: str
    port: int

    @property
    def url(self) -> str:
        """Where the page is."""
        return url_of(self.host, self.port)


def url_of(host: str, port: int) -> str:
    """Address of the page; one that listens everywhere is reached by loopback."""
    reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(host, f"[{host}]" if ":" in host else host)
    return f"http://{reached}:{port}"


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until a signal ends it.

    Raises:
        ServerError: the port is taken.
    """
    from gunicorn.app.base import BaseApplication

    check_port(host, port)
    share_metrics(_emptied(settings.home / "metrics"))

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            bind = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
            options = {
                "bind": bind,
                "workers": WORKERS,
                "worker_class": "gthread",
                "threads": THREADS,
                "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
                "proc_name": "terrakin-web",
                "limit_request_line": 8190,
                "control_socket_disable": True,
                "keepalive": KEEPALIVE_S,
                "graceful_timeout": STOP_TIMEOUT_S - 5,
                "child_exit": _forget_metrics,
            }
            for name, value in options.items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from webapp import create_app

            return create_app(settings)

    Application().run()


def _emptied(folder: Path) -> Path:
    """A folder without the counters of an earlier server."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _forget_metrics(arbiter: Any, worker: Any) -> None:
    """gunicorn's hook: gauges of a worker that ended count no more."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]


def check_port(host: str, port: int) -> None:
    """Refuse a port that cannot be listened on, with what to do.

    Raises:
        ServerError: the port is taken, or the address is not this machine's.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ServerError(
                    f"port {port} is taken by another program; choose another: "
                    f"`terrakin web start --port {port + 1}` or `make demo PORT={port + 1}`"
                ) from error
            raise ServerError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def start(settings: Settings, host: str, port: int) -> tuple[Server, bool]:
    """Start a background server and wait until it and its database answer.

    Returns:
        The server, and whether it was started now (False: it ran already, maybe at another address).

    Raises:
        ServerError: the port is taken, or the server does not come up; nothing is left running then.
        DbError: the database is away, or not migrated.
    """
    from db.connect import connect

    settings.home.mkdir(parents=True, exist_ok=True)
    with _locked(settings):
        found = running(settings)
        if found:
            return found, False
        check_port(host, port)
        connect(settings, "reader").close()
        with log_path(settings).open("a") as log:
            process = subprocess.Popen(
                [sys.executable, "-m", "terrakin", "web", "run", "--host", host, "--port", str(port)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            server = Server(process.pid, psutil.Process(process.pid).create_time(), host, port)
            _wait_for_health(settings, server, process)
            _state_path(settings).write_text(json.dumps(asdict(server)))
        except BaseException:
            _end(psutil.Process(process.pid))
            raise
        return server, True


def stop(settings: Settings) -> bool:
    """End the background server. Whether one ran."""
    if not settings.home.is_dir():
        return False
    with _locked(settings):
        server = running(settings)
        if server:
            _end(psutil.Process(server.pid))
        _state_path(settings).unlink(missing_ok=True)
        return server is not None


def running(settings: Settings) -> Server | None:
    """The background server of this home, None where none runs (a stale file is not believed)."""
    try:
        server = Server(**json.loads(_state_path(settings).read_text()))
        is_same = abs(psutil.Process(server.pid).create_time() - server.started_at) < 1
    except (FileNotFoundError, ValueError, TypeError, psutil.NoSuchProcess):
        return None
    return server if is_same else None


def health(server: Server) -> str | None:
    """What is wrong with a server, None where it and its database answer."""
    try:
        with urllib.request.urlopen(f"{server.url}/health", timeout=HEALTH_TIMEOUT_S):
            return None
    except urllib.error.HTTPError as error:
        with error:
            problem = json.loads(error.read())
        return f"{problem['title']}. {problem['detail']}"
    except OSError as error:
        return f"it does not answer ({error})"


def log_path(settings: Settings) -> Path:
    """Where the background server writes its log."""
    return settings.home / "web.log"


def _state_path(settings: Settings) -> Path:
    return settings.home / "web.json"


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """One start or stop at a time."""
    with (settings.home / "web.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _wait_for_health(settings: Settings, server: Server, process: "subprocess.Popen[bytes]") -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while True:
        wrong = health(server)
        if wrong is None:
            return
        if process.poll() is not None:
            raise ServerError(f"the web server ended at once; its log {log_path(settings)} says why")
        if time.monotonic() > deadline:
            raise ServerError(f"the web server did not come up in {START_TIMEOUT_S} s: {wrong}")
        time.sleep(POLL_S)


def _end(process: psutil.Process) -> None:
    """Ask the master to end, which ends its workers; kill what does not."""
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_TIMEOUT_S)
    for survivor in alive:
        survivor.kill()
    psutil.wait_procs(alive, timeout=STOP_TIMEOUT_S)
