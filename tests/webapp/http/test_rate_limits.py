from collections.abc import Iterator
from dataclasses import replace

import pytest
from flask.testing import FlaskClient

from tests.builders.towns import TownDatabase
from tests.webapp.problem import assert_problem
from webapp import create_app
from webapp.database import EXTENSION
from webapp.errors import ServerError


@pytest.fixture
def limited(towns: TownDatabase) -> Iterator[FlaskClient]:
    settings = replace(
        towns.settings, rate_limit="3/minute", picture_rate_limit="4/minute", upload_rate_limit="1/minute"
    )
    app = create_app(settings)
    yield app.test_client()
    app.extensions[EXTENSION].close()


def test_a_client_over_the_limit_gets_429_with_the_time_to_wait(limited: FlaskClient) -> None:
    answers = [limited.get(path) for path in ("/api/v1/cities", "/api/v1/stats", "/api/v1/cities", "/api/v1/countries")]
    assert [answer.status_code for answer in answers] == [200, 200, 200, 429]
    assert_problem(answers[3], 429, "3 per 1 minute", answers[3].headers["Retry-After"])
    assert 1 <= int(answers[3].headers["Retry-After"]) <= 60
    other = limited.get("/api/v1/cities", environ_overrides={"REMOTE_ADDR": "192.0.2.7"})
    assert other.status_code == 200


def test_tiles_and_uploads_have_limits_of_their_own_and_health_checks_none(limited: FlaskClient) -> None:
    assert [limited.get("/tiles/grid/0/0/0").status_code for _ in range(5)] == [200] * 4 + [429]
    assert [limited.post("/api/v1/similar-to-chip").status_code for _ in range(2)] == [422, 429]
    assert [limited.get("/health").status_code for _ in range(6)] == [200] * 6
    assert limited.get("/api/v1/cities").status_code == 200


def test_none_switches_all_limits_off(towns: TownDatabase) -> None:
    app = create_app(replace(towns.settings, rate_limit="none", picture_rate_limit="1/minute"))
    assert [app.test_client().get("/tiles/grid/0/0/0").status_code for _ in range(3)] == [200] * 3
    app.extensions[EXTENSION].close()


@pytest.mark.parametrize("name", ["rate_limit", "picture_rate_limit", "upload_rate_limit"])
def test_an_unreadable_limit_is_an_error_with_its_value(towns: TownDatabase, name: str) -> None:
    with pytest.raises(ServerError, match=r"'many'.*600/minute"):
        create_app(replace(towns.settings, **{name: "many"}))


def test_forwarded_addresses_count_only_if_a_proxy_is_configured(towns: TownDatabase) -> None:
    statuses = {}
    for proxies in (0, 1):
        app = create_app(replace(towns.settings, rate_limit="1/minute", proxies=proxies))
        statuses[proxies] = [
            app.test_client().get("/api/v1/countries", headers={"X-Forwarded-For": f"192.0.2.{i}"}).status_code
            for i in range(2)
        ]
        app.extensions[EXTENSION].close()
    assert statuses == {0: [200, 429], 1: [200, 200]}
