"""An imported set on the page: chosen like tiles and blocks, searched, saved, in the address and on the map."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from db.concepts.store import current_set, learn, save
from db.connect import connect
from tests.browser.conftest import serving
from tests.browser.test_accessibility import PHONE, faults
from tests.browser.walk import click_middle, expect_in_address, open_page, sql
from tests.builders.sets import POINTS, SQUARES, import_sets
from tests.builders.towns import TOWNS, TownDatabase, town_database

ITEM = "SELECT item_id, source_id, lon, lat FROM api.imported_overview WHERE unit = %s AND source_id = %s"
FIRST_ITEMS = "SELECT item_id FROM api.imported_overview WHERE unit = %s ORDER BY item_id LIMIT 3"
CONCEPT = "first-items"
APART = """
    SELECT ST_Distance(a.location::geography, b.location::geography) AS m
    FROM terrakin.imported_sets AS s
    JOIN terrakin.imported_items AS a USING (imported_set_id)
    JOIN terrakin.imported_items AS b USING (imported_set_id)
    WHERE s.name = %s AND a.item_id = %s AND b.item_id = %s
"""
SIMILAR = "SELECT item_id FROM api.similar_to_examples(%s, k => 20, unit => %s) ORDER BY rank"


@pytest.fixture(scope="module")
def towns(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[TownDatabase]:
    """Yield towns of which the blocks are an imported set, too, beside points at sea."""
    with town_database(server_home) as towns:
        import_sets(towns.settings, tmp_path_factory.mktemp("sets"))
        with connect(towns.settings) as conn:
            examples = [item_id for (item_id,) in conn.execute(FIRST_ITEMS, (SQUARES,))]
            learned = learn(conn, SQUARES, current_set(conn, SQUARES, None), examples, [], 0)
            save(conn, CONCEPT, learned, is_replacing=False)
        yield towns


@pytest.fixture(scope="module")
def site(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(towns, tmp_path_factory.mktemp("web")) as address:
        yield address


@pytest.fixture
def tile_id(towns: TownDatabase) -> int:
    return towns.tile_of(TOWNS[0].city_id, "harbour")


def item_of(towns: TownDatabase, tile_id: int) -> dict[str, object]:
    """Return the item that was made from the middle block of a tile."""
    (row,) = sql(towns, ITEM, SQUARES, str(tile_id << 6 | 24))
    return row


def choose_set(page: Page, name: str) -> None:
    choice = page.get_by_role("combobox", name="Imported set")
    choice.select_option(name)
    expect(choice).to_have_value(name)


def cards(page: Page) -> Locator:
    return page.locator("#matches > [data-id]")


def ids(page: Page) -> list[int]:
    return [int(str(card.get_attribute("data-id"))) for card in cards(page).all()]


def test_a_set_is_asked_about_the_place_that_is_chosen(
    page: Page, site: str, towns: TownDatabase, tile_id: int
) -> None:
    open_page(page, f"{site}/?tile={tile_id}")
    choose_set(page, SQUARES)
    item = item_of(towns, tile_id)
    chosen = page.get_by_role("region", name="Chosen item")
    expect(chosen.get_by_role("heading")).to_have_text(f"Item {item['item_id']}")
    expect(chosen.get_by_role("img")).to_be_visible()
    expect(cards(page)).to_have_count(20)
    assert ids(page) == [row["item_id"] for row in sql(towns, SIMILAR, [item["item_id"]], SQUARES)]
    expect_in_address(page, f"unit={SQUARES}")
    expect_in_address(page, f"item={item['item_id']}")
    picture = cards(page).first.locator(".show img")
    expect(picture).to_have_js_property("naturalWidth", 96)
    chosen.get_by_text("Details").click()
    expect(chosen).to_contain_text(f"Item {item['item_id']} of {SQUARES} · {item['source_id']}")


def test_a_click_on_the_map_chooses_the_nearest_item(page: Page, site: str, towns: TownDatabase, tile_id: int) -> None:
    item = item_of(towns, tile_id)
    open_page(page, f"{site}/?unit={SQUARES}#map=13/{item['lat']}/{item['lon']}")
    expect(page.get_by_text(f"Click the map near an item of {SQUARES}")).to_be_visible()
    click_middle(page)
    expect(page.get_by_role("region", name="Chosen item")).to_contain_text(f"Item {item['item_id']}")
    expect(cards(page)).to_have_count(20)


def test_where_the_set_has_nothing_it_begins_with_its_first_item(page: Page, site: str, tile_id: int) -> None:
    open_page(page, f"{site}/?tile={tile_id}")
    choose_set(page, POINTS)
    chosen = page.get_by_role("region", name="Chosen item")
    expect(chosen).to_contain_text("Item 1")
    expect(chosen).to_contain_text("at sea")
    expect(chosen.get_by_role("img")).to_have_count(0)
    expect(cards(page)).to_have_count(20)
    page.get_by_role("radio", name="Tile").check()
    expect(page.get_by_text("Choose a city, then click one of its squares")).to_be_visible()


def test_the_tile_at_the_item_is_asked_about_again(page: Page, site: str, towns: TownDatabase, tile_id: int) -> None:
    open_page(page, f"{site}/?unit={SQUARES}&item={item_of(towns, tile_id)['item_id']}")
    expect(cards(page)).to_have_count(20)
    expect(page.get_by_role("note", name="Colours of similarity")).to_have_count(0)
    page.get_by_role("radio", name="Tile").check()
    expect_in_address(page, f"tile={tile_id}")
    expect(page.get_by_role("combobox", name="Imported set")).to_have_value("")


def test_the_map_shows_the_set_by_its_similarity(page: Page, site: str, tile_id: int) -> None:
    open_page(page, f"{site}/?tile={tile_id}")
    with page.expect_response(lambda answer: "/tiles/similarity/" in answer.url) as answer:
        choose_set(page, SQUARES)
    assert f"unit={SQUARES}" in answer.value.url
    assert answer.value.ok, (answer.value.url, answer.value.status, answer.value.text())
    expect(page.get_by_role("note", name="Colours of similarity")).to_contain_text("Dots are items")


def test_items_are_examples_and_are_saved(page: Page, site: str, towns: TownDatabase, tile_id: int) -> None:
    item = item_of(towns, tile_id)["item_id"]
    open_page(page, f"{site}/?unit={SQUARES}&item={item}")
    expect(cards(page)).to_have_count(20)
    first, second = ids(page)[:2]
    cards(page).first.get_by_role("button", name="More like").click()
    expect_in_address(page, f"positive={first}")
    expect(cards(page).first).not_to_have_attribute("data-id", str(first))
    page.locator(f"#matches > [data-id='{second}']").get_by_role("button", name="Save match").click()
    page.get_by_role("button", name="Saved places").click()
    with page.expect_download() as download:
        page.get_by_role("button", name="Export GeoJSON").click()
    (feature,) = json.loads(Path(download.value.path()).read_text())["features"]
    assert (feature["properties"]["unit"], feature["properties"]["item_id"]) == (SQUARES, second)


def test_two_items_are_compared(page: Page, site: str, towns: TownDatabase, tile_id: int) -> None:
    item = item_of(towns, tile_id)
    open_page(page, f"{site}/?unit={SQUARES}&item={item['item_id']}")
    expect(cards(page)).to_have_count(20)
    card = cards(page).first
    similarity = card.locator(".similarity").inner_text().split()[-1]
    first = ids(page)[0]
    card.get_by_role("button", name="Compare with").click()
    both = page.get_by_role("region", name="Two items side by side")
    expect(both.get_by_role("status")).to_contain_text(f"Similarity {similarity} (cosine of the vectors)")
    expect(both.get_by_role("status")).to_contain_text("of pairs of items")
    (row,) = sql(towns, APART, SQUARES, item["item_id"], first)
    expect(both.get_by_role("status")).to_contain_text(f"{row['m'] / 1000:,.0f} km apart")
    for side, wanted in zip(both.locator(".compare-tile").all(), (item["item_id"], first), strict=True):
        expect(side).to_have_accessible_name(f"Item {wanted}")
        expect(side.get_by_role("img")).to_have_js_property("naturalWidth", 96)
    expect_in_address(page, f"compare={first}")
    assert faults(page) == []
    both.get_by_role("button", name="Close").click()
    expect(both).to_have_count(0)


def test_the_map_is_coloured_by_a_concept_of_the_set(page: Page, site: str, towns: TownDatabase, tile_id: int) -> None:
    open_page(page, f"{site}/?tile={tile_id}")
    page.get_by_role("button", name="Layers").click()
    choice = page.get_by_label("Similarity to", exact=True)
    expect(choice).to_contain_text(f"{CONCEPT} (concept of {SQUARES})")
    with page.expect_response(
        lambda answer: "/similarity/" in answer.url and f"concept={CONCEPT}" in answer.url
    ) as tile:
        choice.select_option(CONCEPT)
    assert tile.value.ok
    legend = page.get_by_role("note", name="Colours of similarity")
    expect(legend).to_contain_text(f"Similarity to the concept {CONCEPT}")
    expect(legend).to_contain_text("Dots are items")
    # The plot has tiles alone: it cannot be coloured by it.
    page.get_by_role("button", name="Split").click()
    expect(page.get_by_role("option", name="similarity")).to_be_disabled()
    with page.expect_download() as download:
        legend.get_by_role("link", name="Download everything of this kind").click()
    lines = Path(download.value.path()).read_text().splitlines()
    (found,) = sql(towns, "SELECT count(*) AS n FROM api.find(%s)", CONCEPT)
    assert len(lines) == found["n"] + 1


@pytest.mark.parametrize("visit", [{}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(page: Page, site: str, towns: TownDatabase, tile_id: int) -> None:
    open_page(page, f"{site}/?unit={SQUARES}&item={item_of(towns, tile_id)['item_id']}&similarity=1")
    expect(cards(page)).to_have_count(20)
    page.get_by_role("region", name="Chosen item").get_by_text("Details").click()
    assert faults(page) == []


def test_the_plot_beside_a_set_shows_tiles_without_marks(page: Page, site: str, tile_id: int) -> None:
    open_page(page, f"{site}/?tile={tile_id}")
    choose_set(page, SQUARES)
    page.get_by_role("button", name="Split").click()
    plot = page.get_by_role("region", name="Scatter plot of all tiles")
    expect(plot).to_have_attribute("data-state", "failed")  # these towns have no layout
    expect(page.locator(".problem")).to_have_count(0)
