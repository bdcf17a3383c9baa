"""What tests of the page do again and again: open it, wait for it, read its list, and ask SQL the same."""

import re
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import psycopg
from playwright.sync_api import Page, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from psycopg.rows import dict_row

from tests.webapp.towns import TownDatabase

FLIGHT_MS = 60_000
PATIENCE_S = 30


def sql(towns: TownDatabase, query: str, *parameters: Any) -> list[dict[str, Any]]:
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        return conn.execute(query, parameters).fetchall()  # type: ignore[call-overload]


def place(towns: TownDatabase, tile_id: int) -> tuple[float, float]:
    """Longitude and latitude of a tile's centre."""
    (row,) = sql(towns, "SELECT lon, lat FROM api.tile_overview WHERE tile_id = %s", tile_id)
    return row["lon"], row["lat"]


def open_page(page: Page, address: str) -> None:
    """The page, its map drawn."""
    page.goto(address)
    expect(page.locator(".map-canvas")).to_have_attribute("data-state", "idle", timeout=FLIGHT_MS)


def click_middle(page: Page) -> None:
    box = page.locator(".map-canvas").bounding_box()
    assert box
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """For what no locator of Playwright can wait: pixels, for one."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)


def hold_back(page: Page, url: str) -> Callable[[], None]:
    """Let what is asked of an address wait; what is returned lets the first of it go."""
    held: list[Route] = []
    page.route(url, lambda route: held.append(route))

    def let_go() -> None:
        wait_until(page, lambda: bool(held))
        held[0].continue_()

    return let_go


def expect_in_address(page: Page, part: str) -> None:
    expect(page).to_have_url(re.compile(re.escape(part)))


def expect_not_in_address(page: Page, part: str) -> None:
    expect(page).not_to_have_url(re.compile(re.escape(part)))


def listed(page: Page) -> list[int]:
    ids = page.locator("ol.results > li").evaluate_all("(items) => items.map((item) => item.dataset.tileId)")
    return [int(tile_id) for tile_id in ids]


def expect_listed(page: Page, tile_ids: list[int]) -> None:
    """Wait for the answer: until it is there, the page shows the one before, which may be as long."""
    with suppress(PlaywrightTimeoutError):  # the comparison then says what is listed instead
        page.wait_for_function(
            """(ids) => {
                const items = [...document.querySelectorAll('ol.results > li')];
                return items.map((item) => item.dataset.tileId).join() === ids;
            }""",
            arg=",".join(map(str, tile_ids)),
        )
    assert listed(page) == tile_ids


def expect_map_at(page: Page, lon: float, lat: float) -> None:
    page.wait_for_function(
        """([lon, lat]) => {
            const [, y, x] = window.location.hash.slice(5).split('/').map(Number);
            return Math.abs(x - lon) < 0.01 && Math.abs(y - lat) < 0.01;
        }""",
        arg=[lon, lat],
        timeout=FLIGHT_MS,
    )
