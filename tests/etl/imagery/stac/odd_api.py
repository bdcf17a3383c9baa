"""A STAC API on loopback over the tiny demo whose answers have another form than expected."""

import json
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

import pystac

from etl.demo.catalogue import COLLECTION, DemoCatalogue

CORE = "https://api.stacspec.org/v1.0.0/core"
CONFORMANCE = (CORE, *(f"https://api.stacspec.org/v1.0.0/{name}" for name in ("item-search", "collections")))
Answer = tuple[int, dict[str, str], bytes]


@dataclass
class Api:
    """What the API answers.

    Attributes:
        items: documents of the items.
        methods: methods that the root offers for the search.
        conforms_to: conformance classes of the root; None leaves the key out.
        edit: changes the answer to a search, given its number: the first is 1.
        search: answers a search instead, given its number.
        pause_s: seconds between two bytes of the answer to a search.
        requests: method and path of each request.
    """

    items: Sequence[dict[str, Any]] = field(repr=False)
    methods: Sequence[str] = ("GET", "POST")
    conforms_to: Sequence[str] | None = CONFORMANCE
    edit: Callable[[dict[str, Any], int], Any] = lambda page, number: page
    search: Callable[[int], Answer | None] = lambda number: None
    pause_s: float = 0
    requests: list[str] = field(default_factory=list, repr=False)

    def answer(self, method: str, path: str, address: str) -> Answer:
        """Return status, headers and body."""
        self.requests.append(f"{method} {path}")
        if path == "/":
            return _json(self._root(address))
        if path == "/collections":
            return _json({"collections": [_collection()], "links": []})
        if path != "/search":
            return 404, {}, b"{}"
        if method not in self.methods:
            return 405, {}, b'{"code": "MethodNotAllowed"}'
        number = sum(asked.endswith("/search") for asked in self.requests)
        page = {"type": "FeatureCollection", "features": list(self.items), "links": []}
        return self.search(number) or _json(self.edit(page, number))

    def _root(self, address: str) -> dict[str, Any]:
        links = [{"rel": rel, "href": address, "type": "application/json"} for rel in ("self", "root")]
        links.append({"rel": "data", "href": f"{address}/collections", "type": "application/json"})
        links += [
            {"rel": "search", "href": f"{address}/search", "type": "application/geo+json", "method": method}
            for method in self.methods
        ]
        root = {"type": "Catalog", "id": "odd", "description": "odd", "stac_version": "1.0.0", "links": links}
        return root if self.conforms_to is None else root | {"conformsTo": list(self.conforms_to)}


def documents(demo: DemoCatalogue, city: str) -> list[dict[str, Any]]:
    """Return the items of one city with the absolute paths of their files, and without links."""
    found = []
    for item in pystac.Catalog.from_file(str(demo.catalogue)).get_items(recursive=True):
        if city in item.id:
            item.make_asset_hrefs_absolute()
            found.append(item.to_dict(include_self_link=False, transform_hrefs=False) | {"links": []})
    return found


@contextmanager
def serving(api: Api) -> Iterator[str]:
    """Serve an API, and yield its URL without a trailing slash."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            status, headers, body = api.answer(self.command, urlsplit(self.path).path.rstrip("/") or "/", address)
            self.send_response(status)
            for name, value in {"Content-Length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if not (api.pause_s and self.path.startswith("/search")):
                self.wfile.write(body)
                return
            with suppress(OSError):  # the client has gone
                for byte in body:
                    self.wfile.write(bytes([byte]))
                    time.sleep(api.pause_s)

        def do_POST(self) -> None:
            self.do_GET()

        def log_message(self, *_: object) -> None:
            """Log nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        server.daemon_threads = True
        address = f"http://127.0.0.1:{server.server_port}"
        thread = threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True)
        thread.start()
        try:
            yield address
        finally:
            server.shutdown()
            thread.join()


def _json(document: Any) -> Answer:
    return 200, {"Content-Type": "application/geo+json"}, json.dumps(document).encode()


def _collection() -> dict[str, Any]:
    interval = [["2024-01-01T00:00:00Z", None]]
    extent = {"spatial": {"bbox": [[-180, -90, 180, 90]]}, "temporal": {"interval": interval}}
    return {
        "type": "Collection", "id": COLLECTION, "description": "made up", "license": "CC0-1.0", "links": [],
        "stac_version": "1.0.0", "extent": extent,
    }  # fmt: skip
