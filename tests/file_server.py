"""A file server on loopback that supports byte ranges, as object stores do, and can be slow or faulty."""

import re
import threading
import time
import zlib
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

FAULTS = ("500", "503", "hang", "hang in the middle", "cut short")
RANGE = re.compile(r"bytes=(\d*)-(\d*)")


@dataclass
class Behaviour:
    """How the server answers.

    Attributes:
        latency_s: delay of every answer.
        fault_share: share of the requests that are answered with one of FAULTS.
        seed: determines which; the n-th request for the same bytes of the same file always has the same answer.
        hang_s: maximum duration of a hang.
        answered: number of requests by kind of answer: ``whole`` or one of FAULTS.
    """

    latency_s: float = 0.0
    fault_share: float = 0.0
    seed: int = 1
    hang_s: float = 30.0
    answered: Counter[str] = field(default_factory=Counter)
    _asked: Counter[str] = field(default_factory=Counter)
    _lock: threading.Lock = field(default_factory=threading.Lock)
    ended: threading.Event = field(default_factory=threading.Event)

    def asked(self) -> list[str]:
        """Return each request that was answered: method, path and range."""
        with self._lock:
            return list(self._asked)

    def decide(self, request: str) -> str:
        """Choose the kind of answer to a request."""
        with self._lock:
            self._asked[request] += 1
            chance = zlib.crc32(f"{self.seed} {request} {self._asked[request]}".encode()) / 2**32
            kind = FAULTS[int(chance / self.fault_share * len(FAULTS))] if chance < self.fault_share else "whole"
            self.answered[kind] += 1
        return kind


class Handler(BaseHTTPRequestHandler):
    """Answers GET and HEAD for files of the server's folder."""

    protocol_version = "HTTP/1.1"

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        server = self.server
        assert isinstance(server, FileServer)
        path = (server.folder / self.path.lstrip("/").partition("?")[0]).resolve()
        wanted = self.headers.get("Range", "")
        kind = server.behaviour.decide(f"{self.command} {self.path} {wanted}")
        time.sleep(server.behaviour.latency_s)
        if kind in ("500", "503"):
            self._respond(int(kind), b"")
        elif kind == "hang":
            server.behaviour.ended.wait(server.behaviour.hang_s)
            self.close_connection = True
        elif not (path.is_relative_to(server.folder) and path.is_file()):
            self._respond(404, b"")
        else:
            self._send(path.read_bytes(), wanted, kind, server.behaviour)

    def _send(self, content: bytes, wanted: str, kind: str, behaviour: Behaviour) -> None:
        status, headers = 200, {"Accept-Ranges": "bytes"}
        size = len(content)
        if found := RANGE.match(wanted):
            # Without a first byte, the last ones are wanted.
            first = int(found[1]) if found[1] else max(size - int(found[2]), 0)
            last = min(int(found[2]), size - 1) if found[1] and found[2] else size - 1
            status, content = 206, content[first : last + 1]
            headers["Content-Range"] = f"bytes {first}-{last}/{size}"
        if kind == "whole":
            self._respond(status, content, headers)
            return
        self._respond(status, content, headers, n_sent=len(content) // 2)
        self.wfile.flush()
        if kind == "hang in the middle":
            behaviour.ended.wait(behaviour.hang_s)
        self.close_connection = True

    def _respond(
        self, status: int, body: bytes, headers: dict[str, str] | None = None, n_sent: int | None = None
    ) -> None:
        self.send_response(status)
        for name, value in (headers or {}).items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body[:n_sent])

    def handle(self) -> None:
        """Handle a connection; a client that disconnects is not an error."""
        try:
            super().handle()
        except ConnectionError:
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        """Log nothing."""


class FileServer(ThreadingHTTPServer):
    """Serves one folder."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, behaviour: Behaviour) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.folder, self.behaviour = folder.resolve(), behaviour


@contextmanager
def served(folder: Path, behaviour: Behaviour) -> Iterator[str]:
    """Serve a folder and give its URL without a trailing slash."""
    with FileServer(folder, behaviour) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            behaviour.ended.set()
            server.shutdown()
            thread.join()
