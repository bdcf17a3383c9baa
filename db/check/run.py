"""Runs all checks of a database, none of which changes anything."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from typing import Any

import psycopg
from psycopg import errors as pg
from sqlalchemy.exc import DBAPIError

from db.check.data import check_keys, check_records, check_sets
from db.check.finding import Finding, State
from db.check.objects import check_sql, check_states, check_tables
from db.check.roles import MIGRATE, check_owner, check_privileges, check_roles
from db.check.server import check_disk, check_encoding, check_replication, check_settings, check_versions
from db.connect import check_schema, open_connection
from db.engine import create_engine
from db.errors import SchemaError, one_line
from db.failures import ABSENT
from db.settings import Settings

Connection = psycopg.Connection[Any]

OF_SERVER = {
    "PostgreSQL": check_versions,
    "encoding": check_encoding,
    "settings": check_settings,
    "replication": check_replication,
}
OF_DATABASE = {
    "roles": check_roles,
    "owner": check_owner,
    "privileges": check_privileges,
    "objects": check_sql,
    "indexes": check_states,
    "tiles": check_records,
    "sets": check_sets,
    "keys": check_keys,
}


def check(settings: Settings) -> Iterator[Finding]:
    """Yield what is found, one or more findings per subject; change nothing. 2.7 million keys take 20 s.

    Raises:
        ClusterError: the private cluster cannot be started.
        ConnectError: no server answers, or a pooler does, or the database is not in UTF-8.
    """
    with open_connection(settings, autocommit=True) as conn:
        yield from _look_at_all(conn, OF_SERVER)
        yield from check_disk(settings)
        schema = _look("schema", partial(_check_schema, conn))
        yield from schema
        if schema:
            return
        with create_engine(settings).connect() as connection:
            yield from _look("tables", partial(check_tables, connection))
        yield from _look_at_all(conn, OF_DATABASE)


def _check_schema(conn: Connection) -> list[Finding]:
    """Return no finding if tables and functions can be checked."""
    try:
        check_schema(conn)
    except SchemaError as error:
        return [Finding(State.FAULT, "schema", str(error))]
    return []


def _look_at_all(
    conn: Connection, checks: Mapping[str, Callable[[Connection], Iterable[Finding]]]
) -> Iterator[Finding]:
    for subject, look in checks.items():
        yield from _look(subject, partial(_read_only, conn, look))


def _read_only(conn: Connection, look: Callable[[Connection], Iterable[Finding]]) -> list[Finding]:
    """Return what a check finds in a transaction of its own, which cannot write."""
    with conn.transaction():
        conn.execute("SET TRANSACTION READ ONLY")
        return list(look(conn))


def _look(subject: str, look: Callable[[], Iterable[Finding]]) -> list[Finding]:
    """Return what a check finds; also if it cannot see something, or misses a table or function."""
    try:
        return list(look())
    except (psycopg.Error, DBAPIError) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error
        if isinstance(cause, pg.InsufficientPrivilege):
            return [Finding(State.HIDDEN, subject, one_line(cause))]
        if isinstance(cause, ABSENT):
            return [Finding(State.FAULT, subject, f"cannot be checked: {one_line(cause)}", MIGRATE)]
        raise
