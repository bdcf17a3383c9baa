"""The page below a path prefix, behind a real proxy that tells the app its public address."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from tests.browser.conftest import serving
from tests.browser.walk import open_page
from tests.builders.towns import TOWNS, TownDatabase
from tests.deploy.caddy import running_caddy
from tests.ports import free_ports

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
            configuration = CADDYFILE.format(port=port, app=app.removeprefix("http://"))
            with running_caddy(home, configuration, {port}):
                yield f"http://127.0.0.1:{port}/maps"


def test_the_page_works_below_a_prefix(page: Page, below_prefix: str, towns: TownDatabase) -> None:
    failed: list[str] = []
    page.on("response", lambda answer: failed.append(answer.url) if answer.status >= 400 else None)
    open_page(page, f"{below_prefix}/?tile={towns.tile_of(TOWNS[0].city_id, 'harbour')}")
    expect(page.locator("ol.results > li[data-id]").first).to_be_visible()
    assert failed == []


def test_the_api_reference_works_below_a_prefix(page: Page, below_prefix: str) -> None:
    page.goto(f"{below_prefix}/api/docs")
    expect(page.get_by_text("/api/v1/similar-at").first).to_be_visible()


def test_addresses_are_those_of_the_proxy(page: Page, below_prefix: str) -> None:
    tilejson = page.request.get(f"{below_prefix}/tiles/grid").json()
    assert tilejson["tiles"] == [f"{below_prefix}/tiles/grid/{{z}}/{{x}}/{{y}}"]
    specification = page.request.get(f"{below_prefix}/api/openapi.json").json()
    assert [server["url"].rstrip("/") for server in specification["servers"]] == [below_prefix]
