"""`terrakin bench tiles`: vector tiles over HTTP compared with the SQL call, z 0 to 14, one client and eight.

Every requested vector tile contains a random tile of the world: empty sea is not measured. SQL and HTTP take turns.
"""

import itertools
import os
import shutil
import tempfile
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from io import BytesIO
from pathlib import Path
from statistics import median
from threading import local
from typing import Any, LiteralString

import numpy as np
import psycopg
import pycurl
from pyproj import Transformer

from benchmarks import REAL_TILES
from benchmarks.search.filling import fill_tables
from benchmarks.web.martin import find_martin, free_port, running_martin
from benchmarks.world import World, build_world
from db import cluster
from db.install.migrate import migrate
from db.settings import Settings
from webapp import server
from webapp.vector_tiles.routes import SOURCES

ZOOMS = range(15)
NOT_MEASURED = [float("nan")]
TILES_PER_ZOOM = 24
ROUNDS = 3
CLIENTS = 8
REQUESTS_PER_ROUND = 96
"""Approximate: a zoom has 1 to 24 tiles, each requested equally often."""
RATE_LIMIT = "1000000/minute"
"""Rate limiting stays on, but with a limit that the benchmark does not reach."""
HALF_WORLD_M = 20037508.342789244
UMAP_UNIT_M = 500_000
FIRST_TILE_ID = 1_932_161_548_401
"""Ids of real magnitude: small numbers would make the vector tiles smaller."""
BROWSER = {"Accept-Encoding": "gzip, deflate, br, zstd"}
CALLS: dict[str, LiteralString] = {
    "grid": "SELECT g.mvt, g.etag FROM tiles.grid(%s, %s, %s, %s::json) AS g",
    "similarity": "SELECT g.mvt, g.etag FROM tiles.similarity(%s, %s, %s, %s::json) AS g",
    "umap": "SELECT g.mvt, g.etag FROM tiles.umap(%s, %s, %s, %s::json) AS g",
}
HEAD = (
    f"{'source':<12}{'z':>3}{'tiles':>7}{'kB':>8}{'kB sent':>9}"
    f"{'SQL ms':>9}{'HTTP ms':>9}{'x':>6}{'Martin':>9}{'304 ms':>8}"
    f"{'SQL ms, 8':>12}{'HTTP ms, 8':>12}{'x':>6}{'Martin, 8':>11}"
)
_rounds = itertools.count()
"""A parameter that differs in every request, so that the server cannot answer from its cache."""
Echo = Callable[[str], None]
Fetch = Callable[["Address"], int]
"""Fetches one tile and returns the length of the answer in bytes."""


@dataclass(frozen=True)
class Address:
    """One vector tile of a source, with the JSON of its query string."""

    source: str
    z: int
    x: int
    y: int
    query: str

    @property
    def path(self) -> str:
        """Path and query string."""
        path = f"/tiles/{self.source}/{self.z}/{self.x}/{self.y}?"
        return f"{path}tile_id={FIRST_TILE_ID}" if self.source == "similarity" else path


@dataclass(frozen=True)
class Line:
    """One line of the table: medians in ms, largest answers in bytes; Martin's are NaN without its program."""

    source: str
    z: int
    n: int
    largest: int
    largest_sent: int
    sql_ms: float
    http_ms: float
    known_ms: float
    sql_8_ms: float
    http_8_ms: float
    martin_ms: float
    martin_8_ms: float

    def __str__(self) -> str:
        """Return the columns of HEAD."""
        return (
            f"{self.source:<12}{self.z:>3}{self.n:>7}{self.largest / 1000:>8.1f}{self.largest_sent / 1000:>9.1f}"
            f"{self.sql_ms:>9.2f}{self.http_ms:>9.2f}{self.http_ms / self.sql_ms:>6.2f}{self.martin_ms:>9.2f}"
            f"{self.known_ms:>8.2f}{self.sql_8_ms:>12.2f}{self.http_8_ms:>12.2f}{self.http_8_ms / self.sql_8_ms:>6.2f}"
            f"{self.martin_8_ms:>11.2f}"
        )


def run_all(n: int, echo: Echo) -> None:
    """Fill a database with n tiles, serve it with gunicorn, and print the table."""
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    try:
        world = build_world(REAL_TILES, n, 0.57)
        url = _filled(folder, world)
        settings = Settings(folder / "web", database_url=url)
        os.environ["DATABASE_URL"] = url  # read by the server process
        os.environ["TERRAKIN_PICTURE_RATE_LIMIT"] = RATE_LIMIT
        echo(f"\n{n} tiles, {world.source}, synthetic vectors; medians of {ROUNDS} rounds; browser's Accept-Encoding")
        found, _ = server.start(settings, "127.0.0.1", free_port())
        try:
            with _martin(url, folder) as martin:
                _print_table(_lines(world, url, found.url, martin), echo)
        finally:
            server.stop(settings)
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)


@contextmanager
def _martin(url: str, folder: Path) -> Iterator[str | None]:
    """Yield the address of a running Martin, if its program is here."""
    program = find_martin()
    if program is None:
        yield None
        return
    with running_martin(program, url, folder / "martin.log") as address:
        yield address


def _filled(folder: Path, world: World) -> str:
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute("CREATE DATABASE bench_tiles")
    url = address.url(database="bench_tiles")
    migrate(Settings(folder / "home", database_url=url))
    with psycopg.connect(url, autocommit=True) as conn:
        fill_tables(conn, world, FIRST_TILE_ID)
    return url


def _lines(world: World, url: str, served: str, martin: str | None) -> Iterable[Line]:
    for source in SOURCES:
        for z in ZOOMS:
            yield _measure(_addresses(world, source, z), url, served, martin)


def _addresses(world: World, source: str, z: int) -> list[Address]:
    """Return distinct vector tiles of a zoom, each around a random tile of the world (the same in every run)."""
    if source == "umap":
        x, y = world.umap[:, 0] * UMAP_UNIT_M, world.umap[:, 1] * UMAP_UNIT_M
    else:
        x, y = Transformer.from_crs(4326, 3857, always_xy=True).transform(world.lon, world.lat)
    width = 2 * HALF_WORLD_M / 2**z
    columns, rows = ((x + HALF_WORLD_M) / width).astype(int), ((HALF_WORLD_M - y) / width).astype(int)
    order = np.random.default_rng(z).permutation(len(columns))
    different = dict.fromkeys((int(columns[i]), int(rows[i])) for i in order)
    query = f'{{"tile_id": {FIRST_TILE_ID}}}' if source == "similarity" else "{}"
    return [Address(source, z, *place, query) for place in itertools.islice(different, TILES_PER_ZOOM)]


def _measure(addresses: list[Address], url: str, served: str, martin: str | None) -> Line:
    sql, web = _sql_fetcher(url), _http_fetcher(served)
    largest, sent = max(map(sql, addresses)), max(map(web, addresses))
    etags = {address: _etag(served, address) for address in addresses}
    known = _http_fetcher(served, etags)
    fetchers = {"sql": sql, "web": web, **({"martin": _http_fetcher(martin)} if martin else {})}
    times: dict[str, list[float]] = {name: [] for name in (*fetchers, "known")}
    for _ in range(ROUNDS):
        for address in addresses:
            for name, fetch in (*fetchers.items(), ("known", known)):
                times[name].append(_timed(fetch, address))
    many = _by_many(fetchers, addresses)
    return Line(
        addresses[0].source, addresses[0].z, len(addresses), largest, sent,
        median(times["sql"]), median(times["web"]), median(times["known"]), median(many["sql"]), median(many["web"]),
        median(times.get("martin", NOT_MEASURED)), median(many.get("martin", NOT_MEASURED)),
    )  # fmt: skip


def _by_many(fetchers: Mapping[str, Fetch], addresses: list[Address]) -> dict[str, list[float]]:
    """Return the milliseconds of each answer with CLIENTS concurrent clients, SQL and HTTP in turns."""
    wanted = addresses * (REQUESTS_PER_ROUND // len(addresses))
    times: dict[str, list[float]] = {}
    with ThreadPoolExecutor(CLIENTS) as pool:
        for turn in range(1 + ROUNDS):
            for name, fetch in fetchers.items():
                found = list(pool.map(partial(_timed, fetch), wanted))
                # The first turn opens connections and plans statements; it does not count.
                times[name] = times[name] + found if turn else []
    return times


def _timed(fetch: Fetch, address: Address) -> float:
    started = time.perf_counter()
    fetch(address)
    return (time.perf_counter() - started) * 1000


def _sql_fetcher(url: str) -> Fetch:
    """Call SQL with one connection per thread, as in the web app's pool."""
    thread = local()

    def fetch(address: Address) -> int:
        if not hasattr(thread, "conn"):
            thread.conn = psycopg.connect(url, autocommit=True)
        place = (address.z, address.x, address.y, address.query)
        row = thread.conn.execute(CALLS[address.source], place, binary=True).fetchone()
        return len(row[0] or b"")

    return fetch


def _http_fetcher(served: str, etags: dict[Address, str] | None = None) -> Fetch:
    """Request over HTTP with one kept connection per thread; with ETags every answer must be 304.

    libcurl adds less overhead than the HTTP clients in Python.
    """
    thread = local()

    def fetch(address: Address) -> int:
        if not hasattr(thread, "curl"):
            thread.curl = pycurl.Curl()
        known = {"If-None-Match": etags[address]} if etags and etags[address] else {}
        path = address.path if etags else f"{address.path}&round={next(_rounds)}"
        status, body = _get(thread.curl, f"{served}{path}", known)
        if status not in ({304} if known else {200, 204}):
            raise RuntimeError(f"{path} answered {status}: {body[:200]!r}")
        return len(body)

    return fetch


def _get(curl: pycurl.Curl, url: str, headers: Mapping[str, str]) -> tuple[int, bytes]:
    """Return the status and the body as sent (compressed)."""
    body = BytesIO()
    curl.setopt(pycurl.URL, url)
    curl.setopt(pycurl.HTTPHEADER, [f"{name}: {value}" for name, value in (BROWSER | dict(headers)).items()])
    curl.setopt(pycurl.WRITEDATA, body)
    curl.perform()
    return curl.getinfo(pycurl.RESPONSE_CODE), body.getvalue()


def _etag(served: str, address: Address) -> str:
    """Return the ETag of a tile. Not part of the timed requests: reading headers in Python would slow them down."""
    curl, lines = pycurl.Curl(), list[bytes]()
    curl.setopt(pycurl.HEADERFUNCTION, lines.append)
    _get(curl, f"{served}{address.path}", {})
    tags = (line.split(b":", 1)[1].strip().decode() for line in lines if line.lower().startswith(b"etag:"))
    return next(tags, "")


def _print_table(lines: Iterable[Line], echo: Echo) -> None:
    echo(HEAD)
    all_lines = []
    for line in lines:
        echo(str(line))
        all_lines.append(line)
    for source in SOURCES:
        own = [line for line in all_lines if line.source == source]
        one, eight = (_ratio(own, sql, web) for sql, web in (("sql_ms", "http_ms"), ("sql_8_ms", "http_8_ms")))
        echo(
            f"{source}: HTTP / SQL {one} with one client, {eight} with eight; "
            f"largest tile {max(line.largest for line in own) / 1000:.0f} kB"
        )
    for clients, suffix in (("one client", "ms"), ("eight", "8_ms")):
        in_sql, over_http, in_martin = (
            median(getattr(line, f"{name}_{suffix}") for line in all_lines) for name in ("sql", "http", "martin")
        )
        echo(
            f"all sources and zooms, {clients}: p50 {over_http:.2f} ms, SQL {in_sql:.2f}: {over_http / in_sql:.2f} x; "
            f"Martin {in_martin:.2f}: {in_martin / over_http:.2f} of HTTP"
        )


def _ratio(lines: list[Line], sql: str, web: str) -> str:
    ratios: list[Any] = sorted(getattr(line, web) / getattr(line, sql) for line in lines)
    return f"{median(ratios):.2f} x ({ratios[0]:.2f} to {ratios[-1]:.2f})"
