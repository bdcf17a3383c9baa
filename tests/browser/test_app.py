"""The page's controls, each compared with the SQL that it represents."""

import gzip
import json
import re
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.conftest import Visit
from tests.browser.walk import (
    click_corners,
    expect_in_address,
    expect_listed,
    expect_map_at,
    hold_back,
    listed,
    open_page,
    place,
    sql,
)
from tests.builders.towns import TOWNS, TownDatabase
from webapp.pages.imagery import PROVIDERS
from webapp.pages.routes import STATIC

TOWN, OTHER = TOWNS[0], TOWNS[4]
MAX_SCRIPT_BYTES = 620_000


def ids(rows: list[dict[str, Any]]) -> list[int]:
    """Return the tile ids of rows."""
    return [row["tile_id"] for row in rows]


def search_field(page: Page, site: str) -> Locator:
    """Open the page and return the field for cities and coordinates."""
    page.goto(site)
    expect(page.locator("footer")).to_contain_text("Encoder")  # the page has started
    return page.get_by_role("combobox", name="City or coordinates")


def test_all_scripts_together_stay_small() -> None:
    sizes = {file.name: len(gzip.compress(file.read_bytes())) for file in STATIC.glob("assets/*.js")}
    assert sizes
    assert sum(sizes.values()) <= MAX_SCRIPT_BYTES, sizes


def test_a_city_is_found_by_name_with_the_keyboard(page: Page, site: str) -> None:
    field = search_field(page, site)
    field.fill("epsi")
    expect(page.get_by_role("option")).to_have_count(1)
    expect(page.get_by_role("option")).to_contain_text("Epsilon City (synthetic)")
    field.press("Enter")
    page.wait_for_function("() => Number(window.location.hash.slice(5).split('/')[0]) > 8")
    expect(page.get_by_role("option")).to_have_count(0)
    field.fill("nowhere at all")
    expect(page.get_by_text("No city or country has this name")).to_be_visible()


@pytest.mark.parametrize("form", ["{lat:.5f}, {lon:.5f}", "{lat:.5f}°N {lon:.5f}°E"])
def test_coordinates_choose_the_tile_that_lies_there(page: Page, site: str, towns: TownDatabase, form: str) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "suburb")
    lon, lat = place(towns, tile_id)
    field = search_field(page, site)
    field.fill(form.format(lat=lat, lon=lon))
    expect(page.get_by_role("option")).to_contain_text("Go to")
    field.press("Enter")
    expect(page.locator(".selected")).to_contain_text(str(tile_id))
    expect_map_at(page, lon, lat)


def test_a_position_without_a_tile_is_reported(page: Page, site: str) -> None:
    field = search_field(page, site)
    field.fill("0, 0")
    expect(page.get_by_role("option")).to_contain_text("Go to")
    field.press("Enter")
    expect(page.get_by_role("alert")).to_contain_text(re.compile(r"no tile.*\b0\.0\b"))


def test_continents_countries_and_minimum_similarity_are_filters_of_sql(
    page: Page, site: str, towns: TownDatabase
) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}")
    page.get_by_text("Search settings").click()
    page.get_by_role("button", name="Europe").click()
    page.get_by_role("button", name="Asia").click()
    rows = sql(towns, "SELECT tile_id FROM api.similar_tiles(%s, continents => '{Europe,Asia}') ORDER BY rank", tile_id)
    assert 0 < len(rows) < 20
    expect_listed(page, ids(rows))
    page.get_by_label("Only in countries").select_option("JP")
    rows = sql(towns, "SELECT tile_id FROM api.similar_tiles(%s, countries => '{JP}') ORDER BY rank", tile_id)
    expect_listed(page, ids(rows))
    page.get_by_role("button", name="Remove Japan from the countries to search").click()
    page.get_by_label("Minimum similarity").fill("0.5")
    query = "SELECT tile_id FROM api.similar_tiles(%s, continents => '{Europe,Asia}', min_similarity => 0.5)"
    rows = sql(towns, f"{query} ORDER BY rank", tile_id)
    expect_listed(page, ids(rows))
    page.reload()
    expect_listed(page, ids(rows))


def test_the_previous_list_is_marked_while_a_search_runs(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}")
    results = page.locator("ol.results")
    expect(results).to_have_attribute("aria-busy", "false")
    before = listed(page)
    let_go = hold_back(page, "**/api/v1/similar")
    page.get_by_text("Search settings").click()
    page.get_by_label("Compared vectors").select_option("dominant")
    expect(results).to_have_attribute("aria-busy", "true")
    assert listed(page) == before
    let_go()
    expect(results).to_have_attribute("aria-busy", "false")
    expect_listed(
        page, ids(sql(towns, "SELECT tile_id FROM api.similar_tiles(%s, method => 'dominant') ORDER BY rank", tile_id))
    )


def test_more_and_less_like_this_search_by_examples(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    more, less = listed(page)[1], listed(page)[-1]
    page.locator(f"li[data-tile-id='{more}']").get_by_role("button", name=re.compile("^More like")).click()
    page.locator(f"li[data-tile-id='{less}']").get_by_role("button", name=re.compile("^Less like")).click()
    query = """
        SELECT tile_id
        FROM api.similar_to_examples(%s::bigint[], negative => %s::bigint[], exclude_same_city => false)
        ORDER BY rank
    """
    expect_listed(page, ids(sql(towns, query, [tile_id, more], [less])))
    expect_in_address(page, f"positive={more}")
    expect_in_address(page, f"negative={less}")
    page.get_by_role("button", name=re.compile("^Less like: remove")).click()
    expect_listed(page, ids(sql(towns, query, [tile_id, more], [])))
    page.go_back()
    expect_listed(page, ids(sql(towns, query, [tile_id, more], [less])))


def test_a_drawn_area_limits_the_search_or_is_searched_for(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    lon, lat = place(towns, towns.tiles[OTHER.city_id][4][0])
    open_page(page, f"{site}/?tile={tile_id}#map=9/{lat}/{lon}")
    click_corners(page, ((-180, -150), (180, -150), (180, 150), (-180, 150)))
    card = page.get_by_role("region", name="Drawn area")
    expect(card).to_contain_text("4 corners")
    page.wait_for_url(re.compile("area="))
    ring = [[float(part) for part in at.split(",")] for at in re.search(r"area=([^&#]+)", page.url)[1].split(";")]  # type: ignore[index]
    area = json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})
    query = "SELECT tile_id FROM api.similar_tiles(%s, within => ST_GeomFromGeoJSON(%s)) ORDER BY rank"
    rows = sql(towns, query, tile_id, area)
    assert len(rows) == 9
    expect_listed(page, ids(rows))
    card.get_by_label("search for tiles like it").check()
    rows = sql(towns, "SELECT tile_id FROM api.similar_to_area(ST_GeomFromGeoJSON(%s)) ORDER BY rank", area)
    expect_listed(page, ids(rows))
    card.get_by_role("button", name="Remove").click()
    expect(card).to_have_count(0)


def test_drawing_asks_for_corners_once_it_is_ready(page: Page, site: str) -> None:
    let_go = hold_back(page, "**/assets/draw-*.js")
    page.goto(site)
    page.get_by_role("button", name="Draw area").click()
    status = page.get_by_role("status").filter(has_text=re.compile("Loading the drawing tool|Click the corners"))
    expect(status).to_contain_text("Loading the drawing tool")
    let_go()
    expect(status).to_contain_text("Click the corners")


def test_a_failure_to_load_the_drawing_library_is_reported(page: Page, site: str) -> None:
    page.route("**/assets/draw-*.js", lambda route: route.abort())
    page.goto(site)
    page.get_by_role("button", name="Draw area").click()
    expect(page.get_by_role("alert")).to_contain_text("Drawing is not available")
    expect(page.get_by_role("button", name="Draw area")).to_be_visible()


@pytest.mark.parametrize(("script", "button"), [("Help", "Help"), ("Scatter", "Split")])
def test_the_page_survives_a_part_that_cannot_be_loaded(page: Page, site: str, script: str, button: str) -> None:
    page.route(f"**/assets/{script}-*.js", lambda route: route.abort())
    open_page(page, site)
    page.get_by_role("button", name=button).click()
    expect(page.get_by_role("alert")).to_contain_text("A part of the page could not be loaded")
    expect(page.locator(".map-canvas")).to_be_visible()
    expect(page.get_by_role("combobox", name="City or coordinates")).to_be_visible()


def test_the_map_flies_to_a_match_and_back(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}&k=3")
    page.locator("ol.results button.show").nth(1).click()
    expect_map_at(page, *place(towns, listed(page)[1]))
    page.get_by_role("button", name="Back to the chosen tile").click()
    expect_map_at(page, *place(towns, tile_id))


def test_the_map_is_coloured_by_similarity(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}")
    with page.expect_response(lambda answer: "/tiles/similarity/" in answer.url and f"tile_id={tile_id}" in answer.url):
        page.get_by_role("button", name="Layers").click()
        page.get_by_label("Colour by similarity").check()
    expect(page.get_by_role("note", name="Colours of similarity")).to_be_visible()
    expect_in_address(page, "similarity=1")


def test_the_map_is_coloured_by_similarity_to_a_concept(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, site)
    page.get_by_role("button", name="Layers").click()
    with page.expect_response(lambda answer: "/similarity/" in answer.url and "concept=harbour" in answer.url) as tile:
        page.get_by_label("Similarity to", exact=True).select_option("harbour")
    assert tile.value.ok
    expect_in_address(page, "concept=harbour")
    legend = page.get_by_role("note", name="Colours of similarity")
    expect(legend).to_contain_text("Similarity to the concept harbour")
    expect(legend).to_contain_text("Not validated: examples from one area.")
    with page.expect_download() as download:
        legend.get_by_role("link", name="Download everything of this kind").click()
    lines = Path(download.value.path()).read_text().splitlines()
    (found,) = sql(towns, "SELECT count(*) AS n FROM api.find('harbour')")
    assert len(lines) == found["n"] + 1
    page.get_by_role("button", name="Layers").click()
    page.get_by_label("Colour by similarity").uncheck()
    expect(legend).to_have_count(0)


def test_the_chosen_tile_and_matches_show_their_thumbnails(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?tile={towns.tile_of(TOWN.city_id, 'harbour')}")
    picture = page.locator("ol.results img").first
    expect(picture).to_be_visible()
    page.wait_for_function("() => document.querySelector('ol.results img').naturalWidth === 128")
    expect(page.locator(".selected img")).to_be_visible()
    expect(page.locator(".selected")).to_contain_text("Largest cluster 50%")


@pytest.mark.parametrize("visit", [{"color_scheme": "dark"}], indirect=True)
def test_light_and_dark_follow_the_system_until_the_user_chooses(page: Page, site: str) -> None:
    page.goto(site)
    root = page.locator("html")
    expect(root).to_have_attribute("data-scheme", "dark")
    page.get_by_role("button", name="Colours: same as the system").click()
    expect(root).to_have_attribute("data-scheme", "light")
    page.reload()
    expect(root).to_have_attribute("data-scheme", "light")


def test_imagery_is_requested_only_when_chosen_and_the_map_survives_its_failure(visit: Visit, site: str) -> None:
    page = visit.page
    open_page(page, site)
    assert visit.requests_outside == []
    page.get_by_role("button", name="Layers").click()
    page.get_by_label("Sentinel-2 cloudless 2024").check()
    expect(page.get_by_text("Sentinel-2 cloudless 2024 cannot be reached")).to_be_visible(timeout=30_000)
    expect(page.locator(".maplibregl-ctrl-attrib")).to_contain_text("Copernicus Sentinel data 2024")
    prefix = str(PROVIDERS["eox"]["tiles_url"]).split("{")[0]
    assert visit.requests_outside
    assert all(url.startswith(prefix) for url in visit.requests_outside)
    page.get_by_label("No imagery").check()
    expect(page.get_by_text("cannot be reached")).to_have_count(0)
    visit.requests_outside.clear()  # each was checked above and blocked


def test_excluded_countries_are_a_filter_of_sql(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}&exclude_countries=US")
    query = "SELECT tile_id FROM api.similar_tiles(%s, exclude_countries => %s) ORDER BY rank"
    expect_listed(page, ids(sql(towns, query, tile_id, ["US"])))
    page.get_by_text("Search settings").click()
    page.get_by_label("Not in these countries").select_option("JP")
    expect_listed(page, ids(sql(towns, query, tile_id, ["US", "JP"])))
    expect_in_address(page, "exclude_countries=US,JP")
    page.get_by_role("button", name="Remove United States from the excluded countries").click()
    expect_listed(page, ids(sql(towns, query, tile_id, ["JP"])))
    expect_in_address(page, "exclude_countries=JP")
