"""The page below a path prefix, behind a real proxy that tells the app its public address."""

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.browser.walk import open_page
from tests.builders.towns import TOWNS, TownDatabase
from tests.deploy.ports import free_ports

CADDY = Path(sys.executable).parent / "caddy"
CADDYFILE = """
{{
    admin off
}}
http://127.0.0.1:{port} {{
    redir /maps /maps/
    handle_path /maps/* {{
        reverse_proxy {app} {{
            header_up Host internal.example
            header_up X-Forwarded-Host {{hostport}}
            header_up X-Forwarded-Prefix /maps
        }}
    }}
}}
"""


@pytest.fixture(scope="module")
def below_prefix(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Address of the page below a prefix."""
    home = tmp_path_factory.mktemp("prefix")
    (port,) = free_ports(1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("TERRAKIN_PROXIES", "1")
        with serving(towns, home / "web") as app:
            (home / "Caddyfile").write_text(CADDYFILE.format(port=port, app=app.removeprefix("http://")))
            command = [CADDY, "run", "--adapter", "caddyfile", "--config", home / "Caddyfile"]
            environment = {"HOME": str(home), "PATH": os.environ["PATH"]}
            process = subprocess.Popen(command, env=environment, stderr=subprocess.DEVNULL)
            deadline = time.monotonic() + 30
            while port not in {c.laddr.port for c in psutil.Process(process.pid).net_connections()}:
                assert time.monotonic() < deadline
                time.sleep(0.05)
            yield f"http://127.0.0.1:{port}/maps"
            process.kill()
            process.wait()


def test_the_page_works_below_a_prefix(page: Page, below_prefix: str, towns: TownDatabase) -> None:
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    open_page(page, f"{below_prefix}/?tile={towns.tile_of(TOWNS[0].city_id, 'harbour')}")
    expect(page.locator("ol.results > li").first).to_be_visible()
    assert failed == []


def test_the_api_reference_works_below_a_prefix(page: Page, below_prefix: str) -> None:
    page.goto(f"{below_prefix}/api/docs")
    expect(page.get_by_text("/api/v1/similar-at").first).to_be_visible()


def test_addresses_are_those_of_the_proxy(page: Page, below_prefix: str) -> None:
    tilejson = page.request.get(f"{below_prefix}/tiles/grid").json()
    assert tilejson["tiles"] == [f"{below_prefix}/tiles/grid/{{z}}/{{x}}/{{y}}"]
    specification = page.request.get(f"{below_prefix}/api/openapi.json").json()
    assert [server["url"].rstrip("/") for server in specification["servers"]] == [below_prefix]
