"""Serve the app with gunicorn in the foreground.

Each worker creates the app, and so its own connection pool, after the fork.
"""

import errno
import shutil
import socket
from pathlib import Path
from typing import Any

from db.settings import Settings, share_metrics
from webapp.errors import ServerError

WORKERS = 2
THREADS = 8
"""Per worker; webapp.database opens as many connections."""
KEEPALIVE_S = 15
"""A page requests dozens of tiles and thumbnails over few connections."""
GRACEFUL_TIMEOUT_S = 10


def serve(settings: Settings, host: str, port: int) -> None:
    """Serve until a signal ends the process.

    Raises:
        ServerError: the port is in use, or the address does not belong to this machine.
    """
    from gunicorn.app.base import BaseApplication

    check_port(host, port)
    share_metrics(_emptied(settings.home / "metrics"))

    class Application(BaseApplication):  # type: ignore[misc]
        def load_config(self) -> None:
            for name, value in _options(host, port).items():
                self.cfg.set(name, value)

        def load(self) -> Any:
            from webapp import create_app

            return create_app(settings)

    Application().run()


def check_port(host: str, port: int) -> None:
    """Raise if the server cannot listen on a port.

    Raises:
        ServerError: the port is in use, or the address does not belong to this machine.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((host, port))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                raise ServerError(
                    f"port {port} is in use by another program; choose another: "
                    f"`terrakin web start --port {port + 1}` or `make demo PORT={port + 1}`"
                ) from error
            raise ServerError(f"cannot listen on {host} port {port}: {error.strerror}") from error


def _options(host: str, port: int) -> dict[str, Any]:
    return {
        "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
        "workers": WORKERS,
        "worker_class": "gthread",
        "threads": THREADS,
        "worker_tmp_dir": "/dev/shm" if Path("/dev/shm").is_dir() else None,
        "proc_name": "terrakin-web",
        "limit_request_line": 8190,
        "control_socket_disable": True,
        "keepalive": KEEPALIVE_S,
        "graceful_timeout": GRACEFUL_TIMEOUT_S,
        "child_exit": _drop_metrics,
    }


def _emptied(folder: Path) -> Path:
    """Create a folder, or delete the counters that an earlier server left in it."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    return folder


def _drop_metrics(arbiter: Any, worker: Any) -> None:
    """Remove the gauges of a worker that ended: gunicorn's hook ``child_exit``."""
    from prometheus_client import multiprocess

    multiprocess.mark_process_dead(worker.pid)  # type: ignore[no-untyped-call]
