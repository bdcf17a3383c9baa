"""The help dialog: opened by its button and by address; its facts are those of the database."""

from playwright.sync_api import Page, expect

from tests.browser.walk import expect_in_address, expect_not_in_address


def test_help_names_the_encoder_and_the_extent_of_the_database(page: Page, site: str) -> None:
    page.goto(f"{site}/?help=1")
    dialog = page.get_by_role("dialog", name="How terrakin works")
    expect(dialog).to_contain_text("45 tiles in 5 cities of 5 countries")
    for words in (
        "Synthetic data:",
        "Encoder: mosaiks, filters cut from this data set",
        "Numbers per vector768",
        "Post-processingstandardised",
        "SHA-256 of the weights" + "ab" * 32,
        "It is not a probability",
        "The axes have no meaning",
        "Copernicus Sentinel",
    ):
        expect(dialog).to_contain_text(words)


def test_help_opens_by_its_button_and_escape_returns_to_it(page: Page, site: str) -> None:
    page.goto(site)
    opener = page.get_by_role("button", name="Help")
    opener.click()
    expect(page.get_by_role("dialog")).to_be_visible()
    expect_in_address(page, "help=1")
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_have_count(0)
    expect(opener).to_be_focused()
    expect_not_in_address(page, "help")
    page.keyboard.press("Escape")
    opener.press("Enter")
    page.get_by_role("button", name="Close").click()
    expect(page.get_by_role("dialog")).to_have_count(0)
