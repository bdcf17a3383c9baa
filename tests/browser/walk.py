"""Steps that the tests share: open the page, wait for it, read its list, run SQL."""

import re
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from typing import Any

import psycopg
from playwright.sync_api import Page, Route, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError
from psycopg.rows import dict_row

from tests.builders.towns import TownDatabase

FLIGHT_MS = 60_000
PATIENCE_S = 30


def sql(towns: TownDatabase, query: str, *parameters: Any) -> list[dict[str, Any]]:
    """Return the rows of a query."""
    with psycopg.connect(towns.settings.database_url or "", row_factory=dict_row) as conn:
        return conn.execute(query, parameters).fetchall()  # type: ignore[call-overload]


def place(towns: TownDatabase, tile_id: int) -> tuple[float, float]:
    """Return longitude and latitude of a tile's centre."""
    (row,) = sql(towns, "SELECT lon, lat FROM api.tile_overview WHERE tile_id = %s", tile_id)
    return row["lon"], row["lat"]


def open_page(page: Page, address: str) -> None:
    """Open the page and wait until its map is drawn."""
    page.goto(address)
    expect(page.locator(".map-canvas")).to_have_attribute("data-state", "idle", timeout=FLIGHT_MS)


def middle_of_map(page: Page) -> tuple[float, float]:
    """Return the pixel of the page in the middle of the map."""
    box = page.locator(".map-canvas").bounding_box()
    assert box
    return box["x"] + box["width"] / 2, box["y"] + box["height"] / 2


def click_middle(page: Page) -> None:
    """Click in the middle of the map."""
    page.mouse.click(*middle_of_map(page))


def click_corners(page: Page, corners: Sequence[tuple[int, int]]) -> None:
    """Draw an area: click corners, in pixels from the middle of the map; the last one twice ends it."""
    page.get_by_role("button", name="Draw area").click()
    expect(page.get_by_role("status").filter(has_text="Click the corners")).to_be_visible()
    x, y = middle_of_map(page)
    for dx, dy in (*corners, corners[-1]):
        page.mouse.move(x + dx, y + dy)
        page.mouse.click(x + dx, y + dy, delay=30)


def wait_until(page: Page, holds: Callable[[], bool]) -> None:
    """Wait for a condition that no Playwright locator can express, such as one on pixels."""
    deadline = time.monotonic() + PATIENCE_S
    while not holds():
        assert time.monotonic() < deadline
        page.wait_for_timeout(100)


def hold_back(page: Page, url: str) -> Callable[[], None]:
    """Hold back requests to an address. Return a function that lets the first one pass."""
    held: list[Route] = []
    page.route(url, lambda route: held.append(route))

    def let_go() -> None:
        wait_until(page, lambda: bool(held))
        held[0].continue_()

    return let_go


def expect_in_address(page: Page, part: str) -> None:
    """Wait until the address contains a text."""
    expect(page).to_have_url(re.compile(re.escape(part)))


def expect_not_in_address(page: Page, part: str) -> None:
    """Wait until the address no longer contains a text."""
    expect(page).not_to_have_url(re.compile(re.escape(part)))


def listed(page: Page) -> list[int]:
    """Return the ids of the listed tiles. Does not wait: use it once the list is known to be complete."""
    ids = page.locator("ol.results > li[data-id]").evaluate_all("(items) => items.map((item) => item.dataset.tileId)")
    return [int(tile_id) for tile_id in ids]


def expect_listed(page: Page, tile_ids: list[int]) -> None:
    """Wait until exactly these tiles are listed. The previous list, which may be as long, stays until then."""
    with suppress(PlaywrightTimeoutError):  # the comparison then shows what is listed instead
        page.wait_for_function(
            """(ids) => {
                const items = [...document.querySelectorAll('ol.results > li[data-id]')];
                return items.map((item) => item.dataset.tileId).join() === ids;
            }""",
            arg=",".join(map(str, tile_ids)),
        )
    assert listed(page) == tile_ids


def expect_map_at(page: Page, lon: float, lat: float) -> None:
    """Wait until the map is centred on a position."""
    page.wait_for_function(
        """([lon, lat]) => {
            const [, y, x] = window.location.hash.slice(5).split('/').map(Number);
            return Math.abs(x - lon) < 0.01 && Math.abs(y - lat) < 0.01;
        }""",
        arg=[lon, lat],
        timeout=FLIGHT_MS,
    )
