"""Fixtures: Debian's Chromium on the page as gunicorn serves it. Requests to other machines are blocked."""

import io
import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import Browser, BrowserContext, CDPSession, Page, Request, expect

from db.concepts.store import current_set, learn, save
from db.connect import connect
from db.embedding_sets.tile_keys import add_tile_keys
from tests.builders.towns import TOWNS, TownDatabase, town_database
from tests.ports import free_ports
from webapp.pages.routes import STATIC

# Software rendering is slow. Without motion the map jumps where it would fly; half as many pixels per CSS pixel save a
# sixth of the processor time of opening the page.
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce", "device_scale_factor": 0.5}
SHARP = {"device_scale_factor": 1}
"""For tests that read pixels."""
NO_IMAGERY = {"TERRAKIN_IMAGERY": "none"}
LOOPBACK = {"127.0.0.1", "localhost"}
# make test-slow-page
SLOW = os.environ.get("TERRAKIN_SLOW_PAGE") == "1"


# One column of points per town, one group of rows per urban form (the tiles of a town cycle through the forms).
# The last tile of all is not in the layout.
LAY_OUT = """
    UPDATE terrakin.tiles AS t SET umap_x = -t.city_id * 0.2, umap_y = 3 * (r.number % 3) + r.number / 10.0
    FROM (
        SELECT tile_id, (row_number() OVER (PARTITION BY city_id ORDER BY tile_id) - 1)::integer AS number
        FROM terrakin.tiles
    ) AS r
    WHERE r.tile_id = t.tile_id AND t.tile_id < (SELECT max(tile_id) FROM terrakin.tiles)
"""
LAYOUT = "INSERT INTO terrakin.layouts (method, parameters, n_tiles) VALUES ('umap', '{}', 44)"


MAKE_REAL = """
    UPDATE terrakin.cities SET is_synthetic = false WHERE city_id IN (-1, -2);
    UPDATE terrakin.composites
    SET is_synthetic = false, licences = '{CC-BY-4.0}', is_date_known = city_id <> -2,
        attributions = '{"Contains modified Copernicus Sentinel data 2024, prepared by Example"}'
    WHERE city_id IN (-1, -2);
    INSERT INTO terrakin.tile_aggregates (tile_id, method, embedding)
    SELECT t.tile_id, 'std', t.embedding_dominant FROM terrakin.tiles AS t;
    UPDATE terrakin.encoder SET default_method = 'mean_std';
"""
HALF_SEEN = "UPDATE terrakin.tile_thumbnails SET webp = %s WHERE tile_id = %s"

# Generous, because the machine may be busy.
expect.set_options(timeout=30_000)


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Yield the towns with a layout."""
    with town_database(server_home) as towns:
        with connect(towns.settings) as conn:
            conn.execute(LAY_OUT)
            conn.execute(LAYOUT)
            examples = [town_tiles[2][0] << 6 | 2 for town_tiles in list(towns.tiles.values())[:2]]
            learned = learn(conn, "block", current_set(conn, "block", None), examples, [], 0)
            save(conn, "harbour", learned, is_replacing=False)
        yield towns


@pytest.fixture(scope="session")
def site(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the running page."""
    with serving(towns, tmp_path_factory.mktemp("web")) as address:
        yield address


def half_seen() -> bytes:
    """Return a grey WebP whose eastern half is transparent."""
    pixels = np.full((128, 128, 4), 128, np.uint8)
    pixels[..., 3] = 255
    pixels[:, 64:, 3] = 0
    data = io.BytesIO()
    Image.fromarray(pixels).save(data, "WEBP", lossless=True)
    return data.getvalue()


@pytest.fixture(scope="module")
def places(server_home: Path) -> Iterator[TownDatabase]:
    """Yield the towns with a layout: two of them real places, the date of one unknown."""
    with town_database(server_home) as towns:
        with connect(towns.settings) as conn:
            conn.execute(MAKE_REAL)
            add_tile_keys(conn)
            conn.execute(LAY_OUT)
            conn.execute(LAYOUT)
            conn.execute(HALF_SEEN, (half_seen(), towns.tile_of(TOWNS[0].city_id, "harbour")))
        yield towns


@pytest.fixture(scope="module")
def address(places: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the address of the page on these places."""
    with serving(places, tmp_path_factory.mktemp("web")) as address:
        yield address


@contextmanager
def serving(towns: TownDatabase, home: Path) -> Iterator[str]:
    """Run the page on a database, and yield its address; skip the test if the page is not built."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the page is not built: run scripts/build_frontend.sh")
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "TERRAKIN_HOME": str(home),
        "DATABASE_URL": towns.settings.database_url or "",
        **NO_IMAGERY,
    }
    web = [sys.executable, "-m", "terrakin", "web"]
    subprocess.run([*web, "start", "--port", str(port)], env=environment, check=True, capture_output=True)
    yield f"http://127.0.0.1:{port}"
    subprocess.run([*web, "stop"], env=environment, check=True, capture_output=True)


def slow_down(page: Page) -> CDPSession:
    """Delay every response by 300 ms and make every script four times slower. Return what does so."""
    session = page.context.new_cdp_session(page)
    session.send("Emulation.setCPUThrottlingRate", {"rate": 4})
    set_conditions(session, is_offline=False)
    return session


def set_conditions(session: CDPSession, *, is_offline: bool) -> None:
    """Delay responses, or leave them out: these conditions take precedence over those of the context."""
    unlimited = {"downloadThroughput": -1, "uploadThroughput": -1}
    session.send("Network.emulateNetworkConditions", {"offline": is_offline, "latency": 300, **unlimited})


@dataclass
class Visit:
    """A page, and what it must not do: requests to other machines and errors."""

    page: Page
    requests_outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    slowed_by: CDPSession | None = None

    def set_offline(self, *, is_offline: bool) -> None:
        """Cut the page off from the network, or connect it again."""
        self.page.context.set_offline(is_offline)
        if self.slowed_by:
            set_conditions(self.slowed_by, is_offline=is_offline)


@pytest.fixture(scope="session")
def context_with(browser: Browser) -> Callable[[dict[str, Any]], BrowserContext]:
    """Return a function that returns the context with the given options.

    A page of each context stays open. It keeps the process that has compiled the scripts, which saves a fifth of the
    processor time of opening the next page.
    """

    @cache
    def context(options: str) -> BrowserContext:
        made = browser.new_context(**json.loads(options))
        made.new_page()
        return made

    return lambda options: context(json.dumps(DESKTOP | options))


@contextmanager
def new_page(context: BrowserContext) -> Iterator[Page]:
    """Yield a new page, and leave the context as it was before."""
    page = context.new_page()
    yield page
    context.set_offline(False)
    context.clear_cookies()
    context.new_cdp_session(page).send("Network.clearBrowserCache")  # answers about data that the next test changes
    if page.url.startswith("http"):
        page.evaluate("window.localStorage.clear()")
    page.close()


@pytest.fixture
def visit(context_with: Callable[[dict[str, Any]], BrowserContext], request: pytest.FixtureRequest) -> Iterator[Visit]:
    """Yield a new page. Fail afterwards if it requested other machines or a script failed.

    ``@pytest.mark.parametrize("visit", [{...}], indirect=True)`` passes options to the context.
    """
    with new_page(context_with(getattr(request, "param", {}))) as page:
        found = Visit(page)
        if SLOW:
            found.slowed_by = slow_down(page)

        def note(asked: Request) -> None:
            parts = urlsplit(asked.url)
            if parts.scheme not in ("data", "blob") and parts.hostname not in LOOPBACK:
                found.requests_outside.append(asked.url)

        page.context.on("request", note)
        page.on("pageerror", lambda error: found.errors.append(str(error)))
        yield found
        page.context.remove_listener("request", note)
    assert found.requests_outside == []
    assert found.errors == []


@pytest.fixture
def page(visit: Visit) -> Page:
    """Return the page of the visit."""
    return visit.page
