"""The search by block: the switch, what a click chooses, and the list, compared with SQL."""

import csv
import re

import psycopg
import pytest
from playwright.sync_api import Locator, Page, Response, expect

from tests.browser.conftest import SHARP
from tests.browser.test_map import MATCH, PHONE, share_of
from tests.browser.walk import (
    click_middle,
    expect_in_address,
    expect_map_at,
    expect_not_in_address,
    open_page,
    sql,
    wait_until,
)
from tests.builders.towns import TOWNS, TownDatabase

TOWN, OTHER, WITHOUT_BLOCKS = TOWNS[0], TOWNS[1], TOWNS[-1]
CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}
MIDDLE = 24
SIMILAR = "SELECT * FROM api.similar_blocks(%s{}) ORDER BY rank"


def block_of(towns: TownDatabase, city_id: int, number: int) -> int:
    """Return a block of the middle tile of a town."""
    return towns.tiles[city_id][4][0] << 6 | number


def centre_of(towns: TownDatabase, block_id: int) -> tuple[float, float]:
    """Return longitude and latitude of a block's centre."""
    query = "SELECT ST_X(c) AS lon, ST_Y(c) AS lat FROM ST_Centroid(api.block_footprint(%s)) AS c"
    (row,) = sql(towns, query, block_id)
    return row["lon"], row["lat"]


def expect_blocks(page: Page, block_ids: list[int]) -> None:
    """Wait until exactly these blocks are listed."""
    expect(page.locator("ol.results > li[data-id]")).to_have_count(len(block_ids))
    for item, block_id in zip(page.locator("ol.results > li[data-id]").all(), block_ids, strict=True):
        expect(item).to_have_attribute("data-block-id", str(block_id))


def found(towns: TownDatabase, block_id: int, arguments: str = "") -> list[int]:
    """Return the blocks that api.similar_blocks finds."""
    return [row["block_id"] for row in sql(towns, SIMILAR.format(arguments), block_id)]


def switch(page: Page) -> Locator:
    """Return the switch between tiles and blocks."""
    return page.get_by_role("radiogroup", name="Search by")


def is_full(answer: Response, part: str) -> bool:
    """Return whether a response is a vector tile of similarities that is not empty, with a text in its address."""
    return "/similarity/13/" in answer.url and part in answer.url and answer.status == 200


def test_the_switch_turns_the_tile_into_its_middle_block_and_back(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWN.city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}&k=5&method=dominant")
    expect(switch(page).get_by_role("radio", name="Tile 2.2 km")).to_be_checked()
    switch(page).get_by_role("radio", name="Tile 2.2 km").press("ArrowRight")
    expect(switch(page).get_by_role("radio", name="Block 320 m")).to_be_checked()
    block_id = tile_id << 6 | MIDDLE
    expect_blocks(page, found(towns, block_id, ", k => 5"))
    expect_in_address(page, f"block={block_id}")
    expect(page.get_by_role("region", name="Chosen block")).to_contain_text(str(block_id))
    page.get_by_text("Search settings").click()
    expect(page.get_by_label("Compared vectors")).to_have_count(0)
    page.go_back()
    expect(page.get_by_role("region", name="Chosen tile")).to_contain_text(str(tile_id))
    expect(page.get_by_label("Compared vectors")).to_have_value("dominant")
    expect_not_in_address(page, "block")


def test_a_click_lists_what_is_similar_to_the_block_under_the_pointer(
    page: Page, site: str, towns: TownDatabase
) -> None:
    block_id = block_of(towns, TOWN.city_id, 10)
    lon, lat = centre_of(towns, block_id)
    open_page(page, f"{site}/?unit=block#map=14/{lat}/{lon}")
    click_middle(page)
    rows = sql(towns, SIMILAR.format(""), block_id)
    expect_blocks(page, [row["block_id"] for row in rows])
    expect_in_address(page, f"block={block_id}")
    expect_in_address(page, "unit=block")
    assert len({row["tile_id"] for row in rows}) == len(rows) == 20
    for item, row in zip(page.locator("ol.results > li[data-id]").all(), rows, strict=True):
        expect(item).to_have_attribute("data-tile-id", str(row["tile_id"]))
        expect(item).to_contain_text(f"{row['similarity']:.3f}")
        picture = item.locator("img")
        expect(picture).to_have_attribute("src", re.compile(rf"/blocks/{row['block_id']}/thumbnail$"))
        expect(picture).to_have_js_property("naturalWidth", 96)
    expect(page.get_by_text("Every eligible block compared")).to_be_visible()


def test_an_outline_in_a_picture_is_where_the_block_lies(page: Page, site: str, towns: TownDatabase) -> None:
    """Block 45 is in the last row and the fourth column of 7."""
    page.goto(f"{site}/?block={block_of(towns, TOWN.city_id, 45)}")
    picture = page.locator(".selected-picture").bounding_box()
    outline = page.locator(".selected-picture rect").last.bounding_box()
    assert picture
    assert outline
    middle = [
        (outline[at] + outline[size] / 2 - picture[at]) / picture[size]
        for at, size in (("x", "width"), ("y", "height"))
    ]
    assert middle == pytest.approx([3.5 / 7, 6.5 / 7], abs=0.02)


@pytest.mark.parametrize("visit", [SHARP], indirect=True)
def test_matches_are_drawn_where_they_are_and_hovered_in_the_list(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 10)
    open_page(page, f"{site}/?block={block_id}&k=3")
    item = page.locator("ol.results > li[data-id]").nth(1)
    item.get_by_role("button").first.click()
    match = found(towns, block_id, ", k => 3")[1]
    expect_map_at(page, *centre_of(towns, match))
    page.mouse.move(5, 5)
    wait_until(page, lambda: share_of(page, MATCH)[0] > 0.0002)
    expect(item).not_to_have_attribute("data-hovered", re.compile(""))
    box = page.locator(".map-canvas").bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2, steps=3)
    expect(item).to_have_attribute("data-hovered", "true")


def test_examples_are_blocks(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 3)
    page.goto(f"{site}/?block={block_id}&k=6")
    matches = found(towns, block_id, ", k => 6")
    expect_blocks(page, matches)
    page.get_by_role("button", name="More like match 2,").click()
    query = """
        SELECT block_id
        FROM api.similar_to_examples(%s::bigint[], negative => %s::bigint[], unit => 'block', k => 6,
            exclude_same_city => false)
        ORDER BY rank
    """
    rows = sql(towns, query, [block_id, matches[1]], [])
    expect_blocks(page, [row["block_id"] for row in rows])
    page.get_by_role("button", name="Less like match 6,").click()
    rows = sql(towns, query, [block_id, matches[1]], [rows[-1]["block_id"]])
    expect_blocks(page, [row["block_id"] for row in rows])
    expect_in_address(page, f"positive={matches[1]}")
    page.reload()
    expect_blocks(page, [row["block_id"] for row in rows])
    expect(page.get_by_role("region", name="Question").get_by_role("img")).to_have_count(0)
    expect(page.get_by_role("region", name="Question").locator("img")).to_have_count(3)


def test_more_than_one_block_of_a_tile_is_listed_if_asked_for(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 3)
    page.goto(f"{site}/?block={block_id}&k=8")
    page.get_by_text("Search settings").click()
    page.get_by_label("At most per tile").fill("4")
    expect_blocks(page, found(towns, block_id, ", k => 8, max_per_tile => 4"))
    expect_in_address(page, "max_per_tile=4")


def test_two_blocks_are_compared(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 3)
    (first, second, *_) = sql(towns, SIMILAR.format(", k => 2"), block_id)
    page.goto(f"{site}/?block={block_id}&compare={second['block_id']}")
    both = page.get_by_role("region", name="Two blocks side by side")
    expect(both).to_contain_text(f"Similarity {second['similarity']:.3f} (cosine of the mean vectors)")
    expect(both).to_contain_text(f"{second['distance_m'] / 1000:,.0f} km apart")
    expect(both.locator(".block-outline")).to_have_count(2)
    expect(both).to_contain_text(str(second["block_id"]))
    expect(both).to_contain_text(re.compile(r"More alike than \d+% of pairs of blocks"))
    assert first["similarity"] >= second["similarity"]


def test_without_blocks_the_page_offers_the_tile(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tiles[WITHOUT_BLOCKS.city_id][4][0]
    lon, lat = centre_of(towns, tile_id << 6 | MIDDLE)
    open_page(page, f"{site}/?unit=block#map=14/{lat}/{lon}")
    click_middle(page)
    alert = page.get_by_role("alert")
    expect(alert).to_contain_text("No block to search for here")
    alert.get_by_role("button", name="Search by tile").click()
    expect(alert).to_have_count(0)
    expect(page.get_by_role("region", name="Chosen tile")).to_contain_text(str(tile_id))
    # The middle block of a tile may not exist either.
    switch(page).get_by_text("Block").click()
    expect(alert).to_contain_text("No block to search for here")
    switch(page).get_by_text("Tile").click()
    expect(alert).to_have_count(0)
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()


def test_coordinates_choose_the_block_there(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, OTHER.city_id, 6)
    lon, lat = centre_of(towns, block_id)
    page.goto(f"{site}/?unit=block")
    field = page.get_by_role("combobox", name="City or coordinates")
    field.fill(f"{lat:.5f}, {lon:.5f}")
    expect(page.get_by_role("option")).to_contain_text("Go to")
    field.press("Enter")
    expect(page.get_by_role("region", name="Chosen block")).to_contain_text(str(block_id))
    expect_map_at(page, lon, lat)


def test_an_area_is_searched_for_by_block(page: Page, site: str, towns: TownDatabase) -> None:
    lon, lat = centre_of(towns, block_of(towns, TOWN.city_id, 20))
    corners = [(lon - 0.004, lat - 0.003), (lon + 0.004, lat - 0.003), (lon, lat + 0.004)]
    area = ";".join(f"{x:.4f},{y:.4f}" for x, y in corners)
    page.goto(f"{site}/?unit=block&k=5&area={area}&area_use=like")
    expect(page.get_by_label("search for blocks like it")).to_be_checked()
    ring = ", ".join(f"{x:.4f} {y:.4f}" for x, y in [*corners, corners[0]])
    query = "SELECT block_id FROM api.similar_to_area(ST_GeomFromText(%s, 4326), unit => 'block', k => 5) ORDER BY rank"
    expect_blocks(page, [row["block_id"] for row in sql(towns, query, f"POLYGON(({ring}))")])


@pytest.mark.parametrize("visit", [CLIPBOARD], indirect=True)
def test_exports_contain_the_blocks(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 3)
    page.goto(f"{site}/?block={block_id}&k=4")
    matches = found(towns, block_id, ", k => 4")
    expect_blocks(page, matches)
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as waiting:
        page.get_by_role("button", name="Download CSV").click()
    with waiting.value.path().open(newline="") as file:
        assert [int(row["block_id"]) for row in csv.DictReader(file)] == matches
    page.get_by_role("button", name="Copy SQL").click()
    expect(page.locator(".export-menu [role=status]")).to_have_text("SQL copied.")
    with psycopg.connect(towns.settings.database_url or "") as conn:
        statement = page.evaluate("navigator.clipboard.readText()")
        assert [row[1] for row in conn.execute(statement)] == matches


def test_the_map_is_coloured_by_similarity_to_the_block(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 3)
    lon, lat = centre_of(towns, block_id)
    with page.expect_response(lambda answer: is_full(answer, f"block_id={block_id}")) as vector_tile:
        page.goto(f"{site}/?block={block_id}&similarity=1#map=13/{lat}/{lon}")
    assert b"block_id" in vector_tile.value.body()
    expect(page.get_by_role("note", name="Colours of similarity")).to_contain_text("Similarity to what is searched for")


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_a_phone_searches_by_block(page: Page, site: str, towns: TownDatabase) -> None:
    block_id = block_of(towns, TOWN.city_id, 10)
    lon, lat = centre_of(towns, block_id)
    open_page(page, f"{site}/#map=14/{lat}/{lon}")
    block = switch(page).get_by_text("Block")
    expect(block).to_be_in_viewport(ratio=1)
    block.tap()
    canvas = page.locator(".map-canvas").bounding_box()
    assert canvas
    page.touchscreen.tap(canvas["x"] + canvas["width"] / 2, canvas["y"] + canvas["height"] / 2)
    expect_in_address(page, f"block={block_id}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_in_viewport()
    for label in switch(page).locator("label").all():
        box = label.bounding_box()
        assert box
        assert box["height"] >= 44
    assert page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
