"""Save the states of the running page at four widths, light and dark, one sheet of pictures per state.

    .venv/bin/python scripts/page_states.py --url http://127.0.0.1:8000 --out build/states

For whoever changes the page: look at every sheet. Needs `make demo`; the state changes also `make demo-later`, and the
state items an imported set (docs/sets.md).
"""

import io
from collections.abc import Callable
from pathlib import Path

import click
from PIL import Image
from playwright.sync_api import Page, expect, sync_playwright

from scripts.screenshot import ask, settled
from tests.chromium import CHROMIUM, FLAGS

SIZES = {390: 844, 800: 1000, 1280: 800, 1920: 1080}
SHEET_PX = 420
"""Height of a picture on a sheet."""


def start(page: Page, url: str, tile_id: int) -> None:
    """Open the page without a question."""
    page.goto(f"{url}/?imagery=none")


def results(page: Page, url: str, tile_id: int) -> None:
    """Open a search, and show all matches."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}&max_per_city=1")
    page.get_by_role("button", name="Show all").click()


def editor(page: Page, url: str, tile_id: int) -> None:
    """Open all settings of a search."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}&exclude_countries=DE&min_similarity=0.2")
    page.get_by_role("button", name="Search settings").click()


def blocks(page: Page, url: str, tile_id: int) -> None:
    """Search by block."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}&unit=tile")
    page.get_by_role("radio", name="Block 320 m").check()
    expect(page.locator("ol.results > li[data-block-id]").first).to_be_visible()


def comparison(page: Page, url: str, tile_id: int) -> None:
    """Compare the chosen tile with its best match."""
    best = ask(url, f"/api/v1/similar?tile_id={tile_id}&k=1")["matches"][0]["tile_id"]
    page.goto(f"{url}/?imagery=none&tile={tile_id}&compare={best}")


def plot(page: Page, url: str, tile_id: int) -> None:
    """Show the plot instead of the map."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}&scatter=continent&view=plot")
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")


def heat_map(page: Page, url: str, tile_id: int) -> None:
    """Colour map and plot by similarity."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}&similarity=1&scatter=similarity")
    expect(page.locator(".scatter")).to_have_attribute("data-state", "ready")


def changes(page: Page, url: str, tile_id: int) -> None:
    """Show what changed in the first city of two periods, and the most changed block on the map."""
    asked = next(
        (city["city_id"], found[0]["period"], found[-1]["period"])
        for city in ask(url, "/api/v1/cities?limit=50")["cities"]
        if len(found := ask(url, f"/api/v1/cities/{city['city_id']}/periods")["periods"]) > 1
    )
    page.goto(f"{url}/?imagery=none&tile={tile_id}&changes={','.join(map(str, asked))}")
    first = page.get_by_role("region", name="Changes").get_by_role("listitem").first
    first.get_by_role("button").click()


def items(page: Page, url: str, tile_id: int) -> None:
    """Search the first imported set, coloured by similarity."""
    found = ask(url, "/api/v1/sets")["sets"][0]
    page.goto(f"{url}/?imagery=none&unit={found['unit']}&item={found['start_item_id']}&similarity=1")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()


def empty(page: Page, url: str, tile_id: int) -> None:
    """Ask for what does not exist."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}&min_similarity=1")
    expect(page.locator(".empty")).to_be_visible()


def failed(page: Page, url: str, tile_id: int) -> None:
    """Lose the server during a search."""
    page.goto(f"{url}/?imagery=none&tile={tile_id}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    page.route("**/api/v1/similar", lambda route: route.abort())
    page.get_by_role("button", name="Remove: in other cities").click()
    expect(page.get_by_role("button", name="Try again")).to_be_visible()


STATES: tuple[Callable[[Page, str, int], None], ...] = (
    start, results, editor, blocks, comparison, plot, heat_map, empty, failed,
)  # fmt: skip
MORE_STATES = (changes, items)
"""States that the demo alone does not have."""


def sheet(pictures: list[Image.Image]) -> Image.Image:
    """Return pictures side by side, light above dark."""
    small = [picture.resize((picture.width * SHEET_PX // picture.height, SHEET_PX)) for picture in pictures]
    half = len(small) // 2
    width = max(sum(picture.width + 8 for picture in row) for row in (small[:half], small[half:]))
    joined = Image.new("RGB", (width, 2 * (SHEET_PX + 8)), "#888888")
    for y, row in enumerate((small[:half], small[half:])):
        x = 0
        for picture in row:
            joined.paste(picture, (x, y * (SHEET_PX + 8)))
            x += picture.width + 8
    return joined


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the running page.")
@click.option("--out", type=click.Path(path_type=Path), required=True, help="Folder for the sheets.")
@click.option("--only", multiple=True, help="Names of states (default: those that the demo has).")
def main(url: str, out: Path, only: tuple[str, ...]) -> None:
    """Write one sheet per state."""
    out.mkdir(parents=True, exist_ok=True)
    tile_id = ask(url, "/api/v1/encoder")["start_tile_id"]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for state in STATES if not only else (*STATES, *MORE_STATES):
            if only and state.__name__ not in only:
                continue
            pictures: list[Image.Image] = []
            for scheme in ("light", "dark"):
                for width, height in SIZES.items():
                    page = browser.new_page(
                        viewport={"width": width, "height": height}, color_scheme=scheme, reduced_motion="reduce"
                    )
                    state(page, url, tile_id)
                    settled(page)
                    data = page.screenshot()
                    (out / f"{state.__name__}-{width}-{scheme}.png").write_bytes(data)
                    pictures.append(Image.open(io.BytesIO(data)))
                    page.close()
            sheet(pictures).save(out / f"{state.__name__}.png")
            click.echo(f"wrote {out / state.__name__}.png", err=True)
        browser.close()


if __name__ == "__main__":
    main()
