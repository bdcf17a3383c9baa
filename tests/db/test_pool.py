"""The web app's connections: read-only, with a timeout, last used first, replaced when dead."""

from collections.abc import Iterator

import psycopg
import pytest

from db import pool as module
from db.connect import connect
from db.errors import ConnectError
from db.pool import ReaderPool
from db.settings import Settings
from tests.builders import make_city


@pytest.fixture
def pool(database: Settings) -> Iterator[ReaderPool]:
    with connect(database) as owner:
        make_city(owner)
    made = ReaderPool(database, max_size=3)
    yield made
    made.close()


@pytest.fixture
def conn(pool: ReaderPool) -> Iterator[psycopg.Connection]:
    with pool.connection() as held:
        yield held  # type: ignore[misc]


def test_rows_are_dicts_and_statements_time_out(conn: psycopg.Connection) -> None:
    assert conn.execute("SELECT city_id, name FROM terrakin.cities").fetchall() == [
        {"city_id": 1, "name": "Testville (synthetic)"}
    ]
    assert conn.execute("SHOW statement_timeout").fetchone() == {"statement_timeout": "10s"}
    assert conn.execute("SHOW application_name").fetchone() == {"application_name": "terrakin-web"}


def test_connections_are_read_only(conn: psycopg.Connection) -> None:
    with pytest.raises(psycopg.errors.ReadOnlySqlTransaction):
        conn.execute("CREATE TEMP TABLE scratch ()")
    with pytest.raises((psycopg.errors.InsufficientPrivilege, psycopg.errors.ReadOnlySqlTransaction)):
        conn.execute("DELETE FROM terrakin.cities")


def backend(pool: ReaderPool) -> int:
    """Return the server process of the next connection."""
    with pool.connection() as conn:
        return conn.info.backend_pid


def test_the_connection_used_last_is_lent_first(pool: ReaderPool) -> None:
    with pool.connection() as last:
        with pool.connection(), pool.connection():
            pass
        pid = last.info.backend_pid
    assert [backend(pool) for _ in range(5)] == [pid] * 5


def test_a_connection_ended_by_the_server_is_replaced(pool: ReaderPool, database: Settings) -> None:
    before = backend(pool)
    with connect(database) as owner:
        owner.execute("SELECT pg_terminate_backend(%s, 5000)", (before,))
    assert backend(pool) != before


def test_a_connection_with_a_pending_notice_is_kept(pool: ReaderPool, database: Settings) -> None:
    with pool.connection() as conn:
        conn.execute("LISTEN news")
    pid = conn.info.backend_pid
    with connect(database, autocommit=True) as owner:
        owner.execute("NOTIFY news")
    assert backend(pool) == pid


def test_waiting_for_a_free_connection_times_out(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TIMEOUT_S", 1)
    narrow = ReaderPool(database, max_size=1)
    with (
        narrow.connection(),
        pytest.raises(ConnectError, match=r"no .*connection was free within 1 s"),
        narrow.connection(),
    ):
        pass
    narrow.close()
