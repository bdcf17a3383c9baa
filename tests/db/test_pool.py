"""The web app's connections: read-only, with a timeout, the last one used first, and replaced when they died."""

from collections.abc import Iterator

import psycopg
import pytest
from sqlalchemy.exc import TimeoutError as NoConnectionFree
from sqlalchemy.pool import QueuePool

from db import pool as module
from db.connect import connect
from db.pool import reader_pool
from db.settings import Settings
from tests.builders import make_city


@pytest.fixture
def pool(database: Settings) -> Iterator[QueuePool]:
    with connect(database) as owner:
        make_city(owner)
    made = reader_pool(database, max_size=3)
    yield made
    made.dispose()


@pytest.fixture
def conn(pool: QueuePool) -> psycopg.Connection:
    return pool.connect().driver_connection  # type: ignore[return-value]


def test_it_reads_as_dicts_with_a_timeout(conn: psycopg.Connection) -> None:
    assert conn.execute("SELECT city_id, name FROM terrakin.cities").fetchall() == [
        {"city_id": 1, "name": "Testville (synthetic)"}
    ]
    assert conn.execute("SHOW statement_timeout").fetchone() == {"statement_timeout": "10s"}
    assert conn.execute("SHOW application_name").fetchone() == {"application_name": "terrakin-web"}


def test_it_writes_nothing(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        conn.execute("CREATE TEMP TABLE scratch ()")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        conn.execute("DELETE FROM terrakin.cities")


def backend(pool: QueuePool) -> int:
    """The server process of the connection that comes next, which is given back at once."""
    held = pool.connect()
    pid = held.driver_connection.info.backend_pid  # type: ignore[union-attr]
    held.close()
    return int(pid)


def test_the_connection_used_last_comes_first(pool: QueuePool) -> None:
    held = [pool.connect() for _ in range(3)]
    pids = [one.driver_connection.info.backend_pid for one in held]  # type: ignore[union-attr]
    for i in (1, 2, 0):
        held[i].close()
    assert [backend(pool) for _ in range(5)] == [pids[0]] * 5


def test_a_connection_that_the_server_ended_is_replaced(pool: QueuePool, database: Settings) -> None:
    before = backend(pool)
    with connect(database) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", (before,))
    assert backend(pool) != before


def test_a_notice_of_the_server_ends_nothing(pool: QueuePool, database: Settings) -> None:
    held = pool.connect()
    assert held.driver_connection is not None
    held.driver_connection.execute("LISTEN news")
    pid = held.driver_connection.info.backend_pid
    held.close()
    with connect(database, autocommit=True) as owner:
        owner.execute("NOTIFY news")
    assert backend(pool) == pid


def test_a_question_waits_for_a_free_connection_only_so_long(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 1)
    narrow = reader_pool(database, max_size=1)
    held = narrow.connect()
    with pytest.raises(NoConnectionFree):
        narrow.connect()
    held.close()
    narrow.dispose()
