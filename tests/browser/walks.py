"""Three walks over the page: a newcomer, a researcher, and somebody on a phone. Tests and pictures share them.

Each takes a page that has just opened on a real place, and returns how many clicks each of its steps took.
"""

import json
import re
from collections import Counter
from pathlib import Path
from typing import Any

from playwright.sync_api import Locator, Page, expect

PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True, "reduced_motion": "reduce"}
CARDS = "ol.results > li[data-id]"


class Clicks:
    """Count clicks by step."""

    def __init__(self) -> None:
        self.of: Counter[str] = Counter()

    def __call__(self, step: str, target: Locator) -> None:
        """Click, and count it for a step."""
        target.click()
        self.of[step] += 1


def ready(page: Page) -> None:
    """Wait until the matches are listed, none of them from a question before."""
    expect(page.locator(CARDS).first).to_be_visible()
    expect(page.locator("ol.results")).to_have_attribute("aria-busy", "false")


def chosen_country(page: Page) -> str:
    """Return the country of what is chosen, as the page names it."""
    facts = page.locator(".selected .place p").first.inner_text()
    return facts.split(" · ")[0]


def newcomer(page: Page) -> tuple[Counter[str], dict[str, Any]]:
    """Find a place like the one shown, the same outside its country, the same by block; save and export three."""
    click = Clicks()
    ready(page)
    click("a place like the one shown", page.locator(CARDS).first.locator("button.show"))
    expect(page.locator(CARDS).first.locator("[aria-current]")).to_be_visible()

    click("outside its country", page.get_by_role("button", name="anywhere", exact=True))
    click("outside its country", page.get_by_role("button", name=re.compile("^Outside ")))
    expect(page.get_by_role("region", name="Question")).to_contain_text("except")
    ready(page)
    expect(page.locator(CARDS).filter(has_text=chosen_country(page))).to_have_count(0)

    click("at block size", page.get_by_role("radio", name="Block 320 m"))
    expect(page.locator(f"{CARDS}[data-block-id]").first).to_be_visible()
    ready(page)

    step = "three places saved and exported"
    for rank in (1, 2, 3):
        click(step, page.get_by_role("button", name=re.compile(f"^Save match {rank},")))
    click(step, page.get_by_role("button", name="Saved places (3)"))
    with page.expect_download() as saved:
        click(step, page.get_by_role("button", name="Export GeoJSON"))
    collection: dict[str, Any] = json.loads(Path(saved.value.path()).read_text())
    return click.of, collection


def researcher(page: Page) -> Counter[str]:
    """Ask by examples, take one back, colour map and plot by the question, search by what was saved."""
    click = Clicks()
    ready(page)
    question = page.get_by_role("region", name="Question")
    for rank in (1, 2):
        click("two more examples", page.get_by_role("button", name=re.compile(f"^More like match {rank},")))
        expect(question.locator("[data-kind='positive'] .chip")).to_have_count(rank + 1)
        ready(page)
    last = page.locator(CARDS).last
    click("one counterexample", last.get_by_role("button", name=re.compile("^Less like")))
    expect(question.locator("[data-kind='negative'] .chip")).to_have_count(1)
    click("undo", question.get_by_role("button", name="Undo"))
    expect(question.locator("[data-kind='negative']")).to_have_count(0)
    ready(page)
    click("heat map", page.get_by_role("button", name="Layers"))
    click("heat map", page.get_by_label("Colour by similarity"))
    expect(page.get_by_role("note", name="Colours of similarity")).to_be_visible()
    page.keyboard.press("Escape")
    for rank in (1, 2):
        click("saved", page.get_by_role("button", name=re.compile(f"^Save match {rank},")))
    click("saved", page.get_by_role("button", name="Saved places (2)"))
    click("search like saved places", page.get_by_role("button", name="Search like these 2"))
    expect(question.locator("[data-kind='positive'] .chip")).to_have_count(2)
    ready(page)
    click("plot", page.get_by_role("group", name="View").get_by_role("button", name="Split"))
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")
    return click.of


def phone(page: Page) -> Counter[str]:
    """Swipe through the matches, enlarge the sheet, search from a match."""
    click = Clicks()
    ready(page)
    handle = page.get_by_role("button", name=re.compile("^Height of the panel"))
    expect(handle).to_have_accessible_name(re.compile("half of the window"))
    second = page.locator(CARDS).nth(1)
    second.scroll_into_view_if_needed()
    click("a match on the map", second.locator("button.show"))
    expect(second.locator("[aria-current]")).to_be_visible()
    click("the whole list", handle)
    expect(handle).to_have_accessible_name(re.compile("nearly the whole window"))
    click("back to the map", handle)
    expect(handle).to_have_accessible_name(re.compile("^Height of the panel: low"))
    click("back to the map", handle)
    click("search from it", second.get_by_role("button", name=re.compile("^Search from")))
    ready(page)
    return click.of
