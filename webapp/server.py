"""The background web server: a process recorded in ``<home>/web.json``."""

import fcntl
import json
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path

import psutil

from db.settings import Settings
from webapp.errors import ServerError
from webapp.serve import GRACEFUL_TIMEOUT_S, check_port

START_TIMEOUT_S = 60
STOP_TIMEOUT_S = GRACEFUL_TIMEOUT_S + 5
HEALTH_TIMEOUT_S = 10
POLL_S = 0.1


@dataclass(frozen=True)
class Server:
    """A background server: master process and address. ``started_at`` guards against a later process with its pid."""

    pid: int
    started_at: float
    host: str
    port: int

    @property
    def url(self) -> str:
        """Return the address of the page; a server that listens on all addresses is reached over loopback."""
        reached = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(
            self.host, f"[{self.host}]" if ":" in self.host else self.host
        )
        return f"http://{reached}:{self.port}"


def start(settings: Settings, host: str, port: int) -> tuple[Server, bool]:
    """Start a background server and wait until it and its database answer.

    Returns:
        The server, and whether this call started it (False: it already ran, possibly at another address).

    Raises:
        ServerError: the port is in use, or the server does not answer in time; no process is left behind.
        DbError: the database does not answer or is not migrated.
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
    """Stop the background server. Return whether one was running."""
    if not settings.home.is_dir():
        return False
    with _locked(settings):
        server = running(settings)
        if server:
            _end(psutil.Process(server.pid))
        _state_path(settings).unlink(missing_ok=True)
        return server is not None


def running(settings: Settings) -> Server | None:
    """Return the background server of this home; None if there is none or ``web.json`` is stale."""
    try:
        server = Server(**json.loads(_state_path(settings).read_text()))
        is_same = abs(psutil.Process(server.pid).create_time() - server.started_at) < 1
    except (FileNotFoundError, ValueError, TypeError, psutil.NoSuchProcess):
        return None
    return server if is_same else None


def health(server: Server) -> str | None:
    """Return what is wrong with a server; None if it and its database answer."""
    try:
        with urllib.request.urlopen(f"{server.url}/health", timeout=HEALTH_TIMEOUT_S):
            return None
    except urllib.error.HTTPError as error:
        with error:
            problem = json.loads(error.read())
        return f"{problem['title']}. {problem['detail']}"
    except OSError as error:
        return f"no answer ({error})"


def log_path(settings: Settings) -> Path:
    """Return the path of the background server's log."""
    return settings.home / "web.log"


def _state_path(settings: Settings) -> Path:
    return settings.home / "web.json"


@contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """Hold the lock that allows one start or stop at a time."""
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
            raise ServerError(f"the web server ended at once; see its log {log_path(settings)}")
        if time.monotonic() > deadline:
            raise ServerError(
                f"the web server did not answer within {START_TIMEOUT_S} s ({wrong}); see its log {log_path(settings)}"
            )
        time.sleep(POLL_S)


def _end(process: psutil.Process) -> None:
    """Terminate the master, which ends its workers; kill the processes that remain after the timeout."""
    family = [process, *process.children(recursive=True)]
    process.terminate()
    _, alive = psutil.wait_procs(family, timeout=STOP_TIMEOUT_S)
    for survivor in alive:
        survivor.kill()
    psutil.wait_procs(alive, timeout=STOP_TIMEOUT_S)
