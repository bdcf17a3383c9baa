"""Exports compared with the list: files are read by other programs, the copied SQL is run."""

import csv
import json
import re
import subprocess
import sys
from pathlib import Path

import geopandas
import psycopg
import pytest
from playwright.sync_api import Page, expect

from tests.browser.walk import expect_listed, listed
from tests.builders.towns import TOWNS, TownDatabase

CLIPBOARD = {"permissions": ["clipboard-read", "clipboard-write"]}


@pytest.fixture
def menu(page: Page, site: str, towns: TownDatabase) -> Page:
    """Return the page with the export menu open and five matches listed."""
    tile_id = towns.tile_of(TOWNS[1].city_id, "harbour")
    page.goto(f"{site}/?tile={tile_id}&k=5&max_per_city=2&exclude_within_m=1000000&method=dominant")
    expect(page.locator("ol.results > li[data-id]")).to_have_count(5)
    page.get_by_text("Export", exact=True).click()
    return page


def save(page: Page, name: str, folder: Path) -> Path:
    """Download a file from the menu and return its path."""
    with page.expect_download() as waiting:
        page.get_by_role("button", name=f"Download {name}").click()
    download = waiting.value
    path = folder / download.suggested_filename
    download.save_as(path)
    return path


@pytest.mark.parametrize(("name", "suffix"), [("GeoJSON", ".geojson"), ("GeoParquet", ".parquet")])
def test_geopandas_reads_the_list_from_the_file(menu: Page, tmp_path: Path, name: str, suffix: str) -> None:
    path = save(menu, name, tmp_path)
    assert path.suffix == suffix
    frame = geopandas.read_parquet(path) if suffix == ".parquet" else geopandas.read_file(path)
    assert frame.sort_values("rank")["tile_id"].tolist() == listed(menu)
    assert frame.crs.to_epsg() == 4326 or frame.crs.to_authority() == ("OGC", "CRS84")
    assert set(frame.geometry.geom_type) == {"MultiPolygon"}
    centres = geopandas.GeoSeries.from_xy(frame["lon"], frame["lat"], index=frame.index, crs=frame.crs)
    assert frame.geometry.contains(centres).all()
    expect(menu.locator(".export-menu [role=status]")).to_have_text(f"Saved {path.name}.")


def test_the_csv_contains_the_list(menu: Page, tmp_path: Path) -> None:
    with save(menu, "CSV", tmp_path).open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [int(row["tile_id"]) for row in rows] == listed(menu)
    assert [float(row["similarity"]) for row in rows] == sorted((float(r["similarity"]) for r in rows), reverse=True)


@pytest.mark.parametrize("visit", [CLIPBOARD], indirect=True)
def test_the_copied_statement_returns_the_list(menu: Page, towns: TownDatabase) -> None:
    menu.get_by_role("button", name="Copy SQL").click()
    expect(menu.locator(".export-menu [role=status]")).to_have_text("SQL copied.")
    statement = menu.evaluate("navigator.clipboard.readText()")
    assert "max_per_city => 2" in statement
    assert "exclude_same_city" not in statement
    with psycopg.connect(towns.settings.database_url or "") as conn:
        assert [row[1] for row in conn.execute(statement)] == listed(menu)


@pytest.mark.parametrize("visit", [CLIPBOARD], indirect=True)
def test_the_copied_program_prints_the_list(menu: Page, tmp_path: Path) -> None:
    menu.get_by_role("button", name="Copy Python").click()
    expect(menu.locator(".export-menu [role=status]")).to_have_text("Python copied.")
    program = tmp_path / "matches.py"
    program.write_text(menu.evaluate("navigator.clipboard.readText()"))
    with program.open("a") as file:
        file.write('print(*matches.sort_values("rank")["tile_id"])\n')
    done = subprocess.run([sys.executable, program], capture_output=True, text=True, check=True)
    assert [int(tile_id) for tile_id in done.stdout.splitlines()[-1].split()] == listed(menu)


@pytest.mark.parametrize("visit", [CLIPBOARD], indirect=True)
def test_the_copied_link_shows_the_same_list(menu: Page) -> None:
    before = listed(menu)
    menu.get_by_role("button", name="Copy link").click()
    expect(menu.locator(".export-menu [role=status]")).to_have_text("Link copied.")
    link = menu.evaluate("navigator.clipboard.readText()")
    menu.goto("about:blank")
    menu.goto(link)
    expect_listed(menu, before)


def test_text_that_the_browser_does_not_copy_is_shown(menu: Page) -> None:
    menu.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(new Error('no')); }")
    menu.get_by_role("button", name="Copy SQL").click()
    expect(menu.get_by_label("Text to copy")).to_have_value(re.compile("FROM api.similar_tiles"))


def test_an_error_of_the_server_is_shown(menu: Page) -> None:
    problem = {"title": "Too many requests", "detail": "Wait 3 s.", "status": 429}
    menu.route(
        "**/api/v1/similar?format=csv",
        lambda route: route.fulfill(status=429, body=json.dumps(problem), content_type="application/problem+json"),
    )
    menu.get_by_role("button", name="Download CSV").click()
    expect(menu.locator(".export-menu [role=status]")).to_have_text("Too many requests. Wait 3 s.")


def test_escape_closes_the_menu(menu: Page) -> None:
    menu.get_by_role("button", name="Copy link").focus()
    menu.keyboard.press("Escape")
    expect(menu.get_by_role("button", name="Copy link")).not_to_be_visible()
    expect(menu.locator(".export summary")).to_be_focused()
