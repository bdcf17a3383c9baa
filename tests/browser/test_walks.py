"""The walks of a newcomer, a researcher and somebody on a phone: how many clicks each step takes."""

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walk import open_page
from tests.browser.walks import PHONE, newcomer, phone, researcher


def test_a_newcomer_finds_similar_places_and_exports_them(page: Page, address: str) -> None:
    open_page(page, address)
    clicks, collection = newcomer(page)
    assert clicks["a place like the one shown"] <= 1
    assert clicks["outside its country"] <= 2
    assert clicks["at block size"] <= 2
    assert clicks["three places saved and exported"] <= 8
    assert len(collection["features"]) == 3
    assert all(feature["properties"]["block_id"] for feature in collection["features"])


def test_a_researcher_asks_by_examples_and_goes_on_with_what_was_saved(page: Page, address: str) -> None:
    open_page(page, address)
    clicks = researcher(page)
    assert clicks["undo"] == 1
    assert clicks["heat map"] == 2


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_a_phone_shows_map_and_matches_together(page: Page, address: str) -> None:
    open_page(page, address)
    phone(page)
    expect(page.locator(".map-canvas")).to_be_visible()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
