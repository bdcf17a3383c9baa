"""Take a picture of the page after a click on a tile, as for the pictures in README.md.

    .venv/bin/python scripts/screenshot.py --form harbour --out harbours.png

Needs a running page (`make demo`), playwright and Debian's chromium. Requests to other servers are blocked.
"""

import csv
import io
import json
import urllib.request
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import urlencode, urlsplit

import click
from PIL import Image
from playwright.sync_api import Page, Route, expect, sync_playwright
from pyproj import Transformer

from db.settings import read_settings
from tests.chromium import CHROMIUM, FLAGS

TILE_M = 2240
CLICK_ZOOM = 11
PATIENCE_MS = 90_000
QUALITY = 88


@dataclass(frozen=True)
class Position:
    """Degrees, EPSG:4326."""

    lon: float
    lat: float


def ask(url: str, path: str) -> dict[str, Any]:
    """Return a response of the page's API."""
    with urllib.request.urlopen(f"{url}{path}", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
        return found


def position_of_form(form: str, forms: Path) -> Position:
    """Return the centre of the demo's first tile of an urban form, as the demo recorded it."""
    if not forms.is_file():
        raise click.UsageError(f"{forms} does not exist; run `make demo`, or give --tile-id")
    with forms.open(newline="") as file:
        cells = list(csv.DictReader(file))
    for cell in cells:
        if cell["form"] == form:
            srid = (32700 if cell["is_south"].lower() in ("true", "1") else 32600) + int(cell["zone"])
            to_lonlat = Transformer.from_crs(srid, 4326, always_xy=True)
            centre = to_lonlat.transform((int(cell["col"]) + 0.5) * TILE_M, (int(cell["row"]) + 0.5) * TILE_M)
            return Position(*centre)
    raise click.UsageError(f"no tile has the form {form!r}; forms are {', '.join(sorted({c['form'] for c in cells}))}")


def settled(page: Page) -> None:
    """Wait until the map is drawn and the first pictures are loaded: those further down are loaded on scrolling."""
    page.wait_for_timeout(500)
    for picture in page.locator("ol.results img").all()[:4]:
        picture.evaluate("picture => picture.complete || new Promise(done => (picture.onload = done))")
    if page.locator(".map").is_visible():
        expect(page.locator(".map-canvas")).to_have_attribute("data-state", "idle", timeout=PATIENCE_MS)


def save(page: Page, out: Path) -> None:
    """Save what the page shows as WebP or PNG."""
    out.parent.mkdir(parents=True, exist_ok=True)
    with Image.open(io.BytesIO(page.screenshot())) as picture:
        if out.suffix == ".webp":
            picture.convert("RGB").save(out, "WEBP", quality=QUALITY, method=6)
        else:
            picture.save(out)


def take(page: Page, url: str, at: Position, view: str, search: dict[str, Any], out: Path) -> list[str]:
    """Click the tile at a position, wait for its matches and save a picture. Return the lines of the list."""
    page.goto(f"{url}/?{urlencode(search)}#map={CLICK_ZOOM}/{at.lat}/{at.lon}")
    drawn = page.locator(".map-canvas")
    expect(drawn).to_have_attribute("data-state", "idle", timeout=PATIENCE_MS)
    box = drawn.bounding_box()
    if box is None:
        raise click.ClickException("the page shows no map")
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible(timeout=PATIENCE_MS)
    if view == "all":
        page.get_by_role("button", name="Show all").click()
        page.mouse.move(0, 0)
    if "scatter" in search:
        expect(page.locator(".scatter")).to_have_attribute("data-state", "ready", timeout=PATIENCE_MS)
    settled(page)
    save(page, out)
    return [" ".join(line.split()) for line in page.locator("ol.results > li[data-id] button.show").all_inner_texts()]


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the running page.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="PNG or WebP to write.")
@click.option("--tile-id", type=int, help="The tile to click.")
@click.option("--lon", type=float, help="Longitude of the tile to click (degrees).")
@click.option("--lat", type=float, help="Latitude of the tile to click (degrees).")
@click.option("--form", help="Click the demo's first tile of this urban form, such as harbour.")
@click.option(
    "--view", type=click.Choice(["tile", "all"]), default="all", show_default=True, help="What the map shows."
)
@click.option("--k", default=12, show_default=True)
@click.option("--max-per-city", type=int)
@click.option("--width", default=1280, show_default=True)
@click.option("--height", default=800, show_default=True)
@click.option("--scale", default=1.0, show_default=True, help="Device pixels per CSS pixel.")
@click.option("--dark", is_flag=True)
@click.option("--similarity", is_flag=True, help="Colour the map by similarity.")
@click.option("--scatter", type=click.Choice(["continent", "city", "similarity"]), help="Show the scatter plot.")
@click.option("--chromium", default=str(CHROMIUM), show_default=True)
def main(url: str, out: Path, tile_id: int | None, form: str | None, view: str, chromium: str, **given: Any) -> None:
    """Write a picture of the page after a click on a tile, and print the matches listed."""
    if tile_id is not None:
        tile = ask(url, f"/api/v1/tiles/{tile_id}")
        at = Position(tile["lon"], tile["lat"])
    elif form is not None:
        at = position_of_form(form, read_settings().home / "demo" / "forms.csv")
    elif given["lon"] is not None and given["lat"] is not None:
        at = Position(given["lon"], given["lat"])
    else:
        raise click.UsageError("no tile given: use --tile-id, --lon and --lat, or --form")
    search = {name: given[name] for name in ("k", "max_per_city", "scatter") if given[name] is not None}
    search |= {"imagery": "none"} | ({"similarity": 1} if given["similarity"] else {})

    def only_the_page(route: Route) -> None:
        if urlsplit(route.request.url).netloc == urlsplit(url).netloc:
            route.continue_()
        else:
            route.abort()

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        context = browser.new_context(
            viewport={"width": given["width"], "height": given["height"]},
            device_scale_factor=given["scale"],
            color_scheme="dark" if given["dark"] else "light",
            reduced_motion="reduce",
        )
        context.route("**/*", only_the_page)
        lines = take(context.new_page(), url, at, view, search, out)
        browser.close()
    click.echo("\n".join(lines))
    click.echo(f"wrote {out}", err=True)


if __name__ == "__main__":
    main()
