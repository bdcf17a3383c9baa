"""`make bench-page`: how fast the page is, in a headless Chromium that renders in software, over worlds of some sizes.

Beside every time stands what it cannot be below in the same run: for a load an empty page of the same server, for a
click the same search asked over plain HTTP and in SQL.
"""

import gzip
import io
import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from statistics import median

import numpy as np
import psycopg
from PIL import Image
from playwright.sync_api import Browser, Page, sync_playwright

from benchmarks import REAL_TILES
from benchmarks.filling import fill_postgres
from benchmarks.world import World, build_world
from db import cluster
from db.migrate import migrate
from db.settings import Settings
from tests.chromium import CHROMIUM, FLAGS
from webapp.pages import STATIC

VIEW = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
PATIENCE_MS = 120_000
LOOK_MS = 200
REST_MS = 1000
PRESS_MS = 80
"""A mouse button is down for about as long; a click without it would fall into the frame that the press draws."""
SAME_CITY_SHARE = 0.57
K = 20
INTERACTIVE_TARGET_MS = {True: 2000, False: 4000}
"""By whether the world is as small as the demo."""
DEMO_UP_TO = 1000
CLICK_TARGET_MS = 300
SCRIPT_TARGET_KB = 600

PLACES = "CREATE TEMP TABLE place (tile_id bigint, x real, y real)"
LAY_OUT = "UPDATE terrakin.tiles AS t SET umap_x = p.x, umap_y = p.y FROM place AS p WHERE p.tile_id = t.tile_id"
LAYOUT = "INSERT INTO terrakin.layouts (method, parameters, n_tiles) VALUES ('umap', '{}', %s)"
ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at)
    VALUES ('mosaiks', 'fitted', repeat('0', 64), 768, '{"method": "raw"}', now())
"""
THUMBNAILS = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) SELECT tile_id, %s FROM terrakin.tiles"
SIMILAR = "SELECT * FROM api.search_tiles(jsonb_build_object('kind', 'tile', 'tile_id', %s::bigint, 'k', %s::integer))"

# Runs before the page's own scripts: notes when the map with everything on it has been painted, the plot, and a click's
# list.
WATCH = """
    window.seen = {};
    const note = (name) => requestAnimationFrame(() => setTimeout(() => { window.seen[name] ??= performance.now(); }));
    addEventListener('click', () => { window.seen.click = performance.now(); delete window.seen.results; }, true);
    new MutationObserver(() => {
        if (document.querySelector('.map-canvas')?.dataset.state === 'idle') note('idle');
        if (document.querySelector('.scatter')?.dataset.state === 'ready') note('plot');
        if (window.seen.click && !window.seen.results && document.querySelector('ol.results > li')) {
            note('results');
        }
    }).observe(document, { subtree: true, childList: true, attributes: true });
"""
Say = Callable[[str], None]


def run_page(sizes: list[int], rounds: int, say: Say) -> None:
    """Print the sizes of the scripts, then a table a world."""
    _say_scripts(say)
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for n in sizes:
                _run(folder, n, rounds, browser, say)
            browser.close()
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, n: int, rounds: int, browser: Browser, say: Say) -> None:
    world = build_world(REAL_TILES, n, SAME_CITY_SHARE)
    settings = _database(folder, world)
    say(f"\n{n} tiles, {world.source}, synthetic vectors; medians of {rounds} in ms (all of them)")
    say(f"{'':<54}{'median':>8}{'target':>8}")
    target = INTERACTIVE_TARGET_MS[n <= DEMO_UP_TO]
    rows = np.random.default_rng(1).permutation(n)[:rounds].tolist()
    with _server(settings) as site:
        _say(say, "an empty page of the same server", [_load(browser, f"{site}/health", None) for _ in rows])
        _say(say, "page, until the map is drawn", [_load(browser, site, "idle") for _ in rows], target)
        plot = [_load(browser, f"{site}/?scatter=continent", "plot") for _ in rows]
        _say(say, "page with scatter plot, until that is drawn", plot, target)
        _say(say, "search in SQL", [_sql_ms(settings, row + 1) for row in rows])
        _say(say, "search over HTTP", [_http_ms(site, row + 1) for row in rows])
        clicks = [_click_ms(browser, site, world, row) for row in rows]
        _say(say, "click on a tile (button up), until the list is painted", clicks, CLICK_TARGET_MS)


def _say(say: Say, name: str, times_ms: list[float], target_ms: int | None = None) -> None:
    each = " ".join(f"{ms:.0f}" for ms in times_ms)
    say(f"{name:<54}{median(times_ms):>8.0f}{target_ms or '':>8}   ({each})")


def _say_scripts(say: Say) -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes())) / 1000 for path in sorted(STATIC.glob("assets/*.js"))}
    for name, kb in sizes.items():
        say(f"{name:<54}{kb:>8.0f} kB gzip")
    say(f"{'all scripts':<54}{sum(sizes.values()):>8.0f} kB gzip, target {SCRIPT_TARGET_KB}")


def _database(folder: Path, world: World) -> Settings:
    """A database of its own with the world, a layout, and the same picture for every tile."""
    n = len(world.lon)
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(f"page_{n}")))
    settings = Settings(folder / "home", database_url=address.url(database=f"page_{n}"))
    migrate(settings)
    fill_postgres(world, settings, None)
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (128, 128, 3), np.uint8)).save(picture, "WEBP")
    with psycopg.connect(settings.database_url or "") as conn:
        conn.execute(ENCODER)
        conn.execute(PLACES)
        with conn.cursor().copy("COPY place FROM STDIN") as copy:
            for i, (x, y) in enumerate(world.umap.tolist()):
                copy.write_row((i + 1, x, y))
        conn.execute(LAY_OUT)
        conn.execute(LAYOUT, (n,))
        conn.execute(THUMBNAILS, (picture.getvalue(),))
    with psycopg.connect(settings.database_url or "", autocommit=True) as conn:
        conn.execute("VACUUM ANALYZE terrakin.tiles")
    return settings


@contextmanager
def _server(settings: Settings) -> Iterator[str]:
    """Address of the page over a database, served as `terrakin web start` serves it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    with tempfile.TemporaryDirectory() as home:
        url = settings.database_url or ""
        environment = {**os.environ, "TERRAKIN_HOME": home, "DATABASE_URL": url, "TERRAKIN_IMAGERY": "none"}
        web = [sys.executable, "-m", "terrakin", "web"]
        subprocess.run([*web, "start", "--port", str(port)], env=environment, check=True, capture_output=True)
        try:
            yield f"http://127.0.0.1:{port}"
        finally:
            subprocess.run([*web, "stop"], env=environment, check=True, capture_output=True)


@contextmanager
def _page(browser: Browser) -> Iterator[Page]:
    context = browser.new_context(**VIEW)  # type: ignore[arg-type]
    page = context.new_page()
    page.set_default_timeout(PATIENCE_MS)
    page.add_init_script(WATCH)
    try:
        yield page
    finally:
        context.close()


def _load(browser: Browser, url: str, until: str | None) -> float:
    """From the start of the navigation of a browser with an empty cache; ``until`` None: to the end of the document."""
    with _page(browser) as page:
        page.goto(url)
        if until is None:
            return float(page.evaluate("performance.getEntriesByType('navigation')[0].duration"))
        _wait_for(page, until)
        return float(page.evaluate(f"window.seen.{until}"))


def _wait_for(page: Page, name: str) -> None:
    """Look now and then only: Playwright's default is to look at every frame, which asks for frames."""
    page.wait_for_function(f"window.seen.{name}", polling=LOOK_MS)


def _click_ms(browser: Browser, site: str, world: World, row: int) -> float:
    with _page(browser) as page:
        page.goto(f"{site}/#map=12/{world.lat[row]}/{world.lon[row]}")
        _wait_for(page, "idle")
        box = page.locator(".map-canvas").bounding_box()
        assert box
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*middle)  # nobody's pointer jumps: what it hovers over is drawn before the click
        page.wait_for_timeout(REST_MS)
        page.mouse.click(*middle, delay=PRESS_MS)
        _wait_for(page, "results")
        return float(page.evaluate("window.seen.results - window.seen.click"))


def _http_ms(site: str, tile_id: int) -> float:
    started = time.perf_counter()
    with urllib.request.urlopen(f"{site}/api/v1/similar?tile_id={tile_id}&k={K}") as answer:
        assert len(json.load(answer)["tiles"]) == K
    return (time.perf_counter() - started) * 1000


def _sql_ms(settings: Settings, tile_id: int) -> float:
    with psycopg.connect(settings.database_url or "") as conn:
        conn.execute(SIMILAR, (tile_id, K)).fetchall()  # the first question of a connection plans and reads
        started = time.perf_counter()
        conn.execute(SIMILAR, (tile_id, K)).fetchall()
        return (time.perf_counter() - started) * 1000
