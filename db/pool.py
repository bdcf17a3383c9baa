"""Pooled connections of the web app: read-only, with a statement timeout."""

import select
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any, cast

import psycopg
from psycopg.rows import dict_row
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as NoneFreeError
from sqlalchemy.pool import QueuePool

from db import cluster
from db.connect import CLIENT_ENCODING, OUR_SETTINGS, check_schema, is_pooled, set_all, url_for
from db.errors import ConnectError
from db.roles import ROLE_NAMES
from db.settings import Settings

OF_SESSION = set_all(OUR_SETTINGS | {"statement_timeout": "10s", "default_transaction_read_only": "on"})
OF_TRANSACTION = set_all(OUR_SETTINGS | {"statement_timeout": "10s", "transaction_read_only": "on"}, is_local=True)
TIMEOUT_S = 5
"""Longest wait for the server, or for a free connection."""


class ReaderPool:
    """Connections whose rows are dicts, opened on demand and then kept; a pooler may stand in between.

    The connection used last is taken first, because its server process has warm caches and plans. A dead connection is
    replaced when it is taken, so that the first query after a restart of the server succeeds.
    """

    def __init__(self, settings: Settings, max_size: int = 8) -> None:
        self._pool = QueuePool(
            partial(_open, settings),  # type: ignore[arg-type]  # it follows PEP 249, though not by its annotations
            pool_size=max_size, max_overflow=0, timeout=TIMEOUT_S, use_lifo=True, reset_on_return=None,
        )  # fmt: skip
        event.listen(self._pool, "checkout", _refuse_dead)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """Lend a connection.

        Raises:
            psycopg.OperationalError: the server does not answer.
            ConnectError: the private cluster does not run, the schema is of another version than this program needs, or
                no connection was free within TIMEOUT_S.
        """
        try:
            held = self._pool.connect()
        except NoneFreeError as error:
            raise ConnectError(f"no database connection was free within {TIMEOUT_S} s; try again later") from error
        with closing(held):
            conn = cast(psycopg.Connection[dict[str, Any]], held.driver_connection)
            with _limited(conn):
                yield conn

    def close(self) -> None:
        """Close the connections that are not lent; later queries open new ones."""
        self._pool.dispose()
        self._pool = self._pool.recreate()  # SQLAlchemy advises against using a disposed pool


@contextmanager
def _limited(conn: psycopg.Connection[Any]) -> Iterator[None]:
    """Set the limits for one use of a connection through a pooler, which ``_open`` marks; others keep their own."""
    if conn.prepare_threshold is not None:
        yield
        return
    with conn.transaction():
        conn.execute(OF_TRANSACTION)
        yield


def _open(settings: Settings) -> psycopg.Connection[dict[str, Any]]:
    conn = psycopg.connect(
        _address(settings), connect_timeout=TIMEOUT_S, application_name="terrakin-web", autocommit=True,
        row_factory=dict_row, client_encoding=CLIENT_ENCODING,
    )  # fmt: skip
    try:
        if is_pooled(conn):
            # In transaction mode, each transaction may have another server process: what a session prepares or sets is
            # lost, or found by others.
            conn.prepare_threshold = None
        else:
            conn.execute(OF_SESSION)
        check_schema(conn)
    except (psycopg.Error, ConnectError):
        conn.close()
        raise
    return conn


def _address(settings: Settings) -> str:
    """Return the current address; a private cluster, which is not started here, may change its port in a restart."""
    if settings.database_url is not None:
        return url_for(settings, "reader")
    address = cluster.running(settings.home)
    if address is None:
        raise ConnectError(f"the private cluster under {settings.home} does not run; run `terrakin db start`")
    return address.url(ROLE_NAMES["reader"])


def _refuse_dead(conn: psycopg.Connection[Any], record: Any, proxy: Any) -> None:
    """Make the pool replace a dead connection.

    A closed socket is readable although no query is pending; so is one with a notice of the server. Only then is the
    connection tried with a query, which costs a round trip.
    """
    waiting = select.poll()
    if not conn.closed:
        waiting.register(conn.fileno(), select.POLLIN)
        if not waiting.poll(0):
            return
        with suppress(psycopg.OperationalError):
            conn.execute("")
            return
    raise DisconnectionError
