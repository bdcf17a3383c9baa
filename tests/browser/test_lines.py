"""No line of text on the page is longer than 75 characters: longer ones are hard to follow to the next."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.walk import open_page
from tests.builders.towns import TOWNS, TownDatabase

MOST = 75
WIDTHS = (390, 1280, 1920)
LONG_LINES = r"""
    (most) => {
        const lines = new Map();
        const blockOf = (node) => {
            let element = node.parentElement;
            while (element && getComputedStyle(element).display.startsWith('inline')) element = element.parentElement;
            return element;
        };
        const walker = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
        const ids = new Map();
        while (walker.nextNode()) {
            const node = walker.currentNode;
            const block = blockOf(node);
            if (!block || !node.data.trim() || !block.checkVisibility()) continue;
            if (['SCRIPT', 'STYLE', 'OPTION', 'PRE'].includes(block.tagName)) continue;
            if (!ids.has(block)) ids.set(block, ids.size);
            for (const word of node.data.matchAll(/\S+/g)) {
                const range = document.createRange();
                range.setStart(node, word.index);
                range.setEnd(node, word.index + word[0].length);
                const box = range.getClientRects()[0];
                if (!box || box.width < 1 || box.height < 3) continue;
                const key = `${ids.get(block)} ${Math.round((box.top + box.height / 2) / 8)}`;
                lines.set(key, lines.has(key) ? `${lines.get(key)} ${word[0]}` : word[0]);
            }
        }
        return [...lines.values()].filter((line) => line.length > most);
    }
"""
"""JavaScript that returns the rendered lines with more than so many characters, block by block of the layout."""


def results(page: Page, url: str) -> Iterator[str]:
    open_page(page, url)
    yield "results"
    page.get_by_role("button", name="Search settings").click()
    page.locator("details summary").first.click()
    yield "settings"
    page.get_by_role("button", name="Layers").click()
    yield "layers"
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_contain_text(re.compile("From pixels to similarity"))
    yield "help"
    page.keyboard.press("Escape")
    page.get_by_role("button", name=re.compile("^Compare")).first.click()
    expect(page.get_by_text("Two tiles side by side")).to_be_visible()
    yield "comparison"


def heat_map(page: Page, url: str) -> Iterator[str]:
    open_page(page, f"{url}&similarity=1&scatter=similarity")
    yield "heat map"


def empty(page: Page, url: str) -> Iterator[str]:
    open_page(page, f"{url}&min_similarity=1")
    expect(page.locator(".empty")).to_be_visible()
    yield "empty"


@pytest.mark.parametrize("states", [results, heat_map, empty], ids=lambda states: states.__name__)
def test_no_line_is_longer_than_75_characters(
    page: Page, site: str, towns: TownDatabase, states: Callable[[Page, str], Iterator[str]]
) -> None:
    url = f"{site}/?tile={towns.tile_of(TOWNS[0].city_id, 'harbour')}"
    found = {}
    for state in states(page, url):
        for width in WIDTHS:
            page.set_viewport_size({"width": width, "height": 900})
            found[state, width] = page.evaluate(LONG_LINES, MOST)
    assert all(lines == [] for lines in found.values()), found


def test_a_longer_line_is_found(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={towns.tile_of(TOWNS[0].city_id, 'harbour')}")
    page.set_viewport_size({"width": 1920, "height": 900})
    page.evaluate("""() => {
        const text = document.createElement("p");
        text.style.cssText = "position: fixed; top: 0; left: 0; width: 1900px; z-index: 9";
        text.innerHTML = "a <em>word</em> ".repeat(12);
        document.body.append(text);
    }""")
    assert [len(line) for line in page.evaluate(LONG_LINES, MOST)] == [83]
