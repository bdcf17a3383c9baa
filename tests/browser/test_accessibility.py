"""axe-core (Deque's rules for WCAG) finds nothing serious in the main states of the page."""

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, expect

from tests.builders.towns import TOWNS, TownDatabase

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
GRAVE = ("serious", "critical")


def faults(page: Page) -> list[str]:
    """Return the serious and critical violations that axe finds: rule, advice and element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


@pytest.mark.parametrize("visit", [{}, PHONE], indirect=True, ids=["desktop", "phone"])
@pytest.mark.parametrize("state", ["empty", "results", "blocks", "scatter", "compare", "help", "export", "problem"])
def test_axe_finds_nothing_serious_in_light_and_dark(page: Page, site: str, towns: TownDatabase, state: str) -> None:
    a, b = (towns.tile_of(town.city_id, "harbour") for town in TOWNS[:2])
    query = {
        "empty": "",
        "results": f"?tile={a}",
        "blocks": f"?block={a << 6 | 24}",
        "scatter": f"?tile={a}&scatter=similarity",
        "compare": f"?tile={a}&compare={b}",
        "help": "?help=1",
        "export": f"?tile={a}",
        "problem": "?tile=1",
    }[state]
    page.goto(f"{site}/{query}")
    expect(page.locator("footer")).to_contain_text("mosaiks")
    if state in ("results", "blocks", "export", "scatter"):
        expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    if state == "scatter":
        expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    if state == "compare":
        expect(page.locator(".compare-tile")).to_have_count(2)
        page.get_by_label("Show only the dominant cluster").check()
    if state == "export":
        page.get_by_text("Export", exact=True).click()
    if state == "problem":
        expect(page.get_by_role("alert")).to_be_visible()
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-scheme", scheme)
        assert faults(page) == []


# A window of 1280 x 1024 px at 200 % and at 400 % (WCAG 2.2, 1.4.4 and 1.4.10).
ZOOMED = [{"viewport": {"width": 640, "height": 512}}, {"viewport": {"width": 320, "height": 256}}]
SIDEWAYS = """() => [...document.querySelectorAll('.panel *')].filter((element) => {
    const { left, right, width } = element.getBoundingClientRect();
    const isHidden = getComputedStyle(element).clipPath !== 'none';
    const isScrolled = element.closest('.results, .chips, .compare-zoomed');
    return width > 0 && !isHidden && !isScrolled && (left < -1 || right > window.innerWidth + 1);
}).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("visit", ZOOMED, indirect=True, ids=["200 %", "400 %"])
@pytest.mark.parametrize("query", ["?tile={a}", "?tile={a}&compare={b}", "?tile={a}&scatter=similarity", "?block={c}"])
def test_a_zoomed_page_scrolls_in_one_direction_only(page: Page, site: str, towns: TownDatabase, query: str) -> None:
    a, b = (towns.tile_of(town.city_id, "harbour") for town in TOWNS[:2])
    page.goto(f"{site}/{query.format(a=a, b=b, c=a << 6 | 24)}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_attached()
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate(SIDEWAYS) == []
