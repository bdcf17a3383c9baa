"""Pooled connections of the web app: read-only, with a statement timeout."""

import select
from collections.abc import Iterator
from contextlib import closing, contextmanager, suppress
from functools import partial
from typing import Any, cast

import psycopg
from psycopg import sql
from psycopg.rows import dict_row
from sqlalchemy import event
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.exc import TimeoutError as NoneFreeError
from sqlalchemy.pool import QueuePool

from db import cluster
from db.connect import url_for
from db.errors import ConnectError
from db.roles import ROLE_NAMES
from db.settings import Settings

STATEMENT_TIMEOUT_MS = 10_000
TIMEOUT_S = 5
"""For a server to answer, or for a connection to come free."""


class ReaderPool:
    """Connections whose rows are dicts, opened when they are wanted and then kept.

    The one that was used last is taken first: its server process has read and planned everything already. One that died
    is replaced when it is taken, so that the first question after a restart of the server is answered.
    """

    def __init__(self, settings: Settings, max_size: int = 8) -> None:
        self._pool = QueuePool(
            partial(_open, settings),  # type: ignore[arg-type]  # of PEP 249, if not by its annotations
            pool_size=max_size, max_overflow=0, timeout=TIMEOUT_S, use_lifo=True, reset_on_return=None,
        )  # fmt: skip
        event.listen(self._pool, "checkout", _refuse_dead)

    @contextmanager
    def connection(self) -> Iterator[psycopg.Connection[dict[str, Any]]]:
        """A connection for a while.

        Raises:
            psycopg.OperationalError: the server is away.
            ConnectError: the private cluster does not run, or no connection came free in TIMEOUT_S.
        """
        try:
            held = self._pool.connect()
        except NoneFreeError as error:
            raise ConnectError(f"no connection came free in {TIMEOUT_S} s") from error
        with closing(held):
            yield cast(psycopg.Connection[dict[str, Any]], held.driver_connection)

    def close(self) -> None:
        """Close the connections that nobody uses; later questions open new ones."""
        self._pool.dispose()
        self._pool = self._pool.recreate()  # SQLAlchemy advises not to use a pool again that was disposed of


def _open(settings: Settings) -> psycopg.Connection[dict[str, Any]]:
    conn = psycopg.connect(
        _address(settings), connect_timeout=TIMEOUT_S, application_name="terrakin-web", autocommit=True,
        row_factory=dict_row,
    )  # fmt: skip
    try:
        conn.execute(sql.SQL("SET statement_timeout = {}").format(STATEMENT_TIMEOUT_MS))
        conn.execute("SET default_transaction_read_only = on")
    except psycopg.Error:
        conn.close()
        raise
    return conn


def _address(settings: Settings) -> str:
    """Where the server is now: a private cluster, which is not started here, may have another port after a restart."""
    if settings.database_url is not None:
        return url_for(settings, "reader")
    address = cluster.running(settings.home)
    if address is None:
        raise ConnectError(f"the private cluster under {settings.home} does not run")
    return address.url(ROLE_NAMES["reader"])


def _refuse_dead(conn: psycopg.Connection[Any], record: Any, proxy: Any) -> None:
    """Let the pool open another connection instead of one that died.

    A server that went away closed the socket, which makes it readable though nothing was asked; so does a notice of the
    server. Only then a question tells, which costs a round trip.
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
