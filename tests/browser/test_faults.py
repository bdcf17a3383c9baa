"""Faults that users met on the page, each with what it does instead."""

import io
import re
from pathlib import Path
from typing import Any

import geopandas
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, Route, expect

from tests.browser.conftest import SHARP
from tests.browser.walk import (
    FLIGHT_MS,
    click_corners,
    click_middle,
    expect_in_address,
    expect_listed,
    expect_map_at,
    listed,
    middle_of_map,
    open_page,
    place,
    sql,
    wait_until,
)
from tests.builders.towns import TOWNS, TownDatabase

TOWN = TOWNS[0]
LAND, MATCH, LASSO = (247, 245, 239), (224, 138, 0), (106, 61, 154)
SIMILAR = "SELECT tile_id FROM api.similar_tiles(%s{}) ORDER BY rank"
WHERE_IS = """
    SELECT ST_X(c.location::geometry) AS lon, ST_Y(c.location::geometry) AS lat
    FROM terrakin.cities AS c WHERE c.city_id = %s
"""
BANDS = {99: "Strong", 90: "Fair", 50: "Weak", 0: "Less alike than most"}
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
    page.locator("ol.results > li[data-id]").first.get_by_role("button", name=re.compile("^Search from")).click()
    expect_in_address(page, f"tile={best}")
    expect_map_at(page, *place(towns, best))
    page.go_back()
    expect_in_address(page, f"tile={tile_id}")
    expect_map_at(page, *place(towns, tile_id))


def test_a_search_from_a_match_shows_the_top_of_its_list(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    last = page.locator("ol.results > li[data-id]").last
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
    page.locator("ol.results > li[data-id]").first.get_by_role("button", name=re.compile("^More like")).click()
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
    expect(page.locator("ol.results > li[data-id]")).to_have_count(5)


def test_lines_that_cross_are_reported_while_an_area_is_drawn(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = place(towns, harbour(towns))
    open_page(page, f"{site}/#map=9/{lat}/{lon}")
    click_corners(page, ((-150, -150), (150, 150), (150, -150), (-150, 150)))
    expect(page.get_by_role("alert").filter(has_text="The lines of the area cross")).to_be_visible()


def test_the_first_stop_of_the_keyboard_leads_to_the_matches(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
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


def test_all_matches_are_in_view_or_counted(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    inset = page.locator(".inset")
    expect(inset.locator("circle.match")).to_have_count(20)
    expect(inset).to_contain_text("All matches are outside the map")
    page.get_by_role("button", name="Show all").click()
    expect(inset.get_by_text("outside the map")).to_have_count(0, timeout=FLIGHT_MS)


@pytest.mark.parametrize("visit", [{"viewport": {"width": 800, "height": 900}}], indirect=True)
def test_nothing_lies_on_the_chosen_place_of_a_low_map(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}&similarity=1&scatter=similarity")
    expect(page.locator(".map-legend")).to_be_visible()
    on_top = page.locator(".map").evaluate("""map => {
        const { left, top, width, height } = map.getBoundingClientRect();
        return document.elementFromPoint(left + width / 2, top + height / 2).tagName;
    }""")
    assert on_top == "CANVAS"


def test_a_match_in_the_inset_is_shown_on_the_map(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}&max_per_city=1")
    (best, *_) = ids(towns, SIMILAR.format(", max_per_city => 1"), harbour(towns))
    page.locator(f".inset circle[data-id='{best}']").click()
    expect_in_address(page, f"shown={best}")
    expect_map_at(page, *place(towns, best))


@pytest.mark.parametrize("visit", [{"viewport": {"width": 390, "height": 844}, "has_touch": True}], indirect=True)
def test_a_phone_returns_from_the_plot_to_a_map_that_moves(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}&scatter=continent")
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    page.get_by_role("button", name="Show all").click()
    expect(page.locator(".scatter")).to_have_count(0)
    expect(page.get_by_role("group", name="View").get_by_role("button", name="Map")).to_have_attribute(
        "aria-pressed", "true"
    )


NO_WEBGL = """
    const original = HTMLCanvasElement.prototype.getContext;
    HTMLCanvasElement.prototype.getContext = function (kind, ...rest) {
        return kind.startsWith('webgl') ? null : original.call(this, kind, ...rest);
    };
"""


def test_without_webgl_search_and_matches_are_a_grid_of_pictures(page: Page, site: str, towns: TownDatabase) -> None:
    page.add_init_script(NO_WEBGL)
    page.goto(site)
    expect(page.get_by_role("alert").filter(has_text="The map is not available")).to_be_visible()
    expect(page.locator(".map")).to_be_hidden()
    expect(page.get_by_role("button", name="Split")).to_have_count(0)
    field = page.get_by_role("combobox", name="City or coordinates")
    field.fill(TOWN.name)
    expect(page.get_by_role("option").first).to_contain_text(TOWN.name)
    field.press("Enter")
    expect(page.locator("ol.results img").first).to_be_visible()
    box = page.locator("ol.results").bounding_box()
    assert box
    assert box["width"] > 1000


@pytest.mark.parametrize("visit", [{"forced_colors": "active"}], indirect=True)
def test_icons_and_bars_are_visible_in_forced_colours(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    bar = page.locator("ol.results .bar span").first
    expect(bar).to_have_css("forced-color-adjust", "none")
    ground = page.evaluate("getComputedStyle(document.body).backgroundColor")
    assert bar.evaluate("(bar) => getComputedStyle(bar).backgroundColor") != ground
    assert page.locator(".card-actions svg").first.evaluate("(icon) => getComputedStyle(icon).color") != ground


def test_the_list_is_one_stop_of_the_keyboard_and_arrows_move_in_it(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    cards = page.locator("ol.results > li[data-id]")
    expect(cards).to_have_count(20)
    assert (
        page.locator("ol.results [tabindex='0']").evaluate_all(
            "(stops) => new Set(stops.map((stop) => stop.closest('li').dataset.rank)).size"
        )
        == 1
    )
    cards.first.locator("button.show").focus()
    page.keyboard.press("ArrowRight")
    expect(cards.nth(1).locator("button.show")).to_be_focused()
    page.keyboard.press("End")
    expect(cards.last.locator("button.show")).to_be_focused()
    page.keyboard.press("Home")
    page.keyboard.press("s")
    expect(page.get_by_role("button", name="Saved places (1)")).to_be_visible()
    first = listed(page)[0]
    page.keyboard.press("+")
    expect_in_address(page, f"positive={first}")
    expect(page.locator("ol.results button.show").first).to_be_focused()
    page.keyboard.press("Control+z")
    expect_listed(page, ids(towns, SIMILAR.format(""), harbour(towns)))


def test_keys_do_nothing_while_a_field_is_filled(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    page.keyboard.press("/")
    field = page.get_by_role("combobox", name="City or coordinates")
    expect(field).to_be_focused()
    page.keyboard.type("?s+")
    expect(field).to_have_value("?s+")
    expect(page.get_by_role("dialog")).to_have_count(0)
    page.keyboard.press("Escape")
    page.locator("body").click(position={"x": 5, "y": 5})
    page.keyboard.press("?")
    expect(page.get_by_role("dialog", name="How terrakin works")).to_be_visible()


def test_the_question_states_its_filters_and_drops_them(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}&exclude_countries=JP&min_similarity=0.5&max_per_city=2")
    question = page.get_by_role("region", name="Question")
    for text in ("except Japan", "similarity at least 0.5", "2 per city", "in other cities"):
        expect(question.get_by_role("button", name=text, exact=True)).to_be_visible()
    question.get_by_role("button", name="similarity at least 0.5", exact=True).click()
    expect(page.get_by_label("Minimum similarity")).to_have_value("0.5")
    expect(page.get_by_label("Matches", exact=True)).to_have_count(0)
    question.get_by_role("button", name="Remove: except Japan").click()
    arguments = ", min_similarity => 0.5, max_per_city => 2"
    expect_listed(page, ids(towns, SIMILAR.format(arguments), harbour(towns)))
    question.get_by_role("button", name="Undo").click()
    expect_listed(page, ids(towns, SIMILAR.format(arguments + ", exclude_countries => '{JP}'"), harbour(towns)))


@pytest.mark.parametrize("unit", ["tile", "block"])
def test_matches_are_listed_in_bands_of_the_similarities_of_all_pairs(
    page: Page, site: str, towns: TownDatabase, unit: str
) -> None:
    item_id = harbour(towns) << (6 if unit == "block" else 0)
    search = {"tile": "api.similar_tiles", "block": "api.similar_blocks"}[unit]
    rows = sql(
        towns,
        f"""
        SELECT s.rank, count(*) FILTER (WHERE p.similarity <= s.similarity) - 1 AS percentage
        FROM {search}(%s, k => 30, exclude_same_city => false) AS s
        CROSS JOIN api.pair_percentiles(%s, origin => 'synthetic') AS p
        GROUP BY s.rank
        ORDER BY s.rank
        """,  # noqa: S608
        item_id,
        unit,
    )
    least = [max(limit for limit in (99, 90, 50, 0) if row["percentage"] >= limit) for row in rows]
    texts = [
        f"{BANDS[limit]}: more alike than {limit} % of pairs" if limit else f"{BANDS[0]} pairs of {unit}s"
        for limit in dict.fromkeys(least)
    ]
    assert len(texts) > 1
    page.goto(f"{site}/?{unit}={item_id}&k=30&exclude_same_city=false")
    expect(page.locator("ol.results > li[data-id]")).to_have_count(len(rows))
    expect(page.locator("ol.results > .band")).to_have_text(texts)


def test_one_card_stands_for_a_city_until_it_is_opened(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    cards = page.locator("ol.results > li[data-id]")
    expect(cards).to_have_count(20)
    page.get_by_label("One card per city").check()
    expect(cards).to_have_count(len(TOWNS) - 1)
    (best, *_) = ids(towns, SIMILAR.format(""), harbour(towns))
    assert listed(page)[0] == best
    more = cards.first.get_by_role("button", name=re.compile(r"^\d+ more of"))
    count = int(more.inner_text().split()[0])
    more.click()
    expect(cards).to_have_count(len(TOWNS) - 1 + count)
    cards.first.get_by_role("button", name=re.compile("^Show one of")).click()
    expect(cards).to_have_count(len(TOWNS) - 1)


def test_saved_places_are_exported_imported_and_searched_for(
    page: Page, site: str, towns: TownDatabase, tmp_path: Path
) -> None:
    open_page(page, f"{site}/?tile={harbour(towns)}")
    for rank in (1, 2):
        page.get_by_role("button", name=re.compile(f"^Save match {rank},")).click()
    saved = listed(page)[:2]
    page.get_by_role("button", name="Saved places (2)").click()
    tray = page.get_by_role("region", name="Saved places")
    tray.get_by_label("Name of the collection").fill("Ports")
    with page.expect_download() as download:
        tray.get_by_role("button", name="Export GeoJSON").click()
    assert download.value.suggested_filename == "Ports.geojson"
    file = tmp_path / "Ports.geojson"
    download.value.save_as(file)
    assert geopandas.read_file(file)["tile_id"].tolist() == saved
    page.reload()
    page.get_by_role("button", name="Saved places (2)").click()
    tray.get_by_label("Import").set_input_files(file)
    expect(tray.get_by_label("Collection", exact=True)).to_have_value("1")
    expect(tray.get_by_role("listitem")).to_have_count(2)
    tray.get_by_role("button", name="Search like these 2").click()
    expect_listed(page, ids(towns, EXAMPLES, saved))
    broken = tmp_path / "broken.geojson"
    broken.write_text("{}")
    tray.get_by_label("Import").set_input_files(broken)
    expect(page.get_by_role("alert")).to_contain_text("broken.geojson contains no places")


def test_a_city_is_found_by_its_name_in_another_language(page: Page, site: str, towns: TownDatabase) -> None:
    with psycopg.connect(towns.settings.database_url or "") as conn:
        conn.execute("UPDATE terrakin.cities SET other_names = 'alfahafen' WHERE city_id = %s", (TOWN.city_id,))
    open_page(page, site)
    field = page.get_by_role("combobox", name="City or coordinates")
    field.fill("Alfah")
    expect(page.get_by_role("option")).to_contain_text(TOWN.name)


def test_an_empty_database_says_that_nothing_is_loaded(page: Page, site: str) -> None:
    def without_tiles(route: Route) -> None:
        answer = route.fetch()
        route.fulfill(json={**answer.json(), "n_tiles": 0, "n_synthetic_tiles": 0, "start_tile_id": None})

    page.route("**/api/v1/encoder", without_tiles)
    page.goto(site)
    expect(page.get_by_text("Nothing is loaded yet")).to_be_visible()


def colour_at(page: Page, x: float, y: float) -> tuple[int, int, int]:
    """Return the colour of a pixel of the page."""
    png = page.screenshot(clip={"x": x, "y": y, "width": 1, "height": 1})
    red, green, blue = Image.open(io.BytesIO(png)).convert("RGB").getpixel((0, 0))  # type: ignore[misc]
    return red, green, blue


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_matches_leave_the_similarity_below_them_visible(page: Page, site: str, towns: TownDatabase) -> None:
    """In the middle of the map is a match: a disc, or a ring around the colour of its similarity."""
    tile_id = harbour(towns)
    (best,) = ids(towns, SIMILAR.format(", k => 1"), tile_id)
    lon, lat = place(towns, best)
    near = lon + 0.01
    colours = {}
    for similarity in ("", "&similarity=1"):
        open_page(page, f"{site}/?tile={tile_id}&k=1{similarity}#map=5/{lat}/{near}")
        x, y = middle_of_map(page)
        wait_until(page, lambda: colour_at(page, x + 5, y) != LAND)  # noqa: B023
        colours[similarity] = colour_at(page, x + 5, y)
    assert colours[""] == MATCH
    assert colours["&similarity=1"] not in (MATCH, LAND)


def test_the_lasso_lies_on_top_of_the_dots_of_cities(page: Page, site: str, towns: TownDatabase) -> None:
    """All tiles are in the lasso; the dot of a city is in the middle of the map."""
    (row,) = sql(towns, "SELECT layout_version FROM api.umap_layout()")
    (city,) = sql(towns, WHERE_IS, TOWNS[2].city_id)
    lasso = f"{row['layout_version']}:-2,-2;2,-2;2,2;-2,2"
    open_page(page, f"{site}/?lasso={lasso}#map=4/{city['lat']}/{city['lon']}")
    expect(page.get_by_role("region", name="Selected tiles")).to_contain_text("44 tiles selected")
    x, y = middle_of_map(page)
    wait_until(page, lambda: colour_at(page, x, y) == LASSO)
