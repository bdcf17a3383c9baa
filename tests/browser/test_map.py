"""The map and the list, compared with SQL."""

import itertools
import re
from urllib.parse import urlsplit

import numpy as np
import pytest
import rasterio
from playwright.sync_api import Page, expect
from rasterio.errors import NotGeoreferencedWarning

from tests.browser.conftest import SHARP, Visit
from tests.browser.walk import (
    FLIGHT_MS,
    click_middle,
    expect_in_address,
    expect_listed,
    expect_map_at,
    listed,
    open_page,
    place,
    sql,
    wait_until,
)
from tests.builders.towns import TOWNS, TownDatabase

TOWN, OTHER = TOWNS[0], TOWNS[4]
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "device_scale_factor": 2}
LAND, SEA = (247, 245, 239), (213, 227, 234)
MATCH, CHOSEN = (224, 138, 0), (179, 0, 60)


def share_of(page: Page, *colours: tuple[int, int, int]) -> list[float]:
    """Return, for each colour, the share of the map's pixels that have it."""
    png = page.locator(".map-canvas").screenshot()
    with pytest.warns(NotGeoreferencedWarning), rasterio.MemoryFile(png).open() as picture:
        pixels = picture.read([1, 2, 3]).astype(int)
    return [float((np.abs(pixels - np.array(colour)[:, None, None]).max(axis=0) <= 3).mean()) for colour in colours]


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_the_base_map_is_drawn_with_land_and_sea(page: Page, site: str) -> None:
    open_page(page, site)
    land, sea = share_of(page, LAND, SEA)
    assert 0.2 < land < 0.6
    assert 0.3 < sea < 0.8


def test_the_detailed_base_map_is_loaded_only_when_zooming_in(page: Page, site: str) -> None:
    asked: list[str] = []
    page.on("request", lambda request: asked.append(urlsplit(request.url).path))

    def maps() -> set[str]:
        return {name for name in ("overview", "base") for path in asked if path.startswith(f"/assets/{name}-")}

    open_page(page, site)
    assert maps() == {"overview"}
    with page.expect_request(lambda request: "/assets/base-" in request.url):
        page.get_by_role("button", name="Zoom in").click()
    asked.clear()
    page.goto("about:blank")
    open_page(page, f"{site}/#map=4/40/-3")
    assert "base" in maps()
    land, sea = share_of(page, LAND, SEA)
    assert land > 0.4
    assert sea > 0.1


def test_the_page_names_the_encoder_and_warns_of_synthetic_data(page: Page, site: str) -> None:
    open_page(page, site)
    expect(page.get_by_role("note")).to_contain_text("made-up pixels")
    expect(page.locator("footer")).to_contain_text("45 tiles in 5 cities of 5 countries")
    expect(page.locator("footer")).to_contain_text("mosaiks (filters taken from this data set)")
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Natural Earth")


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_a_click_on_a_tile_lists_what_sql_answers(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    lon, lat = place(towns, tile_id)
    open_page(page, f"{site}/#map=11/{lat}/{lon}")
    click_middle(page)

    expected = sql(towns, "SELECT * FROM api.similar_tiles(%s) ORDER BY rank", tile_id)
    expect_listed(page, [row["tile_id"] for row in expected])
    assert {towns.form_of(row["tile_id"]) for row in expected[:12]} == {"harbour"}
    for item, row in zip(page.locator("ol.results > li[data-id]").all(), expected, strict=True):
        expect(item).to_contain_text(row["city"])
        expect(item).to_contain_text(f"{row['similarity']:.3f}")
        expect(item).to_contain_text(f"{row['distance_m'] / 1000:,.0f} km")
    expect(page.get_by_role("heading", name=TOWN.name)).to_be_visible()
    expect_in_address(page, f"tile={tile_id}")
    wait_until(page, lambda: share_of(page, CHOSEN)[0] > 0.0002)


def test_a_click_in_the_list_flies_there_and_the_match_is_marked(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    open_page(page, f"{site}/?tile={tile_id}&k=5")
    expect_map_at(page, *place(towns, tile_id))
    item = page.locator("ol.results > li[data-id]").nth(2)
    item.get_by_role("button").first.click()
    expect_map_at(page, *place(towns, listed(page)[2]))
    wait_until(page, lambda: share_of(page, MATCH)[0] > 0.0002)
    expect(item.get_by_role("button").first).to_have_attribute("aria-current", "location")


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_show_all_marks_the_matches_on_the_whole_map(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={towns.tile_of(TOWN.city_id, 'harbour')}")
    page.get_by_role("button", name="Show all").click()
    page.wait_for_function("() => Number(window.location.hash.slice(5).split('/')[0]) < 4", timeout=FLIGHT_MS)
    wait_until(page, lambda: share_of(page, MATCH)[0] > 0.0005)


def test_settings_are_the_arguments_of_the_sql_function(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "centre")
    open_page(page, f"{site}/?tile={tile_id}")
    page.get_by_text("Search settings").click()
    page.get_by_label("Matches", exact=True).fill("4")
    page.get_by_label("At most per city").fill("1")
    page.get_by_label("Farther than (km)").fill("3000")
    page.get_by_label("Compared vectors").select_option("dominant")
    rows = sql(
        towns,
        """
        SELECT tile_id
        FROM api.similar_tiles(%s, k => 4, max_per_city => 1, exclude_within_m => 3000000, method => 'dominant')
        ORDER BY rank
        """,
        tile_id,
    )
    expect_listed(page, [row["tile_id"] for row in rows])
    page.reload()
    expect_listed(page, [row["tile_id"] for row in rows])

    page.get_by_text("Search settings").click()
    page.get_by_label("Farther than (km)").fill("")
    page.get_by_label("At most per city").fill("")
    page.get_by_label("Include the same city").check()
    rows = sql(
        towns,
        """
        SELECT tile_id
        FROM api.similar_tiles(%s, k => 4, exclude_same_city => false, method => 'dominant')
        ORDER BY rank
        """,
        tile_id,
    )
    expect_listed(page, [row["tile_id"] for row in rows])


def test_a_match_can_be_searched_from_and_back_returns(page: Page, site: str, towns: TownDatabase) -> None:
    first = towns.tile_of(TOWN.city_id, "suburb")
    open_page(page, f"{site}/?tile={first}&k=3")
    expect(page.locator("ol.results > li[data-id]")).to_have_count(3)
    second = listed(page)[0]
    page.get_by_role("button", name="Search from match 1").click()
    expect(page.locator(".selected")).to_contain_text(str(second))
    page.go_back()
    expect(page.locator(".selected")).to_contain_text(str(first))


def test_an_unknown_tile_is_reported(page: Page, site: str) -> None:
    open_page(page, f"{site}/?tile=1")
    expect(page.get_by_role("alert")).to_contain_text("There is no such tile")


def test_the_tile_in_the_middle_is_chosen_by_keyboard(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(OTHER.city_id, "harbour")
    lon, lat = place(towns, tile_id)
    open_page(page, f"{site}/#map=11/{lat}/{lon}")
    page.get_by_role("button", name="Choose the tile in the middle").press("Enter")
    expect(page.locator(".selected")).to_contain_text(str(tile_id))
    page.locator("ol.results button.show").first.press("Enter")
    expect_map_at(page, *place(towns, listed(page)[0]))


def test_a_click_on_a_city_goes_there(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = place(towns, towns.tiles[TOWN.city_id][4][0])
    open_page(page, f"{site}/#map=4/{lat}/{lon}")
    click_middle(page)
    expect_map_at(page, lon, lat)
    page.wait_for_function("() => Number(window.location.hash.slice(5).split('/')[0]) > 10", timeout=FLIGHT_MS)


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_a_phone_shows_map_and_list_without_scrolling_sideways(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={towns.tile_of(TOWN.city_id, 'harbour')}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_in_viewport()
    expect(page.locator(".map-canvas")).to_be_in_viewport(ratio=0.99)
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    assert page.evaluate("document.documentElement.scrollHeight <= window.innerHeight")
    attribution = page.locator(".maplibregl-ctrl-attrib.maplibregl-compact")
    expect(attribution).not_to_have_class(re.compile("maplibregl-compact-show"))
    attribution.locator(".maplibregl-ctrl-attrib-button").click()
    expect(attribution).to_contain_text("Natural Earth")
    expect(attribution).to_have_class(re.compile("maplibregl-compact-show"))


# The attribution is folded or unfolded by the width at which the page opens.
@pytest.mark.parametrize("widths", [(320, 390, 800, 1080), (1280, 1440)], ids=["folded", "unfolded"])
@pytest.mark.parametrize("scatter", ["", "&scatter=continent"])
def test_controls_on_the_map_do_not_overlap(
    visit: Visit, site: str, towns: TownDatabase, scatter: str, widths: tuple[int, ...]
) -> None:
    page = visit.page
    page.set_viewport_size({"width": widths[0], "height": 800})
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}&similarity=1&imagery=eox{scatter}")
    expect(page.get_by_text("Sentinel-2 cloudless 2024 cannot be reached")).to_be_visible()
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Copernicus")
    standing = (".map-tools", ".map-legend", ".map-note", ".maplibregl-ctrl-group", ".maplibregl-ctrl-attrib")
    for width in widths:
        page.set_viewport_size({"width": width, "height": 800})
        boxes = {name: page.locator(name).bounding_box() for name in standing}
        for (name, a), (other, b) in itertools.combinations(boxes.items(), 2):
            assert a
            assert b
            is_beside = a["x"] + a["width"] <= b["x"] or b["x"] + b["width"] <= a["x"]
            is_apart = is_beside or a["y"] + a["height"] <= b["y"] or b["y"] + b["height"] <= a["y"]
            assert is_apart, (width, name, a, other, b)
    visit.requests_outside.clear()  # those for imagery, which were blocked


@pytest.mark.parametrize("visit", [{**SHARP, "color_scheme": "dark"}], indirect=True)
def test_a_dark_page_is_dark(page: Page, site: str) -> None:
    open_page(page, site)
    land, sea = share_of(page, LAND, SEA)
    assert land < 0.01
    assert sea < 0.01
