"""Two tiles side by side; the figures are those of SQL."""

import re

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.browser.walk import expect_in_address, expect_not_in_address, listed, sql
from tests.builders.towns import TOWNS, TownDatabase

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True}
WITHOUT_PICTURES = TOWNS[-1]


def comparison(page: Page) -> Locator:
    return page.get_by_role("region", name="Two tiles side by side")


def test_a_match_is_compared_with_the_chosen_tile(page: Page, site: str, towns: TownDatabase) -> None:
    tile_id = towns.tile_of(TOWNS[0].city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}&method=dominant&k=3&continents=Europe")
    opener = page.get_by_role("button", name="Compare with match 1,")
    opener.press("Enter")
    other = listed(page)[0]
    both = comparison(page)
    (row,) = sql(
        towns,
        """
        SELECT api.similarity(a.tile_id, b.tile_id, 'dominant') AS similarity, ST_Distance(a.location, b.location) AS m
        FROM terrakin.tiles AS a, terrakin.tiles AS b WHERE a.tile_id = %s AND b.tile_id = %s
        """,
        tile_id, other,
    )  # fmt: skip
    expect(both).to_contain_text(f"Similarity {row['similarity']:.3f} (cosine of the dominant vectors)")
    expect(both).to_contain_text(f"{row['m'] / 1000:,.0f} km apart")
    expect(both.locator(".compare-tile")).to_have_count(2)
    for side, tile in zip(both.locator(".compare-tile").all(), (tile_id, other), strict=True):
        (tile_row,) = sql(towns, "SELECT * FROM api.tile_overview WHERE tile_id = %s", tile)
        expect(side).to_contain_text(tile_row["city"])
        expect(side).to_contain_text("2024-06-01 to 2024-08-31")
        expect(side).to_contain_text("Clear pixels98%")
        expect(side).to_contain_text("Dominant share50%")
        expect(side).to_contain_text(str(tile))
        picture = side.get_by_role("img", name="True-colour")
        expect(picture).to_have_js_property("naturalWidth", 128)
    expect_in_address(page, f"compare={other}")

    page.keyboard.press("Escape")
    expect(both).to_have_count(0)
    expect(opener).to_be_focused()
    expect_not_in_address(page, "compare")


def test_the_dominant_patches_are_drawn_where_they_are(page: Page, site: str, towns: TownDatabase) -> None:
    """In the towns they are the northern half of every tile. The tolerance covers the width of the line."""
    a, b = (towns.tile_of(town.city_id, "suburb") for town in (TOWNS[2], TOWNS[3]))
    page.goto(f"{site}/?tile={a}&compare={b}")
    both = comparison(page)
    expect(both.locator(".compare-tile")).to_have_count(2)
    expect(both.locator(".compare-dark")).to_have_count(0)
    both.get_by_label("Show only the dominant cluster").check()
    expect(both.locator(".compare-outline")).to_have_count(2)
    for outline in both.locator(".compare-outline").all():
        box, picture = outline.bounding_box(), outline.locator("xpath=../..").bounding_box()
        assert box
        assert picture
        assert (box["x"], box["y"]) == pytest.approx((picture["x"], picture["y"]), abs=5)
        assert box["width"] == pytest.approx(picture["width"], abs=9)
        assert box["height"] == pytest.approx(picture["height"] / 2, abs=9)


def test_both_pictures_are_zoomed_and_moved_together(page: Page, site: str, towns: TownDatabase) -> None:
    a, b = (towns.tile_of(town.city_id, "suburb") for town in (TOWNS[0], TOWNS[1]))
    page.goto(f"{site}/?tile={a}&compare={b}")
    both, zoomed = comparison(page), page.locator(".compare-zoomed")
    expect(zoomed).to_have_count(2)
    out = both.get_by_role("button", name="Zoom both pictures out")
    expect(out).to_be_disabled()

    def transforms() -> set[str]:
        return set(zoomed.evaluate_all("(pictures) => pictures.map((picture) => picture.style.transform)"))

    both.get_by_role("button", name="Zoom both pictures in").click()
    expect(out).to_be_enabled()
    (centred,) = transforms()
    assert centred.startswith("scale(1.6) ")
    page.locator(".compare-picture").first.scroll_into_view_if_needed()
    box = page.locator(".compare-picture").first.bounding_box()
    assert box
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"], box["y"] + box["height"] / 2, steps=4)
    page.mouse.up()
    (moved,) = transforms()
    assert moved.startswith("scale(1.6) translate(0%, ")
    page.locator(".compare-picture").last.press("0")
    expect(out).to_be_disabled()
    assert transforms() == {"scale(1) translate(0%, 0%)"}


def test_the_next_match_takes_the_place_of_the_compared_one(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?tile={towns.tile_of(TOWNS[0].city_id, 'harbour')}&k=4")
    for rank in (1, 2):
        page.get_by_role("button", name=f"Compare with match {rank},").click()
        expect(comparison(page)).to_be_focused()
        expect(comparison(page).locator(".compare-tile").last).to_contain_text(str(listed(page)[rank - 1]))
    expect(page.locator("ol.results > li[data-id]")).to_have_count(4)


def test_the_share_of_less_similar_pairs_is_that_of_sql(page: Page, site: str, towns: TownDatabase) -> None:
    a, b = (towns.tile_of(town.city_id, "harbour") for town in (TOWNS[0], TOWNS[1]))
    (row,) = sql(
        towns,
        """
        SELECT count(*) FILTER (WHERE p.similarity <= api.similarity(%s, %s)) - 1 AS percentage
        FROM api.pair_percentiles(origin => 'synthetic') AS p
        """,
        a, b,
    )  # fmt: skip
    page.goto(f"{site}/?tile={a}&compare={b}")
    expect(comparison(page)).to_contain_text(
        re.compile(rf"More alike than ({row['percentage']}|{row['percentage'] + 1})% of pairs of tiles")
    )


def test_missing_pictures_are_reported_and_cannot_be_zoomed(page: Page, site: str, towns: TownDatabase) -> None:
    pictured = towns.tile_of(TOWNS[0].city_id, "suburb")
    a, b = (towns.tile_of(WITHOUT_PICTURES.city_id, form) for form in ("suburb", "harbour"))
    zoom = comparison(page).get_by_role("button", name="Zoom both pictures in")
    page.goto(f"{site}/?tile={pictured}&compare={a}")
    expect(comparison(page).get_by_text("No picture of this tile")).to_have_count(1)
    expect(zoom).to_be_visible()
    page.goto(f"{site}/?tile={a}&compare={b}&exclude_same_city=false")
    expect(comparison(page).get_by_text("No picture of this tile")).to_have_count(2)
    expect(zoom).to_have_count(0)


def test_an_unknown_tile_is_reported(page: Page, site: str, towns: TownDatabase) -> None:
    page.goto(f"{site}/?tile={towns.tile_of(TOWNS[0].city_id, 'suburb')}&compare=1")
    expect(comparison(page).get_by_role("alert")).to_contain_text(re.compile(r"\b1\b.*not"))


@pytest.mark.parametrize("visit", [PHONE], indirect=True)
def test_a_phone_shows_both_side_by_side(page: Page, site: str, towns: TownDatabase) -> None:
    a, b = (towns.tile_of(town.city_id, "suburb") for town in (TOWNS[0], TOWNS[1]))
    page.goto(f"{site}/?tile={a}&compare={b}")
    sides = page.locator(".compare-picture")
    expect(sides).to_have_count(2)
    boxes = [side.bounding_box() for side in sides.all()]
    assert boxes[0]
    assert boxes[1]
    assert boxes[0]["y"] == boxes[1]["y"]
    assert boxes[1]["x"] + boxes[1]["width"] <= 390
    page.get_by_role("button", name="Close").click()
    expect(comparison(page)).to_have_count(0)
    expect_not_in_address(page, "compare")
