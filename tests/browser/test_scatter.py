"""The scatter plot compared with the layout in the database, and in step with map and list."""

import re
from collections.abc import Callable

import numpy as np
import pytest
import rasterio
from playwright.sync_api import Locator, Page, expect
from rasterio.errors import NotGeoreferencedWarning

from tests.browser.conftest import SHARP
from tests.browser.walk import expect_in_address, expect_listed, expect_map_at, listed, place, sql, wait_until
from tests.builders.towns import TOWNS, TownDatabase

TOWN = TOWNS[0]
PLACES = "SELECT tile_id, umap_x, umap_y, city FROM api.tile_overview WHERE umap_x IS NOT NULL ORDER BY tile_id"
MARGIN = 1.08
MATCH = (224, 138, 0)
Pixel = tuple[float, float]


def open_scatter(page: Page, address: str) -> Locator:
    """Open the page and return the plot once it is drawn."""
    page.goto(address)
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    expect(page.locator(".scatter-counts")).not_to_be_empty()
    points = page.locator(".scatter-points")
    still(points)
    return points


def projection(page: Page, towns: TownDatabase) -> Callable[[float, float], Pixel]:
    """Return a function from the layout to pixels of the page, for the initial view."""
    rows = sql(towns, PLACES)
    x, y = (np.array([row[name] for row in rows]) for name in ("umap_x", "umap_y"))
    box = page.locator(".scatter-points").bounding_box()
    assert box
    half = max(np.ptp(x), np.ptp(y)) / 2
    distance = MARGIN * max(np.ptp(y) / 2 / half, np.ptp(x) / 2 / half * box["height"] / box["width"])
    px_a_unit = box["height"] / 2 / distance / half
    middle = (x.min() + x.max()) / 2, (y.min() + y.max()) / 2
    centre = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    return lambda at_x, at_y: (
        float(centre[0] + (at_x - middle[0]) * px_a_unit),
        float(centre[1] - (at_y - middle[1]) * px_a_unit),
    )


def pixel_of(page: Page, towns: TownDatabase, tile_id: int) -> Pixel:
    """Return where the initial view shows a tile."""
    (row,) = sql(towns, "SELECT umap_x, umap_y FROM terrakin.tiles WHERE tile_id = %s", tile_id)
    return projection(page, towns)(row["umap_x"], row["umap_y"])


def move_to(page: Page, towns: TownDatabase, tile_id: int) -> None:
    """Move the mouse to a tile and wait until the plot has noticed: its tooltip names the tile's city."""
    page.mouse.move(*pixel_of(page, towns, tile_id))
    (row,) = sql(towns, "SELECT city, country FROM api.tile_overview WHERE tile_id = %s", tile_id)
    expect(page.locator(".scatter-tooltip")).to_have_text(f"{row['city']} {row['country']} Synthetic")
    expect(page.locator(".scatter-tooltip")).to_be_visible()


def draw_lasso(page: Page, corners: list[Pixel]) -> None:
    """Drag the mouse around the corners."""
    page.mouse.move(*corners[0])
    page.mouse.down()
    for corner in [*corners[1:], corners[0]]:
        page.mouse.move(*corner, steps=8)
        page.wait_for_timeout(50)  # the lasso records at most one corner every 15 ms
    page.mouse.up()


def pixels(plot: Locator) -> np.ndarray:
    """Return a screenshot: red, green and blue, (3, height, width)."""
    with pytest.warns(NotGeoreferencedWarning), rasterio.MemoryFile(plot.screenshot()).open() as picture:
        return picture.read([1, 2, 3]).astype(int)


def still(plot: Locator) -> np.ndarray:
    """Return the pixels once they no longer change."""
    shown: list[np.ndarray] = []

    def is_still() -> bool:
        shown.append(pixels(plot))
        return len(shown) > 2 and all(np.array_equal(shown[-1], before) for before in shown[-3:-1])

    wait_until(plot.page, is_still)
    return shown[-1]


def spread_px(plot: Locator, colour: tuple[int, int, int]) -> int:
    """Return the extent of a colour in pixels, the larger of height and width; 0 if it does not occur."""
    places = np.argwhere(np.abs(pixels(plot) - np.array(colour)[:, None, None]).max(axis=0) <= 3)
    return int(np.ptp(places, axis=0).max()) if len(places) else 0


def test_a_point_under_the_cursor_shows_its_city(page: Page, site: str, towns: TownDatabase) -> None:
    open_scatter(page, f"{site}/?scatter=continent")
    for tile_id in (towns.tile_of(TOWN.city_id, "harbour"), towns.tile_of(TOWNS[3].city_id, "centre")):
        move_to(page, towns, tile_id)


def test_a_click_on_a_point_lists_what_sql_answers_and_the_map_goes_there(
    page: Page, site: str, towns: TownDatabase
) -> None:
    tile_id = towns.tile_of(TOWNS[2].city_id, "suburb")
    open_scatter(page, f"{site}/?scatter=continent&k=7")
    move_to(page, towns, tile_id)
    page.mouse.down()
    page.mouse.up()
    rows = sql(towns, "SELECT tile_id FROM api.similar_tiles(%s, k => 7) ORDER BY rank", tile_id)
    expect_listed(page, [row["tile_id"] for row in rows])
    expect_map_at(page, *place(towns, tile_id))


@pytest.mark.parametrize("way", ["button", "shift"])
def test_the_lasso_selects_the_tiles_that_sql_finds_there(page: Page, site: str, towns: TownDatabase, way: str) -> None:
    open_scatter(page, f"{site}/?scatter=city")
    west, south, east, north = 0.3, 5.5, 0.9, 7.5
    at = projection(page, towns)
    corners = [at(west, south), at(east, south), at(east, north), at(west, north)]
    if way == "button":
        page.get_by_role("button", name="Lasso").click()
        expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "true")
        draw_lasso(page, corners)
    else:
        page.keyboard.down("Shift")
        draw_lasso(page, corners)
        page.keyboard.up("Shift")
    (found,) = sql(
        towns,
        "SELECT count(*) AS n FROM terrakin.tiles WHERE umap_x BETWEEN %s AND %s AND umap_y BETWEEN %s AND %s",
        west, east, south, north,
    )  # fmt: skip
    assert found["n"] == 9
    expect(page.locator(".scatter-counts")).to_contain_text("9 tiles in the lasso")
    expect(page.get_by_role("button", name="Lasso")).to_have_attribute("aria-pressed", "false")
    if way == "shift":
        expect_in_address(page, "lasso=")
        page.reload()
        expect(page.locator(".scatter-counts")).to_contain_text("9 tiles in the lasso")
    page.get_by_role("region", name="Selected tiles").get_by_role("button", name="Save").click()
    tray = page.get_by_role("region", name="Saved places")
    expect(tray.get_by_label("Name of the collection")).to_have_value("Lasso of 9 tiles")
    expect(tray.get_by_role("listitem")).to_have_count(9)
    page.locator(".scatter-counts").get_by_role("button", name="Clear").click()
    expect(page.locator(".scatter-counts")).not_to_contain_text("lasso")


def test_a_lasso_on_an_older_layout_is_reported(page: Page, site: str) -> None:
    page.goto(f"{site}/?lasso=1:-1,-1;1,-1;1,1")
    expect(page.get_by_role("alert")).to_contain_text("The layout of the tiles has changed")


def test_pictures_of_tiles_lie_behind_their_points_until_they_are_switched_off(
    page: Page, site: str, towns: TownDatabase
) -> None:
    open_scatter(page, f"{site}/?scatter=continent")
    at = projection(page, towns)
    pictures = page.locator(".scatter-backdrop img:visible")
    expect(pictures.first).to_be_visible()
    for picture in pictures.all():
        tile_id = int((picture.get_attribute("src") or "").split("/")[-2])
        (row,) = sql(towns, "SELECT umap_x, umap_y FROM terrakin.tiles WHERE tile_id = %s", tile_id)
        box = picture.bounding_box()
        assert box
        middle = (box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
        assert middle == pytest.approx(at(row["umap_x"], row["umap_y"]), abs=2)
    page.get_by_role("button", name="Pictures").click()
    expect(page.locator(".scatter-backdrop img")).to_have_count(0)


def test_the_plot_is_coloured_by_similarity_to_examples(page: Page, site: str, towns: TownDatabase) -> None:
    a, b = (towns.tile_of(town.city_id, "harbour") for town in TOWNS[:2])
    with page.expect_response(lambda response: "/umap/similarity" in response.url) as answer:
        open_scatter(page, f"{site}/?positive={a},{b}&similarity=1&scatter=similarity")
    assert answer.value.ok
    expect(page.locator(".scatter-scale")).to_contain_text("≤ 01")


def test_a_match_under_the_cursor_is_shown_in_the_plot(page: Page, site: str, towns: TownDatabase) -> None:
    open_scatter(page, f"{site}/?tile={towns.tile_of(TOWN.city_id, 'centre')}&scatter=city&k=5")
    item = page.locator("ol.results > li[data-id]").nth(1)
    item.hover()
    (row,) = sql(towns, "SELECT city FROM api.tile_overview WHERE tile_id = %s", listed(page)[1])
    expect(page.locator(".scatter-tooltip")).to_contain_text(row["city"])


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_zooming_to_the_matches_spreads_them_and_reset_returns(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "centre")
    open_scatter(page, f"{site}/?tile={tile_id}&scatter=continent&k=3&max_per_city=1")
    plot = page.locator(".scatter-plot")
    expect(page.locator("ol.results > li[data-id]")).to_have_count(3)
    wait_until(page, lambda: spread_px(plot, MATCH) > 0)
    still(plot)
    before = spread_px(plot, MATCH)
    page.get_by_role("button", name="Zoom to matches").click()
    wait_until(page, lambda: spread_px(plot, MATCH) > 1.5 * before)
    page.get_by_role("button", name="Reset view").click()
    wait_until(page, lambda: abs(spread_px(plot, MATCH) - before) <= 2)


def test_map_and_plot_are_coloured_by_similarity_together_on_one_scale(
    page: Page, site: str, towns: TownDatabase
) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "centre")
    open_scatter(page, f"{site}/?tile={tile_id}&scatter=continent")
    expect(page.locator(".scatter-legend li")).to_have_text(["Africa", "Asia", "Europe", "North America"])
    page.get_by_label("Colour by").select_option("similarity")
    expect(page.locator(".scatter-scale")).to_contain_text("≤ 01")
    expect(page.get_by_role("note", name="Colours of similarity")).to_contain_text("≤ 01")
    expect_in_address(page, "scatter=similarity")
    expect_in_address(page, "similarity=1")
    page.get_by_role("button", name="Layers").click()
    page.get_by_label("Colour by similarity").uncheck()
    expect(page.locator(".scatter-tools select")).to_have_value("continent")
    expect(page.get_by_role("note", name="Colours of similarity")).to_have_count(0)


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_colours_changed_faster_than_they_are_drawn_end_with_the_last(page: Page, site: str) -> None:
    points = open_scatter(page, f"{site}/?scatter=city")
    by_city = still(points)
    page.get_by_label("Colour by").select_option("continent")
    wait_until(page, lambda: bool(np.abs(by_city - pixels(points)).max() > 50))
    still(points)
    page.get_by_label("Colour by").evaluate("""async (select) => {
        for (const by of ['city', 'continent', 'city', 'continent', 'city', 'continent', 'city']) {
            select.value = by;
            select.dispatchEvent(new Event('change', { bubbles: true }));
            await new Promise((done) => setTimeout(done));
        }
    }""")
    page.wait_for_timeout(1000)  # each has been drawn; the last one stays
    wait_until(page, lambda: bool(np.abs(by_city - pixels(points)).max() <= 3))


def test_tiles_outside_the_layout_are_counted_and_the_plot_is_described(page: Page, site: str) -> None:
    plot = open_scatter(page, f"{site}/?scatter=continent")
    expect(page.locator(".scatter-counts")).to_contain_text("1 tile not in the layout")
    expect(plot).to_have_attribute("aria-label", re.compile("Scatter plot of 44 tiles"))


def test_the_keyboard_chooses_the_tile_nearest_the_middle(page: Page, site: str, towns: TownDatabase) -> None:
    plot = open_scatter(page, f"{site}/?scatter=continent")
    plot.focus()
    for key in ("ArrowUp", "+", "ArrowDown"):
        page.keyboard.press(key)
        page.wait_for_timeout(200)
    shown = page.locator(".scatter-tooltip")
    expect(shown).to_be_visible()
    city = shown.locator("strong").inner_text()
    page.keyboard.press("Enter")
    expect(page.locator(".selected")).to_contain_text(city)
    expect_in_address(page, "tile=")
    tile_id = int(re.search(r"tile=(\d+)", page.url).group(1))  # type: ignore[union-attr]
    (row,) = sql(towns, "SELECT city FROM api.tile_overview WHERE tile_id = %s", tile_id)
    assert row["city"] == city


def test_without_webgl_a_note_is_shown_and_the_list_works(page: Page, site: str, towns: TownDatabase) -> None:
    page.add_init_script("""
        const before = HTMLCanvasElement.prototype.getContext;
        HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
            return kind === 'webgl' ? null : before.call(this, kind, ...rest);
        };
    """)
    page.goto(f"{site}/?tile={towns.tile_of(TOWN.city_id, 'centre')}&scatter=continent&k=4")
    expect(page.locator(".scatter-note")).to_contain_text("WebGL")
    expect(page.locator("ol.results > li[data-id]")).to_have_count(4)


def test_the_library_is_loaded_only_when_the_plot_is_shown(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(site)
    expect(page.locator(".map-canvas")).to_have_attribute("data-state", "idle")
    assert not any("/plot-" in url for url in asked)
    page.get_by_role("button", name="Split").click()
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    assert any("/plot-" in url for url in asked)


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_a_continent_of_the_legend_is_highlighted(page: Page, site: str) -> None:
    points = open_scatter(page, f"{site}/?scatter=continent")
    before = still(points)
    legend = page.get_by_role("list", name="Colours of the continents")
    legend.get_by_role("button", name="Europe").click()
    wait_until(page, lambda: bool(np.abs(before - pixels(points)).max() > 50))
    expect(legend.get_by_role("button", name="Europe")).to_have_attribute("aria-pressed", "true")
    legend.get_by_role("button", name="Europe").click()
    wait_until(page, lambda: bool(np.abs(before - pixels(points)).max() < 50))


def test_the_plot_takes_the_place_of_the_map(page: Page, site: str, towns: TownDatabase) -> None:
    open_scatter(page, f"{site}/?tile={towns.tile_of(TOWN.city_id, 'harbour')}&scatter=continent")
    view = page.get_by_role("group", name="View")
    view.get_by_role("button", name="Plot").click()
    expect(page.locator(".map")).to_be_hidden()
    expect_in_address(page, "view=plot")
    box = page.locator(".scatter-plot").bounding_box()
    assert box
    assert box["width"] == pytest.approx(box["height"], abs=2)
    page.locator("ol.results button.show").first.click()
    expect(page.locator(".map")).to_be_visible()
    view.get_by_role("button", name="Map").click()
    expect(page.locator(".scatter")).to_have_count(0)
