"""Clients that ask as a page does: loads, moves of the map, clicks; each with a browser's cache."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from math import asinh, pi, radians, tan

import aiohttp

TIMEOUT_S = 60
CLICKS = 4
"""Clicks between two loads of the page."""
THUMBNAILS = 10
"""Of the 20 results, those that are on the screen."""


@dataclass(frozen=True)
class Mix:
    """What can be asked about: tile ids with their centres (degrees), and beginnings of city names."""

    places: list[tuple[int, float, float]]
    names: list[str]

    @property
    def n_tiles(self) -> int:
        """How many tiles there are."""
        return len(self.places)


@dataclass(frozen=True)
class Answer:
    """One answer; status 599 where the connection broke. Times of time.monotonic()."""

    name: str
    status: int
    begun: float
    ended: float
    n_bytes: int
    text: str


@dataclass
class Client:
    """One browser: its connection, what it has kept, and what it was answered."""

    session: aiohttp.ClientSession
    url: str
    chance: random.Random
    answers: list[Answer] = field(default_factory=list)
    kept: dict[str, str] = field(default_factory=dict)

    async def ask(self, name: str, path: str, body: object = None) -> bytes:
        """Ask once; an address asked before goes with its ETag."""
        begun = time.monotonic()
        headers = {"If-None-Match": self.kept[path]} if path in self.kept else {}
        try:
            method = "POST" if body else "GET"
            async with self.session.request(method, self.url + path, json=body, headers=headers) as response:
                data = await response.read()
                if "ETag" in response.headers and len(self.kept) < 10_000:
                    self.kept[path] = response.headers["ETag"]
                status, text = response.status, data[:200].decode(errors="replace") if response.status >= 400 else ""
        except (aiohttp.ClientError, TimeoutError) as error:
            data, status, text = b"", 599, repr(error)
        self.answers.append(Answer(name, status, begun, time.monotonic(), len(data), text))
        return data if status == 200 else b""


async def drive(url: str, mix: Mix, clients: int, end: asyncio.Future[None]) -> list[Answer]:
    """All answers of so many clients that ask until the end, each one question after the other."""
    connector = aiohttp.TCPConnector(limit=clients)
    timeout = aiohttp.ClientTimeout(total=TIMEOUT_S)
    async with aiohttp.ClientSession(connector=connector, timeout=timeout) as session:
        people = [Client(session, url, random.Random(number)) for number in range(clients)]
        await asyncio.gather(*(_browse(person, mix, end) for person in people))
    return [answer for person in people for answer in person.answers]


async def drive_for(url: str, mix: Mix, clients: int, seconds: float) -> list[Answer]:
    """The same for so many seconds."""
    loop = asyncio.get_running_loop()
    end: asyncio.Future[None] = loop.create_future()
    loop.call_later(seconds, end.set_result, None)
    return await drive(url, mix, clients, end)


async def _browse(client: Client, mix: Mix, end: asyncio.Future[None]) -> None:
    while not end.done():
        async for _ in _visit(client, mix):
            if end.done():
                return


async def _visit(client: Client, mix: Mix) -> AsyncIterator[None]:
    """A page load, then clicks; yields after every question."""
    for name in ("config", "encoder", "stats", "countries"):
        yield await _void(client.ask(name, f"/api/v1/{name}"))
    yield await _void(client.ask("umap/points", "/api/v1/umap/points"))
    for x in range(4):
        yield await _void(client.ask("tiles/grid z2", f"/tiles/grid/2/{x}/{client.chance.randrange(4)}"))
    yield await _void(client.ask("cities", f"/api/v1/cities?q={client.chance.choice(mix.names)}"))
    for _ in range(CLICKS):
        tile_id, lon, lat = client.chance.choice(mix.places)
        for z in (8, 10):
            for x, y in _around(lon, lat, z):
                yield await _void(client.ask("tiles/grid z8, z10", f"/tiles/grid/{z}/{x}/{y}"))
        yield await _void(client.ask("tile", f"/api/v1/tiles/{tile_id}"))
        yield await _void(client.ask("similar", f"/api/v1/similar?tile_id={tile_id}&exclude_within_m=50000"))
        for _ in range(THUMBNAILS):
            other = client.chance.choice(mix.places)[0]
            yield await _void(client.ask("thumbnail", f"/api/v1/tiles/{other}/thumbnail"))
        for x, y in _around(lon, lat, 8):
            yield await _void(client.ask("tiles/similarity z8", f"/tiles/similarity/8/{x}/{y}?tile_id={tile_id}"))
    examples = {"positive": [client.chance.choice(mix.places)[0] for _ in range(3)], "k": 20}
    yield await _void(client.ask("similar-to-examples", "/api/v1/similar-to-examples", examples))
    tile_id, lon, lat = client.chance.choice(mix.places)
    x, y = _tile(lon, lat, 2)
    yield await _void(client.ask("tiles/similarity z2", f"/tiles/similarity/2/{x}/{y}?tile_id={tile_id}"))
    yield await _void(client.ask("umap/similarity", f"/api/v1/umap/similarity?tile_id={tile_id}"))


async def _void(question: object) -> None:
    await question  # type: ignore[misc]


def _tile(lon: float, lat: float, z: int) -> tuple[int, int]:
    """The vector tile at a position (https://wiki.openstreetmap.org/wiki/Slippy_map_tilenames)."""
    side = 2**z
    y = int((1 - asinh(tan(radians(lat))) / pi) / 2 * side)
    return int((lon + 180) / 360 * side) % side, min(max(y, 0), side - 1)


def _around(lon: float, lat: float, z: int) -> list[tuple[int, int]]:
    """The four vector tiles of a screen around a position."""
    x, y = _tile(lon, lat, z)
    side = 2**z
    return [((x + dx) % side, min(y + dy, side - 1)) for dx in (0, 1) for dy in (0, 1)]
