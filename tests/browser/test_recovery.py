"""The page recovers by itself: back online, and when the browser gives the map its graphics memory back."""

from playwright.sync_api import Page, expect

from tests.browser.conftest import Visit
from tests.browser.walk import expect_listed, expect_map_at, open_page, place, sql
from tests.builders.towns import TOWNS, TownDatabase

SIMILAR = "SELECT tile_id FROM api.similar_tiles(%s{}) ORDER BY rank"
LOSE = """() => {
    const canvas = document.querySelector('.map-canvas canvas');
    window.lost = canvas.getContext('webgl2').getExtension('WEBGL_lose_context');
    window.lost.loseContext();
}"""

LOST = "taken the map's graphics memory"


def ids(towns: TownDatabase, tile_id: int, arguments: str = "") -> list[int]:
    """Return the tiles that a search returns."""
    return [row["tile_id"] for row in sql(towns, SIMILAR.format(arguments), tile_id)]


def test_a_question_asked_offline_is_answered_once_back_online(visit: Visit, site: str, towns: TownDatabase) -> None:
    page = visit.page
    tile_id = towns.tile_of(TOWNS[0].city_id, "harbour")
    open_page(page, f"{site}/?tile={tile_id}")
    expect_listed(page, ids(towns, tile_id))
    page.get_by_text("Search settings").click()
    visit.set_offline(is_offline=True)
    page.get_by_label("Minimum similarity").fill("0.5")
    expect(page.get_by_text("This browser is offline")).to_be_visible()
    visit.set_offline(is_offline=False)
    expect_listed(page, ids(towns, tile_id, ", min_similarity => 0.5"))
    expect(page.get_by_text("This browser is offline")).to_have_count(0)


def test_the_map_goes_where_the_panel_is_after_its_context_was_lost(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWNS[0].city_id, "harbour")
    open_page(page, f"{site}/?tile={tile_id}")
    (best, *_) = found = ids(towns, tile_id)
    expect_listed(page, found)
    page.evaluate(LOSE)
    expect(page.get_by_text(LOST)).to_be_visible()
    page.locator("ol.results button.show").first.click()
    page.wait_for_timeout(500)  # time for a fault to show: an effect that draws on the lost map is an error of the page
    page.evaluate("() => window.lost.restoreContext()")
    expect(page.get_by_text(LOST)).to_have_count(0)
    expect(page.locator(".map-canvas")).to_have_attribute("data-state", "idle")
    expect_map_at(page, *place(towns, best))
