"""Real and synthetic places on one page: what it opens on, what a search finds, and how they are told apart."""

import csv
import io
import re
from collections.abc import Iterator

import numpy as np
import psycopg
import pytest
from PIL import Image
from playwright.sync_api import Page, expect

from tests.browser.conftest import SHARP
from tests.browser.walk import (
    expect_in_address,
    expect_listed,
    expect_map_at,
    expect_not_in_address,
    listed,
    open_page,
    place,
    sql,
    wait_until,
)
from tests.builders.towns import TOWNS, Town, TownDatabase

DATED, UNDATED, SYNTHETIC = TOWNS[0], TOWNS[1], TOWNS[2]
ATTRIBUTION = "Contains modified Copernicus Sentinel data 2024, prepared by Example"
ALL_REAL = "UPDATE terrakin.cities SET is_synthetic = false; UPDATE terrakin.composites SET is_synthetic = false"
SYNTHETIC_AGAIN = """
    UPDATE terrakin.cities SET is_synthetic = true WHERE city_id NOT IN (-1, -2);
    UPDATE terrakin.composites SET is_synthetic = true WHERE city_id NOT IN (-1, -2);
"""


def matches(places: TownDatabase, tile_id: int, arguments: str = "") -> list[int]:
    """Return what api.similar_tiles finds."""
    query = f"SELECT tile_id FROM api.similar_tiles(%s{arguments}) ORDER BY rank"  # noqa: S608
    rows = sql(places, query, tile_id)
    return [row["tile_id"] for row in rows]


def start_tile(places: TownDatabase) -> int:
    """Return the tile that the page opens on."""
    (row,) = sql(places, "SELECT api.start_tile_id() AS tile_id")
    return int(row["tile_id"])


def is_synthetic(places: TownDatabase, tile_ids: list[int]) -> set[bool]:
    """Return the origins of tiles."""
    query = "SELECT DISTINCT is_synthetic FROM api.tile_overview WHERE tile_id = ANY(%s)"
    return {row["is_synthetic"] for row in sql(places, query, tile_ids)}


def test_the_page_opens_on_a_real_place_and_the_address_stays_without_it(
    page: Page, address: str, places: TownDatabase
) -> None:
    start = start_tile(places)
    assert is_synthetic(places, [start]) == {False}
    page.goto(address)
    for _ in range(2):
        expect(page.locator(".selected")).to_contain_text(str(start))
        expect(page.locator(".selected img")).to_have_js_property("naturalWidth", 128)
        expect_listed(page, matches(places, start))
        expect_map_at(page, *place(places, start))
        expect_not_in_address(page, "tile=")
        page.reload()


@pytest.mark.parametrize("question", ["#map=11/0/0", "?tile={tile_id}"])
def test_an_address_that_says_otherwise_does_not_open_on_the_start_place(
    page: Page, address: str, places: TownDatabase, question: str
) -> None:
    tile_id = places.tile_of(SYNTHETIC.city_id, "suburb")
    with page.expect_response("**/api/v1/encoder"):
        open_page(page, f"{address}/{question.format(tile_id=tile_id)}")
    expect(page.locator("footer")).to_contain_text("Encoder")
    page.wait_for_load_state("networkidle")
    expect(page.locator(".selected").filter(has_text=str(start_tile(places)))).to_have_count(0)


def test_the_page_offers_other_places_to_start_from(page: Page, address: str, places: TownDatabase) -> None:
    (row,) = sql(places, "SELECT api.start_tile_ids() AS ids")
    (other, *_) = row["ids"]
    open_page(page, address)
    cards = page.get_by_role("region", name="Start here").get_by_role("listitem").get_by_role("button")
    expect(cards).to_have_count(len(row["ids"]))
    cards.first.click()
    expect_in_address(page, f"tile={other}")
    expect_map_at(page, *place(places, other))
    expect(cards).to_have_count(0)


def test_back_returns_to_the_place_that_the_page_opened_on(page: Page, address: str, places: TownDatabase) -> None:
    start = start_tile(places)
    page.goto(address)
    expect_listed(page, matches(places, start))
    first = listed(page)[0]
    page.get_by_role("button", name="Search from match 1,").click()
    expect_in_address(page, f"tile={first}")
    expect(page.locator(".selected")).to_contain_text(str(first))
    page.go_back()
    expect_not_in_address(page, "tile=")
    expect(page.locator(".selected")).to_contain_text(str(start))
    page.get_by_role("button", name="Remove the chosen tile").click()
    expect(page.locator(".selected")).to_have_count(0)


@pytest.mark.parametrize(("town", "origin"), [(DATED, False), (SYNTHETIC, True)])
def test_a_search_finds_the_origin_it_starts_from_unless_another_is_chosen(
    page: Page, address: str, places: TownDatabase, town: Town, origin: bool
) -> None:
    tile_id = places.tile_of(town.city_id, "suburb")
    page.goto(f"{address}/?tile={tile_id}")
    expect_listed(page, matches(places, tile_id))
    assert is_synthetic(places, listed(page)) == {origin}
    page.get_by_text("Search settings").click()
    field = page.get_by_label("Origin of matches")
    for label, value, summary in (("Both", "any", "real and synthetic"), ("Real", "real", "real only")):
        field.select_option(label)
        expect_listed(page, matches(places, tile_id, f", origin => '{value}'"))
        expect_in_address(page, f"origin={value}")
        expect(page.get_by_role("region", name="Question")).to_contain_text(summary)
    field.select_option("Synthetic")
    synthetic = matches(places, tile_id, ", origin => 'synthetic'")
    expect_listed(page, synthetic)
    assert is_synthetic(places, synthetic) == {True}
    page.reload()
    expect_listed(page, synthetic)


def test_an_export_of_both_origins_tells_them_apart(page: Page, address: str, places: TownDatabase) -> None:
    tile_id = places.tile_of(DATED.city_id, "suburb")
    page.goto(f"{address}/?tile={tile_id}&origin=any")
    page.get_by_text("Export", exact=True).click()
    with page.expect_download() as saved:
        page.get_by_role("button", name="Download CSV").click()
    rows = list(csv.DictReader(saved.value.path().read_text().splitlines()))
    assert [int(row["tile_id"]) for row in rows] == matches(places, tile_id, ", origin => 'any'")
    assert {row["is_synthetic"] for row in rows} == {"True", "False"}


def test_matches_show_a_date_or_the_badge(page: Page, address: str, places: TownDatabase) -> None:
    page.goto(f"{address}/?tile={places.tile_of(DATED.city_id, 'suburb')}&origin=any&k=40")
    rows = page.locator("ol.results > li[data-id]")
    expect(rows.first).to_be_visible()
    undated = rows.filter(has_text=UNDATED.name)
    synthetic = rows.filter(has_text=SYNTHETIC.name)
    expect(undated.first.locator(".country")).to_have_text(re.compile("^Spain · date unknown · "))
    expect(synthetic.first.locator(".country")).to_have_text(re.compile("^United States · Synthetic · "))
    expect(undated.locator(".badge")).to_have_count(0)
    synthetic.first.hover()
    synthetic.first.get_by_role("button", name=re.compile("^More like")).click()
    expect(page.get_by_role("region", name="Question").locator(".badge")).to_have_text("Synthetic")


def test_the_chosen_tile_shows_date_licence_and_attribution(page: Page, address: str, places: TownDatabase) -> None:
    chosen = page.get_by_role("region", name="Chosen tile")
    page.goto(f"{address}/?tile={places.tile_of(DATED.city_id, 'suburb')}")
    expect(chosen).to_contain_text(re.compile("Germany · Jun.–.Aug 2024"))
    expect(chosen).to_contain_text("clear pixels 98%")
    expect(chosen).to_contain_text(f"{ATTRIBUTION}. Licence: CC-BY-4.0")
    expect(chosen.locator(".badge")).to_have_count(0)
    page.goto(f"{address}/?tile={places.tile_of(SYNTHETIC.city_id, 'suburb')}")
    expect(chosen.locator(".badge")).to_have_text("Synthetic")
    expect(chosen).not_to_contain_text("2024")


def test_two_tiles_side_by_side_are_told_apart(page: Page, address: str, places: TownDatabase) -> None:
    a, b = (places.tile_of(town.city_id, "suburb") for town in (UNDATED, SYNTHETIC))
    page.goto(f"{address}/?tile={a}&compare={b}")
    undated, synthetic = page.locator(".compare-tile").nth(0), page.locator(".compare-tile").nth(1)
    expect(undated).to_contain_text("Perioddate unknown")
    expect(undated).to_contain_text(f"{ATTRIBUTION}. Licence: CC-BY-4.0")
    expect(undated.locator(".badge")).to_have_count(0)
    expect(synthetic.locator(".badge")).to_have_text("Synthetic")
    both = page.get_by_role("region", name="Two tiles side by side")
    expect(both).to_contain_text("cosine of the mean_std vectors")


def test_the_plot_and_the_search_for_places_mark_synthetic_places(
    page: Page, address: str, places: TownDatabase
) -> None:
    page.goto(f"{address}/?tile={places.tile_of(DATED.city_id, 'suburb')}&origin=any&scatter=city&k=40")
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    tooltip = page.locator(".scatter-tooltip")
    for town, badge in ((SYNTHETIC, "Synthetic"), (UNDATED, "")):
        page.locator("ol.results > li[data-id]").filter(has_text=town.name).first.hover()
        expect(tooltip).to_contain_text(town.name)
        expect(tooltip).to_have_text(re.compile(f"{town.country}\\s*{badge}$"))
    field = page.get_by_role("combobox", name="City or coordinates")
    for town, n in ((SYNTHETIC, 1), (DATED, 0)):
        field.fill(town.name.split()[0])
        option = page.get_by_role("option").filter(has_text=town.name)
        expect(option).to_be_visible()
        expect(option.locator(".badge")).to_have_count(n)


def test_banner_and_footer_say_what_is_loaded(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.get_by_role("note")).to_contain_text("have made-up pixels")
    footer = page.locator("footer")
    footer.get_by_text("Contains modified Copernicus Sentinel data. Sources and licences").click()
    expect(footer.get_by_role("listitem").filter(has_text=ATTRIBUTION)).to_be_visible()


@pytest.fixture
def only_real(page: Page, address: str, places: TownDatabase) -> Iterator[None]:
    """Make all places real, and wait until the server counts them so."""
    database = places.settings.database_url or ""
    with psycopg.connect(database) as conn:
        conn.execute(ALL_REAL)
    wait_until(page, lambda: page.request.get(f"{address}/api/v1/encoder").json()["n_synthetic_tiles"] == 0)
    yield
    with psycopg.connect(database) as conn:
        conn.execute(SYNTHETIC_AGAIN)
    wait_until(page, lambda: page.request.get(f"{address}/api/v1/encoder").json()["n_synthetic_tiles"] > 0)


@pytest.mark.usefixtures("only_real")
def test_real_places_alone_have_no_banner(page: Page, address: str) -> None:
    page.goto(address)
    expect(page.locator("footer")).to_contain_text("Copernicus Sentinel")
    expect(page.get_by_role("note")).to_have_count(0)
    expect(page.locator(".badge")).to_have_count(0)


def test_the_method_is_the_encoder_s_unless_another_is_chosen(page: Page, address: str, places: TownDatabase) -> None:
    tile_id = places.tile_of(DATED.city_id, "suburb")
    page.goto(f"{address}/?tile={tile_id}")
    expect_listed(page, matches(places, tile_id, ", method => 'mean_std'"))
    page.get_by_text("Search settings").click()
    field = page.get_by_label("Compared vectors")
    expect(field).to_have_value("mean_std")
    field.select_option("std")
    expect_listed(page, matches(places, tile_id, ", method => 'std'"))
    expect_in_address(page, "method=std")
    field.select_option("mean_std")
    expect_listed(page, matches(places, tile_id))
    expect_not_in_address(page, "method=")


@pytest.mark.parametrize("visit", [{**SHARP, "color_scheme": scheme} for scheme in ("light", "dark")], indirect=True)
def test_what_was_not_observed_is_hatched(page: Page, address: str, places: TownDatabase) -> None:
    page.goto(f"{address}/?tile={places.tile_of(DATED.city_id, 'harbour')}")
    picture = page.locator(".selected img")
    expect(picture).to_have_js_property("naturalWidth", 128)
    pixels = np.asarray(Image.open(io.BytesIO(picture.screenshot())).convert("L"))
    middle, width = pixels[10:-10], pixels.shape[1]
    assert middle[:, 10 : width // 2 - 5].std() < 1
    assert middle[:, width // 2 + 5 : -10].std() > 3
