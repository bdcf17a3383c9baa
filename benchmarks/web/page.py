"""`terrakin bench page`: speed of the page in headless Chromium with software rendering, by number of tiles.

Each time is printed with its lower bound from the same run: an empty page of the same server for loading, and the same
search over HTTP and in SQL for a click.
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
from benchmarks.chromium import CHROMIUM, FLAGS
from benchmarks.search.filling import fill_blocks, fill_postgres
from benchmarks.search.items import blocks_of
from benchmarks.web.panning import pan
from benchmarks.world import World, build_world
from db import cluster
from db.install.migrate import migrate
from db.settings import Settings
from webapp.pages.routes import STATIC

VIEW = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
TIMEOUT_MS = 120_000
POLLING_MS = 200
PAUSE_MS = 1000
PRESS_MS = 80
"""Time for which a person holds a mouse button; a shorter click falls into the frame that the press draws."""
SAME_CITY_SHARE = 0.57
K = 20
INTERACTIVE_TARGET_MS = 1500
CLICK_TARGET_MS = 300
PICTURES_TARGET_MS = 600
FIRST_SCRIPT_TARGET_KB = 500
SCRIPT_TARGET_KB = 620
PAN_TARGET_MS = 8
LONGEST_TARGET_MS = 50
N_PANNED = 500
"""Matches that are drawn while the map is panned."""

POSITIONS = "CREATE TEMP TABLE position (tile_id bigint, x real, y real)"
LAY_OUT = "UPDATE terrakin.tiles AS t SET umap_x = p.x, umap_y = p.y FROM position AS p WHERE p.tile_id = t.tile_id"
LAYOUT = "INSERT INTO terrakin.layouts (method, parameters, n_tiles) VALUES ('umap', '{}', %s)"
ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at)
    VALUES ('mosaiks', 'fitted', repeat('0', 64), 768, '{"method": "raw"}', now())
"""
THUMBNAILS = "INSERT INTO terrakin.tile_thumbnails (tile_id, webp) SELECT tile_id, %s FROM terrakin.tiles"
SIMILAR = "SELECT * FROM api.search(jsonb_build_object('kind', 'tile', 'tile_id', %s::bigint, 'k', %s::integer))"

# Runs before the scripts of the page: records when the complete map, the plot, and the results of a click are painted.
WATCH = """
    window.seen = {};
    const note = (name) => requestAnimationFrame(() => setTimeout(() => { window.seen[name] ??= performance.now(); }));
    addEventListener('click', () => {
        window.seen.click = performance.now();
        delete window.seen.results;
        delete window.seen.pictures;
    }, true);
    new MutationObserver(() => {
        if (document.querySelector('.map-canvas')?.dataset.state === 'idle') note('idle');
        if (document.querySelector('.scatter')?.dataset.state === 'ready') note('plot');
        if (window.seen.click && !window.seen.results && document.querySelector('ol.results > li[data-id]')) {
            note('results');
            const pictures = [...document.querySelectorAll('ol.results img')].slice(0, 4);
            Promise.all(pictures.map((picture) => picture.decode())).then(() => note('pictures'));
        }
    }).observe(document, { subtree: true, childList: true, attributes: true });
"""
Echo = Callable[[str], None]


SCRIPTS_KB = """
    performance.getEntriesByType('resource').filter((entry) => /[.]m?js$/.test(entry.name))
        .reduce((sum, entry) => sum + entry.encodedBodySize, 0) / 1000
"""


def run_page(sizes: list[int], rounds: int, with_blocks: bool, echo: Echo) -> None:
    """Print the sizes of the scripts, then one table per number of tiles; with blocks, 49 of each tile."""
    _print_script_sizes(echo)
    folder = Path(tempfile.mkdtemp(prefix="terrakin-bench-"))
    folder.chmod(0o711)
    try:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
            for n in sizes:
                _run(folder, n, rounds, with_blocks, browser, echo)
            browser.close()
    finally:
        cluster.stop(folder / "home")
        shutil.rmtree(folder, ignore_errors=True)


def _run(folder: Path, n: int, rounds: int, with_blocks: bool, browser: Browser, echo: Echo) -> None:
    world = build_world(REAL_TILES, n, SAME_CITY_SHARE)
    settings = _database(folder, world)
    if with_blocks:
        fill_blocks(blocks_of(world), settings)
    echo(f"\n{n} tiles, {world.source}, synthetic vectors; medians of {rounds} in ms (single values)")
    echo(f"{'':<54}{'median':>8}{'target':>8}")
    rows = np.random.default_rng(1).permutation(n)[:rounds].tolist()
    with _server(settings) as site:
        _print_row(echo, "an empty page of the same server", [_load(browser, f"{site}/health", None) for _ in rows])
        _print_row(
            echo, "page, until the map is drawn", [_load(browser, site, "idle") for _ in rows], INTERACTIVE_TARGET_MS
        )
        _print_row(echo, "scripts until then, kB gzip", [_scripts_kb(browser, site)], FIRST_SCRIPT_TARGET_KB)
        plot = [_load(browser, f"{site}/?scatter=continent", "plot") for _ in rows]
        _print_row(echo, "page with scatter plot, until the plot is drawn", plot)
        _print_row(echo, "search in SQL", [_sql_ms(settings, row + 1) for row in rows])
        _print_row(echo, "search over HTTP", [_http_ms(site, row + 1) for row in rows])
        for unit in ("tile", "block") if with_blocks else ("tile",):
            clicks = [_click_ms(browser, site, world, row, unit) for row in rows]
            cards, pictures = ([times[i] for times in clicks] for i in (0, 1))
            _print_row(echo, f"click on a {unit} (button up), until cards are painted", cards, CLICK_TARGET_MS)
            _print_row(echo, f"click on a {unit}, until their pictures are painted", pictures, PICTURES_TARGET_MS)
        _print_panning(browser, f"{site}/?tile={rows[0] + 1}&k={min(N_PANNED, n - 1)}&exclude_same_city=false", echo)


def _print_row(echo: Echo, name: str, times_ms: list[float], target_ms: int | None = None) -> None:
    each = " ".join(f"{ms:.0f}" for ms in times_ms)
    echo(f"{name:<54}{median(times_ms):>8.0f}{target_ms or '':>8}   ({each})")


def _print_script_sizes(echo: Echo) -> None:
    sizes = {path.name: len(gzip.compress(path.read_bytes())) / 1000 for path in sorted(STATIC.glob("assets/*.js"))}
    for name, kb in sizes.items():
        echo(f"{name:<54}{kb:>8.0f} kB gzip")
    echo(f"{'all scripts':<54}{sum(sizes.values()):>8.0f} kB gzip, target {SCRIPT_TARGET_KB}")


def _database(folder: Path, world: World) -> Settings:
    """Create a database with the world, a layout, and the same thumbnail for every tile."""
    n = len(world.lon)
    address = cluster.start(folder / "home")
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute(psycopg.sql.SQL("CREATE DATABASE {}").format(psycopg.sql.Identifier(f"page_{n}")))
    settings = Settings(folder / "home", database_url=address.url(database=f"page_{n}"))
    migrate(settings)
    fill_postgres(world, settings)
    picture = io.BytesIO()
    Image.fromarray(np.random.default_rng(0).integers(0, 256, (224, 224, 3), np.uint8)).save(picture, "WEBP")
    with psycopg.connect(settings.database_url or "") as conn:
        conn.execute(ENCODER)
        conn.execute(POSITIONS)
        with conn.cursor().copy("COPY position FROM STDIN") as copy:
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
    """Run `terrakin web start` on a database; yield the address."""
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
    page.set_default_timeout(TIMEOUT_MS)
    page.add_init_script(WATCH)
    try:
        yield page
    finally:
        context.close()


def _load(browser: Browser, url: str, until: str | None) -> float:
    """Return the time from navigation, with an empty cache, until an event of WATCH (None: the end of the document)."""
    with _page(browser) as page:
        page.goto(url)
        if until is None:
            return float(page.evaluate("performance.getEntriesByType('navigation')[0].duration"))
        _wait_for(page, until)
        return float(page.evaluate(f"window.seen.{until}"))


def _wait_for(page: Page, name: str) -> None:
    """Wait for an event of WATCH. Playwright polls at every frame by default, which makes the page draw frames."""
    page.wait_for_function(f"window.seen.{name}", polling=POLLING_MS)


def _print_panning(browser: Browser, url: str, echo: Echo) -> None:
    """Print the time that scripts take in a frame while the map is panned, and that of the renderer apart."""
    with _page(browser) as page:
        page.goto(url)
        _wait_for(page, "idle")
        page.locator("ol.results > li[data-id]").first.wait_for()
        page.wait_for_timeout(PAUSE_MS)
        panned = pan(page)
    n = len(panned.script_ms)
    for name, value, target in (
        ("panning: our scripts in a frame, 95th percentile", np.percentile(panned.script_ms, 95), PAN_TARGET_MS),
        ("panning: MapLibre in a frame, 95th percentile", np.percentile(panned.library_ms, 95), ""),
        ("panning: longest time in both without a pause", panned.longest_script_ms, LONGEST_TARGET_MS),
        ("panning: renderer in a frame, 95th percentile", np.percentile(panned.drawing_ms, 95), ""),
    ):
        echo(f"{name:<54}{value:>8.1f}{target:>8}   ({n} frames)")


def _scripts_kb(browser: Browser, site: str) -> float:
    """Return the size of the scripts that the page loads until its map is drawn, as they are sent."""
    with _page(browser) as page:
        page.goto(site)
        _wait_for(page, "idle")
        return float(page.evaluate(SCRIPTS_KB))


def _click_ms(browser: Browser, site: str, world: World, row: int, unit: str) -> tuple[float, float]:
    """Return the times from a click until the first cards, and until their pictures are painted."""
    with _page(browser) as page:
        zoom = 12 if unit == "tile" else 14
        page.goto(f"{site}/?unit={unit}#map={zoom}/{world.lat[row]}/{world.lon[row]}")
        _wait_for(page, "idle")
        box = page.locator(".map-canvas").bounding_box()
        assert box
        middle = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
        page.mouse.move(*middle)  # as with a real pointer, the hover effect is drawn before the click
        page.wait_for_timeout(PAUSE_MS)
        page.mouse.click(*middle, delay=PRESS_MS)
        _wait_for(page, "pictures")
        seen = page.evaluate("window.seen")
        clicked, cards, pictures = (float(seen[name]) for name in ("click", "results", "pictures"))
        return cards - clicked, pictures - clicked


def _http_ms(site: str, tile_id: int) -> float:
    started = time.perf_counter()
    with urllib.request.urlopen(f"{site}/api/v1/similar?tile_id={tile_id}&k={K}") as answer:
        assert len(json.load(answer)["matches"]) == K
    return (time.perf_counter() - started) * 1000


def _sql_ms(settings: Settings, tile_id: int) -> float:
    with psycopg.connect(settings.database_url or "") as conn:
        conn.execute(SIMILAR, (tile_id, K)).fetchall()  # the first query of a connection includes planning and reading
        started = time.perf_counter()
        conn.execute(SIMILAR, (tile_id, K)).fetchall()
        return (time.perf_counter() - started) * 1000
