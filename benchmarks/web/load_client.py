"""Clients that send the requests of the page: loading, moving the map, clicking; each caches like a browser."""

import asyncio
import random
import time
from collections.abc import Awaitable, Iterator
from dataclasses import dataclass, field
from math import asinh, pi, radians, tan

import aiohttp

TIMEOUT_S = 60
CLICKS = 4
"""Clicks per page load."""
THUMBNAILS = 10
"""Results visible on the screen, out of 20."""


@dataclass(frozen=True)
class Mix:
    """Values to request: tile ids with their centres (degrees), and prefixes of city names."""

    places: list[tuple[int, float, float]]
    names: list[str]

    @property
    def n_tiles(self) -> int:
        """Number of tiles."""
        return len(self.places)


@dataclass(frozen=True)
class Answer:
    """One answer; status 599 if the connection broke. Times are those of time.monotonic()."""

    name: str
    status: int
    begun: float
    ended: float
    n_bytes: int
    text: str


@dataclass
class Client:
    """One browser: its connection, its cached ETags, and the answers it received."""

    session: aiohttp.ClientSession
    url: str
    chance: random.Random
    answers: list[Answer] = field(default_factory=list)
    etags: dict[str, str] = field(default_factory=dict)

    async def request(self, name: str, path: str, body: object = None) -> bytes:
        """Send one request, with the ETag of an earlier answer if there is one; return the body of a 200."""
        begun = time.monotonic()
        headers = {"If-None-Match": self.etags[path]} if path in self.etags else {}
        try:
            method = "POST" if body else "GET"
            async with self.session.request(method, self.url + path, json=body, headers=headers) as response:
                data = await response.read()
                if "ETag" in response.headers and len(self.etags) < 10_000:
                    self.etags[path] = response.headers["ETag"]
                status, text = response.status, data[:200].decode(errors="replace") if response.status >= 400 else ""
        except (aiohttp.ClientError, TimeoutError) as error:
            data, status, text = b"", 599, repr(error)
        self.answers.append(Answer(name, status, begun, time.monotonic(), len(data), text))
        return data if status == 200 else b""


async def drive(url: str, mix: Mix, clients: int, end: asyncio.Future[None]) -> list[Answer]:
    """Run the clients until `end` is done, each with one request at a time; return all answers."""
    connector = aiohttp.TCPConnector(limit=clients)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        browsers = [Client(session, url, random.Random(number)) for number in range(clients)]
        await asyncio.gather(*(_browse(browser, mix, end) for browser in browsers))
    return [answer for browser in browsers for answer in browser.answers]


async def drive_for(url: str, mix: Mix, clients: int, seconds: float) -> list[Answer]:
    """Run the clients for a number of seconds; return all answers."""
    loop = asyncio.get_running_loop()
    end: asyncio.Future[None] = loop.create_future()
    loop.call_later(seconds, end.set_result, None)
    return await drive(url, mix, clients, end)


async def _browse(client: Client, mix: Mix, end: asyncio.Future[None]) -> None:
    while not end.done():
        for request in _visit(client, mix):
            await request
            if end.done():
                return


def _visit(client: Client, mix: Mix) -> Iterator[Awaitable[bytes]]:
    """Load the page, then click; yield every request."""
    for name in ("config", "encoder", "stats", "countries"):
        yield client.request(name, f"/api/v1/{name}")
    yield client.request("umap/points", "/api/v1/umap/points")
    for x in range(4):
        yield client.request("tiles/grid z2", f"/tiles/grid/2/{x}/{client.chance.randrange(4)}")
    yield client.request("cities", f"/api/v1/cities?q={client.chance.choice(mix.names)}")
    for _ in range(CLICKS):
        tile_id, lon, lat = client.chance.choice(mix.places)
        for z in (8, 10):
            for x, y in _around(lon, lat, z):
                yield client.request("tiles/grid z8, z10", f"/tiles/grid/{z}/{x}/{y}")
        yield client.request("tile", f"/api/v1/tiles/{tile_id}")
        yield client.request("similar", f"/api/v1/similar?tile_id={tile_id}&exclude_within_m=50000")
        for _ in range(THUMBNAILS):
            other = client.chance.choice(mix.places)[0]
            yield client.request("thumbnail", f"/api/v1/tiles/{other}/thumbnail")
        for x, y in _around(lon, lat, 8):
            yield client.request("tiles/similarity z8", f"/tiles/similarity/8/{x}/{y}?tile_id={tile_id}")
    examples = {"positive": [client.chance.choice(mix.places)[0] for _ in range(3)], "k": 20}
    yield client.request("similar-to-examples", "/api/v1/similar-to-examples", examples)
    tile_id, lon, lat = client.chance.choice(mix.places)
    x, y = _tile(lon, lat, 2)
    yield client.request("tiles/similarity z2", f"/tiles/similarity/2/{x}/{y}?tile_id={tile_id}")
    yield client.request("umap/similarity", f"/api/v1/umap/similarity?tile_id={tile_id}")


def _tile(lon: float, lat: float, z: int) -> tuple[int, int]:
    """Return the vector tile at a position (https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames)."""
    side = 2**z
    y = int((1 - asinh(tan(radians(lat))) / pi) / 2 * side)
    return int((lon + 180) / 360 * side) % side, min(max(y, 0), side - 1)


def _around(lon: float, lat: float, z: int) -> list[tuple[int, int]]:
    """Return the four vector tiles of a screen around a position."""
    x, y = _tile(lon, lat, z)
    side = 2**z
    return [((x + dx) % side, min(y + dy, side - 1)) for dx in (0, 1) for dy in (0, 1)]
