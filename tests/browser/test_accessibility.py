"""axe-core (Deque's rules for WCAG) finds nothing serious in the main states of the page."""

from contextlib import suppress

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import Page, ViewportSize, expect
from playwright.sync_api import TimeoutError as PlaywrightTimeoutError

from tests.builders.towns import TOWNS, TownDatabase

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
GRAVE = ("serious", "critical")


def harbour(towns: TownDatabase, i: int) -> int:
    """Return a harbour of the i-th town."""
    return towns.tile_of(TOWNS[i].city_id, "harbour")


def faults(page: Page) -> list[str]:
    """Return the serious and critical violations that axe finds: rule, advice and element."""
    found = Axe().run(page).response["violations"]
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]} {node['failureSummary']}"
        for fault in found
        if fault["impact"] in GRAVE
        for node in fault["nodes"]
    ]


def check_in_light_and_dark(page: Page) -> None:
    """Fail if axe finds something in one of the two colour schemes."""
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme)
        expect(page.locator("html")).to_have_attribute("data-scheme", scheme)
        assert faults(page) == []


on_desktop_and_phone = pytest.mark.parametrize("visit", [{}, PHONE], indirect=True, ids=["desktop", "phone"])


@on_desktop_and_phone
def test_the_start_and_the_help_are_accessible(page: Page, site: str) -> None:
    page.goto(site)
    expect(page.locator("footer")).to_contain_text("mosaiks")
    check_in_light_and_dark(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    check_in_light_and_dark(page)


@on_desktop_and_phone
def test_results_and_exports_are_accessible(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?tile={harbour(towns, 0)}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    check_in_light_and_dark(page)
    page.get_by_text("Export", exact=True).click()
    check_in_light_and_dark(page)


@on_desktop_and_phone
def test_blocks_are_accessible(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?block={harbour(towns, 0) << 6 | 24}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    check_in_light_and_dark(page)


@on_desktop_and_phone
def test_the_plot_is_accessible(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?tile={harbour(towns, 0)}&scatter=similarity")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    check_in_light_and_dark(page)


@on_desktop_and_phone
def test_a_comparison_is_accessible(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?tile={harbour(towns, 0)}&compare={harbour(towns, 1)}")
    expect(page.locator(".compare-tile")).to_have_count(2)
    page.get_by_label("Show only the dominant cluster").check()
    check_in_light_and_dark(page)


@on_desktop_and_phone
def test_a_problem_is_accessible(page: Page, site: str) -> None:
    page.goto(f"{site}/?tile=1")
    expect(page.get_by_role("alert")).to_be_visible()
    check_in_light_and_dark(page)


# A window of 1280 x 1024 px at 200 % and at 400 % (WCAG 2.2, 1.4.4 and 1.4.10).
ZOOMED: tuple[ViewportSize, ...] = ({"width": 640, "height": 512}, {"width": 320, "height": 256})
SIDEWAYS = """() => [...document.querySelectorAll('.panel *')].filter((element) => {
    const { left, right, width } = element.getBoundingClientRect();
    const isHidden = getComputedStyle(element).clipPath !== 'none';
    const isScrolled = element.closest('.results, .chips, .compare-zoomed');
    return width > 0 && !isHidden && !isScrolled && (left < -1 || right > window.innerWidth + 1);
}).map((element) => element.outerHTML.slice(0, 120))"""


@pytest.mark.parametrize("query", ["?tile={a}", "?tile={a}&compare={b}", "?tile={a}&scatter=similarity", "?block={c}"])
def test_a_zoomed_page_scrolls_in_one_direction_only(page: Page, site: str, towns: TownDatabase, query: str) -> None:
    a, b = harbour(towns, 0), harbour(towns, 1)
    page.goto(f"{site}/{query.format(a=a, b=b, c=a << 6 | 24)}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_attached()
    for size in ZOOMED:
        page.set_viewport_size(size)
        with suppress(PlaywrightTimeoutError):  # the comparison then shows what is too wide
            page.wait_for_function(f"({SIDEWAYS})().length === 0")
        assert page.evaluate(SIDEWAYS) == []
        assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
