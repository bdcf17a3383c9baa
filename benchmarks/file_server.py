"""A file server on the loopback interface that supports byte ranges, as object stores do, and answers slowly."""

import re
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

RANGE = re.compile(r"bytes=(\d+)-(\d*)")


class SlowFileServer(ThreadingHTTPServer):
    """Serves the files of one folder, each answer after a pause, and counts the requests."""

    daemon_threads = True
    request_queue_size = 128

    def __init__(self, folder: Path, latency_s: float) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.folder, self.latency_s = folder.resolve(), latency_s
        self.n_requests = 0
        self._lock = threading.Lock()

    @property
    def url(self) -> str:
        """Root URL without a trailing slash."""
        return f"http://127.0.0.1:{self.server_port}"

    def count(self) -> None:
        """Count one request."""
        with self._lock:
            self.n_requests += 1


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: SlowFileServer

    def do_HEAD(self) -> None:
        self.do_GET()

    def do_GET(self) -> None:
        self.server.count()
        time.sleep(self.server.latency_s)
        path = (self.server.folder / self.path.lstrip("/")).resolve()
        if not (path.is_relative_to(self.server.folder) and path.is_file()):
            self._answer(404, b"")
            return
        content = path.read_bytes()
        if found := RANGE.match(self.headers.get("Range", "")):
            first, last = int(found[1]), min(int(found[2] or len(content) - 1), len(content) - 1)
            self._answer(206, content[first : last + 1], f"bytes {first}-{last}/{len(content)}")
        else:
            self._answer(200, content)

    def _answer(self, status: int, body: bytes, content_range: str = "") -> None:
        self.send_response(status)
        self.send_header("Accept-Ranges", "bytes")
        if content_range:
            self.send_header("Content-Range", content_range)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def handle(self) -> None:
        try:
            super().handle()
        except ConnectionError:  # the client has gone away
            self.close_connection = True

    def log_message(self, *_: object) -> None:
        pass


@contextmanager
def serve_slowly(folder: Path, latency_s: float) -> Iterator[SlowFileServer]:
    """Serve a folder until the block ends."""
    with SlowFileServer(folder, latency_s) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()
