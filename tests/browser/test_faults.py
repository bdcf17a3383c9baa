"""Faults that users met on the page, each with what it does instead."""

import re
from typing import Any

from playwright.sync_api import Page, expect

from tests.browser.walk import (
    click_corners,
    click_middle,
    expect_in_address,
    expect_listed,
    expect_map_at,
    listed,
    open_page,
    place,
    sql,
)
from tests.builders.towns import TOWNS, TownDatabase

TOWN = TOWNS[0]
SIMILAR = "SELECT tile_id FROM api.similar_tiles(%s{}) ORDER BY rank"
WHERE_IS = """
    SELECT ST_X(c.location::geometry) AS lon, ST_Y(c.location::geometry) AS lat
    FROM terrakin.cities AS c WHERE c.city_id = %s
"""
EXAMPLES = """
    SELECT tile_id FROM api.similar_to_examples(%s::bigint[], exclude_same_city => false) ORDER BY rank
"""


def ids(towns: TownDatabase, query: str, *parameters: Any) -> list[int]:
    return [row["tile_id"] for row in sql(towns, query, *parameters)]


def harbour(towns: TownDatabase) -> int:
    return towns.tile_of(TOWN.city_id, "harbour")


def settings(page: Page) -> None:
    page.get_by_text("Search settings").click()


def test_examples_of_all_cities_do_not_exclude_all_cities(page: Page, site: str, towns: TownDatabase) -> None:
    positive = [towns.tile_of(town.city_id, "harbour") for town in TOWNS]
    open_page(page, f"{site}/?positive={','.join(map(str, positive))}")
    expected = ids(towns, EXAMPLES, positive)
    assert len(expected) == 20
    expect_listed(page, expected)
    settings(page)
    expect(page.get_by_label("The cities of the examples are included")).to_be_disabled()


def test_an_empty_answer_names_the_setting_that_empties_it_and_drops_it(
    page: Page, site: str, towns: TownDatabase
) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}&continents=Europe&countries=JP")
    expect(page.get_by_role("status").filter(has_text="No tile meets")).to_be_visible()
    expect(page.get_by_role("button", name="Remove “only in Japan”")).to_be_visible()
    page.get_by_role("button", name="Remove “only in Europe”").click()
    expect_listed(page, ids(towns, SIMILAR.format(", countries => '{JP}'"), harbour(towns)))


def test_back_from_a_match_leads_to_the_map_that_was_shown(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = harbour(towns)
    open_page(page, f"{site}/?tile={tile_id}")
    (best, *_) = expected = ids(towns, SIMILAR.format(""), tile_id)
    expect_listed(page, expected)
    expect_map_at(page, *place(towns, tile_id))
    page.locator("ol.results > li").first.get_by_role("button", name=re.compile("^Search from")).click()
    expect_in_address(page, f"tile={best}")
    expect_map_at(page, *place(towns, best))
    page.go_back()
    expect_in_address(page, f"tile={tile_id}")
    expect_map_at(page, *place(towns, tile_id))


def test_a_search_from_a_match_shows_the_top_of_its_list(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    last = page.locator("ol.results > li").last
    last.get_by_role("button", name=re.compile("^Search from")).click()
    page.wait_for_function("document.querySelector('.panel').scrollTop === 0")
    expect(page).to_have_title(re.compile("terrakin$"))


def test_the_card_of_a_match_that_is_shown_is_in_view(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = harbour(towns)
    shown = ids(towns, SIMILAR.format(""), tile_id)[17]
    open_page(page, f"{site}/?tile={tile_id}&shown={shown}")
    expect(page.locator(f"li[data-tile-id='{shown}']")).to_be_in_viewport()


def test_a_search_for_what_is_like_an_area_has_no_other_origin(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = place(towns, harbour(towns))
    west, east, south, north = lon - 0.02, lon + 0.02, lat - 0.02, lat + 0.02
    area = f"{west},{south};{east},{south};{east},{north};{west},{north}"
    open_page(page, f"{site}/?tile={harbour(towns)}&area={area}")
    chosen = page.get_by_role("region", name="Chosen tile")
    expect(chosen).to_be_visible()
    page.get_by_label("search for tiles like it").check()
    expect(chosen).to_have_count(0)
    page.get_by_label("search inside it").check()
    expect(chosen).to_be_visible()


def test_with_examples_the_page_says_what_distances_are_to(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    said = page.get_by_text("Distances are to the nearest example")
    expect(said).to_have_count(0)
    page.locator("ol.results > li").first.get_by_role("button", name=re.compile("^More like")).click()
    expect(said).to_be_visible()


def test_a_search_that_fails_keeps_the_list_and_is_asked_again(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    before = ids(towns, SIMILAR.format(""), harbour(towns))
    expect_listed(page, before)
    page.route("**/api/v1/similar", lambda route: route.fulfill(status=503, body="{}"))
    settings(page)
    page.get_by_label("Minimum similarity").fill("0.5")
    expect(page.get_by_role("button", name="Try again")).to_be_visible()
    assert listed(page) == before
    expect(page.locator("ol.results")).to_have_attribute("data-stale", "true")
    page.unroute("**/api/v1/similar")
    # Without a click: the page asks again by itself.
    expect_listed(page, ids(towns, SIMILAR.format(", min_similarity => 0.5"), harbour(towns)))
    expect(page.get_by_role("button", name="Try again")).to_have_count(0)


def test_numbers_in_an_address_are_brought_within_their_limits(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}&k=99999&max_per_city=1")
    expect_listed(page, ids(towns, SIMILAR.format(", max_per_city => 1"), harbour(towns)))


def test_a_number_outside_its_limits_is_explained_below_its_field(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    settings(page)
    page.get_by_label("Matches", exact=True).fill("5000000")
    expect(page.get_by_text("A whole number from 1 to")).to_be_visible()
    page.get_by_label("Matches", exact=True).fill("5")
    expect(page.get_by_text("A whole number from 1 to")).to_have_count(0)
    expect(page.locator("ol.results > li")).to_have_count(5)


def test_lines_that_cross_are_reported_while_an_area_is_drawn(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = place(towns, harbour(towns))
    open_page(page, f"{site}/#map=9/{lat}/{lon}")
    click_corners(page, ((-150, -150), (150, 150), (150, -150), (-150, 150)))
    expect(page.get_by_role("alert").filter(has_text="The lines of the area cross")).to_be_visible()


def test_the_first_stop_of_the_keyboard_leads_to_the_matches(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    expect(page.locator("ol.results > li").first).to_be_visible()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the matches")).to_be_focused()
    page.keyboard.press("Enter")
    expect(page.locator("ol.results button").first).to_be_focused()
    assert "#matches" not in page.url


def test_the_map_shows_the_pictures_of_tiles(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = place(towns, harbour(towns))
    with page.expect_response(re.compile(r"/pictures/1[0-3]/\d+/\d+\.webp")) as answer:
        open_page(page, f"{site}/?tile={harbour(towns)}#map=12/{lat}/{lon}")
    assert answer.value.status == 200


def test_a_click_where_nothing_is_names_the_nearest_city(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = place(towns, harbour(towns))
    open_page(page, f"{site}/#map=10/{lat + 1}/{lon}")
    click_middle(page)
    expect(page.get_by_role("alert")).to_contain_text(
        re.compile(rf"No tiles here.*nearest: {TOWN.name[:9]}.* 1\d\d km")
    )


def test_a_click_on_a_dot_goes_to_its_city_though_another_name_lies_on_it(
    page: Page, site: str, towns: TownDatabase
) -> None:
    """Dots are looked for before names: only the dot of a town is in the middle of the map."""
    (row,) = sql(towns, WHERE_IS, TOWN.city_id)
    open_page(page, f"{site}/#map=4/{row['lat']}/{row['lon']}")
    click_middle(page)
    expect_map_at(page, row["lon"], row["lat"])
    expect(page).to_have_url(re.compile(r"#map=(9|1\d)"))


def test_without_a_tile_the_plot_is_not_coloured_by_similarity(page: Page, site: str) -> None:
    open_page(page, f"{site}/?scatter=similarity")
    expect(page.get_by_label("Colour by")).to_have_value("continent")


def test_the_number_of_a_tile_is_found(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = harbour(towns)
    open_page(page, site)
    field = page.get_by_role("combobox", name="City or coordinates")
    field.fill(f"Tile {tile_id}")
    expect(page.get_by_role("option")).to_contain_text(f"Go to {tile_id}")
    field.press("Enter")
    expect_in_address(page, f"tile={tile_id}")
    expect_map_at(page, *place(towns, tile_id))
