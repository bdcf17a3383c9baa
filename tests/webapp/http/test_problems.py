"""Database errors as HTTP answers."""

import threading
import time
from pathlib import Path
from typing import Any

import psycopg
from flask.testing import FlaskClient

from db import cluster
from db.install.migrate import migrate
from db.settings import Settings
from tests.builders.towns import TownDatabase
from tests.webapp.problem import assert_problem
from webapp import create_app
from webapp.database import EXTENSION


def test_a_value_that_the_database_rejects_is_422(client: FlaskClient, tile_id: int) -> None:
    """pydantic accepts a null character; PostgreSQL's type text does not."""
    assert_problem(client.get(f"/api/v1/similar?tile_id={tile_id}&countries=%00"), 422)


def test_an_unknown_address_is_404(client: FlaskClient) -> None:
    assert_problem(client.get("/api/v1/nothing"), 404, "/api/docs")


def test_a_cancelled_query_is_504(client: FlaskClient, towns: TownDatabase) -> None:
    """The query waits for a lock and is cancelled, as the reader's statement_timeout would do (SQLSTATE 57014)."""
    answers: list[Any] = []
    cancel = """
        SELECT pg_cancel_backend(pid)
        FROM pg_stat_activity
        WHERE datname = current_database() AND application_name = 'terrakin-web' AND wait_event_type = 'Lock'
    """
    with (
        psycopg.connect(towns.settings.database_url or "") as holder,
        psycopg.connect(towns.settings.database_url or "", autocommit=True) as other,
    ):
        holder.execute("LOCK TABLE terrakin.tiles IN ACCESS EXCLUSIVE MODE")
        request = threading.Thread(target=lambda: answers.append(client.get("/api/v1/tiles/1")))
        request.start()
        while request.is_alive() and not other.execute(cancel).fetchall():
            time.sleep(0.02)
        request.join()
    assert_problem(answers[0], 504, "fewer")


def test_a_database_without_the_schema_is_503_with_the_command(server_home: Path, tmp_path: Path) -> None:
    address = cluster.running(server_home)
    assert address is not None
    app = create_app(Settings(tmp_path, database_url=address.url(database="postgres")))
    response = app.test_client().get("/api/v1/encoder")
    app.extensions[EXTENSION].close()
    assert_problem(response, 503, "terrakin db migrate")


def test_answers_are_503_while_the_database_is_down_and_200_afterwards(empty_home: Path) -> None:
    settings = Settings(empty_home)
    migrate(settings)
    app = create_app(settings)
    client = app.test_client()
    assert client.get("/health").get_json() == {"status": "ok"}
    cluster.stop(empty_home)
    for path in ("/health", "/tiles/grid/0/0/0"):
        response = client.get(path)
        assert_problem(response, 503, "terrakin db status")
        assert response.headers["Retry-After"]
    cluster.start(empty_home)
    deadline = time.monotonic() + 30
    while client.get("/health").status_code != 200 and time.monotonic() < deadline:
        time.sleep(0.2)
    assert client.get("/api/v1/encoder").status_code == 200
    app.extensions[EXTENSION].close()
