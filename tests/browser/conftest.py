"""A real Chromium (Debian's) on the real page, served by gunicorn; nothing but this machine is reached."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

from tests.webapp.towns import TownDatabase, town_database
from webapp.pages import STATIC

CHROMIUM = Path("/usr/bin/chromium")
FLAGS = ["--no-sandbox", "--enable-unsafe-swiftshader", "--disable-background-networking", "--disable-quic"]
# Without motion the map jumps where it would fly: software rendering is slow.
DESKTOP = {"viewport": {"width": 1280, "height": 800}, "reduced_motion": "reduce"}
NO_IMAGERY = {"TERRAKIN_IMAGERY": "none"}
LOOPBACK = {"127.0.0.1", "localhost"}


@pytest.fixture(scope="session")
def towns(server_home: Path) -> Iterator[TownDatabase]:
    with town_database(server_home) as towns:
        yield towns


@pytest.fixture(scope="session")
def site(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the running page."""
    if not (STATIC / "index.html").is_file():
        pytest.skip("the page is not built: run scripts/build_frontend.sh")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    home = tmp_path_factory.mktemp("web")
    environment = {
        **os.environ,
        "TERRAKIN_HOME": str(home),
        "DATABASE_URL": towns.settings.database_url or "",
        **NO_IMAGERY,
    }
    web = [sys.executable, "-m", "terrakin", "web"]
    subprocess.run([*web, "start", "--port", str(port)], env=environment, check=True, capture_output=True)
    yield f"http://127.0.0.1:{port}"
    subprocess.run([*web, "stop"], env=environment, check=True, capture_output=True)


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    if not CHROMIUM.exists():
        pytest.skip(f"{CHROMIUM} is not installed (Debian's package chromium)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=str(CHROMIUM), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """A page, and what it did that it should not have."""

    page: Page
    requests_outside: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)


@pytest.fixture
def visit(browser: Browser, request: pytest.FixtureRequest) -> Iterator[Visit]:
    """A page in a fresh context. Afterwards: nothing outside this machine was asked for, no script failed.

    ``@pytest.mark.parametrize("visit", [{...}], indirect=True)`` passes options to the context.
    """
    options = {**DESKTOP, **getattr(request, "param", {})}
    context = browser.new_context(**options)
    found = Visit(context.new_page())

    def only_this_machine(route: Route) -> None:
        if urlsplit(route.request.url).hostname in LOOPBACK:
            route.continue_()
        else:
            route.abort()

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob") and parts.hostname not in LOOPBACK:
            found.requests_outside.append(url)

    context.route("**/*", only_this_machine)
    context.on("request", lambda asked: note(asked.url))
    found.page.on("pageerror", lambda error: found.errors.append(str(error)))
    yield found
    context.close()
    assert found.requests_outside == []
    assert found.errors == []


@pytest.fixture
def page(visit: Visit) -> Page:
    return visit.page
