"""What changed between two periods: opened from a place, listed as pairs of pictures, on the map and in the address."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Locator, Page, expect

from db.connect import connect
from tests.browser.conftest import serving
from tests.browser.test_accessibility import PHONE, faults
from tests.browser.walk import expect_in_address, expect_map_at, expect_not_in_address, open_page, sql
from tests.builders.periods import CITY_ID, add_later_period
from tests.builders.towns import TOWNS, TownDatabase, town_database

CHANGES = """
    SELECT c.block_id, ST_X(ST_Centroid(c.footprint)) AS lon, ST_Y(ST_Centroid(c.footprint)) AS lat
    FROM api.changes(%s, '[2024-06-01,2024-09-01)', '[2025-06-01,2025-09-01)') AS c
    ORDER BY c.rank
"""


@pytest.fixture(scope="module")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    """Yield the towns, the first of them in two periods."""
    with town_database(server_home) as towns:
        with connect(towns.settings) as conn:
            add_later_period(conn)
        yield towns


@pytest.fixture(scope="module")
def site(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    with serving(towns, tmp_path_factory.mktemp("web")) as address:
        yield address


def open_changes(page: Page, site: str, towns: TownDatabase) -> Locator:
    """Open the changes of the town in two periods from one of its tiles."""
    open_page(page, f"{site}/?tile={towns.tile_of(CITY_ID, 'harbour')}")
    page.get_by_role("button", name="What changed here").click()
    panel = page.get_by_role("region", name="Changes")
    expect(panel.get_by_role("listitem")).to_have_count(20)
    return panel


def test_the_most_changed_blocks_are_listed_before_and_after(page: Page, site: str, towns: TownDatabase) -> None:
    panel = open_changes(page, site, towns)
    expect(panel.get_by_role("heading")).to_have_text(f"What changed in {TOWNS[0].name}")
    expect(panel.get_by_role("status")).to_contain_text("441 blocks of 320 m compared")
    first = panel.get_by_role("listitem").first
    pictures = first.get_by_role("img")
    expect(pictures).to_have_count(2)
    for picture, period in zip(pictures.all(), ("Jun – Aug 2024", "Jun – Aug 2025"), strict=True):
        expect(picture).to_have_attribute("alt", f"The block in {period}")
        expect(picture).to_have_js_property("naturalWidth", 96)
    expected = [f"/blocks/{row['block_id']}/thumbnail" for row in sql(towns, CHANGES, CITY_ID)]
    shown = panel.locator("li img:last-of-type").evaluate_all("(all) => all.map((image) => image.src)")[1::2]
    assert [address.partition("/api/v1")[2] for address in shown] == expected


def test_a_change_is_shown_on_the_map_in_its_colour(page: Page, site: str, towns: TownDatabase) -> None:
    with page.expect_response(lambda answer: "/tiles/change/" in answer.url and answer.ok):
        panel = open_changes(page, site, towns)
    expect(page.get_by_role("note", name="Colours of change")).to_be_visible()
    row = sql(towns, CHANGES, CITY_ID)[2]
    panel.get_by_role("listitem").nth(2).get_by_role("button").click()
    expect_map_at(page, row["lon"], row["lat"])


def test_changes_are_in_the_address_and_close(page: Page, site: str, towns: TownDatabase) -> None:
    panel = open_changes(page, site, towns)
    asked = f"changes={CITY_ID},2024-06-01/2024-08-31,2025-06-01/2025-08-31"
    expect_in_address(page, asked)
    page.reload()
    expect(panel.get_by_role("listitem")).to_have_count(20)
    panel.press("Escape")
    expect(panel).to_have_count(0)
    expect_not_in_address(page, "changes=")
    expect(page.get_by_role("note", name="Colours of change")).to_have_count(0)


def test_the_same_period_twice_is_refused_in_words(page: Page, site: str, towns: TownDatabase) -> None:
    panel = open_changes(page, site, towns)
    panel.get_by_label("from").select_option("2025-06-01/2025-08-31")
    expect(panel.locator(".problem")).to_contain_text("both periods have the same tiles")


@pytest.mark.parametrize("visit", [{}, PHONE], indirect=True, ids=["desktop", "phone"])
def test_axe_finds_nothing_serious(page: Page, site: str, towns: TownDatabase) -> None:
    open_changes(page, site, towns)
    assert faults(page) == []


def test_a_city_of_one_period_does_not_offer_changes(page: Page, site: str, towns: TownDatabase) -> None:
    open_page(page, f"{site}/?tile={towns.tile_of(TOWNS[1].city_id, 'harbour')}")
    expect(page.get_by_role("region", name="Chosen tile")).to_be_visible()
    expect(page.locator("#matches > [data-id]")).to_have_count(20)
    expect(page.get_by_role("button", name="What changed here")).to_have_count(0)
