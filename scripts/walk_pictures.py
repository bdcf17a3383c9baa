"""Walk over the running page as a newcomer, a researcher and on a phone, and save where each walk ends.

    .venv/bin/python scripts/walk_pictures.py --url http://127.0.0.1:8000

The walks are those of the tests (tests/browser/walks.py). Needs `make demo` with real places.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import click
from playwright.sync_api import Page, sync_playwright

from scripts.screenshot import PATIENCE_MS, save, settled
from tests.browser import walks
from tests.chromium import CHROMIUM, FLAGS

DESKTOP = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
WALKS: dict[str, tuple[Callable[[Page], Any], dict[str, Any]]] = {
    "newcomer": (walks.newcomer, DESKTOP),
    "researcher": (walks.researcher, {**DESKTOP, "color_scheme": "dark"}),
    "phone": (walks.phone, walks.PHONE),
}


@click.command()
@click.option("--url", default="http://127.0.0.1:8000", show_default=True, help="Address of the running page.")
@click.option("--out", type=click.Path(path_type=Path), default=Path("docs/images"), show_default=True)
def main(url: str, out: Path) -> None:
    """Write newcomer.webp, researcher.webp and phone.webp."""
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        for name, (walk, options) in WALKS.items():
            context = browser.new_context(**options)
            context.set_default_timeout(PATIENCE_MS)
            page = context.new_page()
            page.goto(f"{url}/?imagery=none")
            walk(page)
            settled(page)
            save(page, out / f"{name}.webp")
            click.echo(f"wrote {out / name}.webp", err=True)
            context.close()
        browser.close()


if __name__ == "__main__":
    main()
