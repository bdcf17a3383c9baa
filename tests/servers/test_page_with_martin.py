"""The page with vector tiles from the real Martin, which is another origin."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import Browser, expect

from tests.browser.conftest import DESKTOP, serving
from tests.browser.walk import open_page
from tests.builders.towns import TOWNS, TownDatabase
from tests.servers.martin import needs_martin

pytestmark = needs_martin

VECTOR_TILE = re.compile(r"/tiles/\w+/\d+/\d+/\d+")


def test_the_map_is_drawn_from_martin_alone(browser: Browser, towns: TownDatabase, martin: str, tmp_path: Path) -> None:
    problems: list[str] = []
    tiles: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERRAKIN_MAP_TILES_URL", martin)
        with serving(towns, tmp_path) as site:
            context = browser.new_context(**DESKTOP)
            page = context.new_page()
            page.on("console", lambda message: problems.append(message.text) if message.type == "error" else None)
            page.on("pageerror", lambda error: problems.append(str(error)))
            page.on("response", lambda answer: tiles.append(answer.url) if VECTOR_TILE.search(answer.url) else None)
            tile_id = towns.tile_of(TOWNS[0].city_id, "harbour")
            open_page(page, f"{site}/?tile={tile_id}")
            expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
            with page.expect_response(lambda answer: "/similarity/" in answer.url and answer.ok):
                page.get_by_role("button", name="Layers").click()
                page.get_by_label("Colour by similarity").check()
            context.close()
    assert problems == []
    assert tiles
    assert all(url.startswith(martin) for url in tiles)
