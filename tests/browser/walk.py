"""What tests of the page do again and again: open it, wait for it, read its list, and ask SQL the same."""

import re
from typing import Any

import psycopg
from playwright.sync_api import Page, expect
from psycopg.rows import dict_row

from tests.webapp.towns import TownDatabase

FLIGHT_MS = 60_000


def sql(towns: TownDatabase, query: str, *parameters: Any) -> list[dict[str, Any]]:
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        return conn.execute(query, parameters).fetchall()  # type: ignore[call-overload]


def place(towns: TownDatabase, tile_id: int) -> tuple[float, float]:
    """Longitude and latitude of a tile's centre."""
    (row,) = sql(towns, "SELECT lon, lat FROM api.tile_overview WHERE tile_id = %s", tile_id)
    return row["lon"], row["lat"]


def open_page(page: Page, address: str) -> None:
    page.goto(address)
    wait_until_drawn(page)


def wait_until_drawn(page: Page) -> None:
    expect(page.locator(".map-canvas")).to_have_attribute("data-state", "idle", timeout=FLIGHT_MS)


def click_middle(page: Page) -> None:
    box = page.locator(".map-canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def listed(page: Page) -> list[int]:
    return [int(item.get_attribute("data-tile-id") or 0) for item in page.locator("ol.results > li").all()]


def expect_listed(page: Page, tile_ids: list[int]) -> None:
    expect(page.locator("ol.results > li")).to_have_count(len(tile_ids))
    assert listed(page) == tile_ids


def position(page: Page) -> tuple[float, float, float]:
    """Zoom, latitude and longitude in the address."""
    zoom, lat, lon = re.search(r"#map=([^/]+)/([^/]+)/([^/&]+)", page.url).groups()  # type: ignore[union-attr]
    return float(zoom), float(lat), float(lon)


def expect_map_at(page: Page, lon: float, lat: float) -> None:
    page.wait_for_function(
        """([lon, lat]) => {
            const [, y, x] = window.location.hash.slice(5).split('/').map(Number);
            return Math.abs(x - lon) < 0.01 && Math.abs(y - lat) < 0.01;
        }""",
        arg=[lon, lat],
        timeout=FLIGHT_MS,
    )
