"""Connections to the private cluster or to ``DATABASE_URL``, in one of three roles, with the server checked."""

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import psycopg
from pgvector.psycopg import register_vector
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import scalar_row
from psycopg.types import TypeInfo
from psycopg.types.shapely import register_shapely

from db import cluster
from db.errors import ConnectError, SchemaError, one_line
from db.extensions import SEARCH_PATH, check_extensions
from db.failures import advice_on
from db.roles import ROLE_NAMES, Role
from db.settings import Settings

CONNECT_TIMEOUT_S = 10
CLIENT_ENCODING = "UTF8"
"""Whatever a role or database has as its own: psycopg returns bytes where the server names no encoding."""
DIRECT_PORT = (
    "commands need a session of their own: give the server's own port (PostgreSQL's default is 5432) in DATABASE_URL; "
    "only the web app works through a pooler, with TERRAKIN_READER_URL"
)

OUR_SETTINGS = {"standard_conforming_strings": "on", "quote_all_identifiers": "off"}
"""What a role or a database may have set otherwise, and our statements depend on."""
NO_LIMITS = "SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0"
"""An index or a load may take longer than the limits that some providers set for every role."""
HAS_VERSION_TABLE = "SELECT to_regclass('terrakin.alembic_version') IS NOT NULL"
REVISION = "SELECT version_num FROM terrakin.alembic_version"


def url_for(settings: Settings, role: Role = "owner") -> str:
    """Return a libpq connection string for a role; start the private cluster if it does not run.

    On an external server, ``DATABASE_URL`` is used and the session sets the role. The reader uses
    ``TERRAKIN_READER_URL`` instead if it is set.

    Raises:
        ClusterError: the private cluster cannot be started.
        ConnectError: DATABASE_URL or TERRAKIN_READER_URL is not a connection string.
    """
    if settings.database_url is None:
        return cluster.start(settings.home).url(ROLE_NAMES[role])
    if role == "reader" and settings.reader_url:
        parse_url(settings.reader_url, "TERRAKIN_READER_URL")
        return settings.reader_url
    parts = parse_url(settings.database_url)
    if role != "owner":
        parts["options"] = f"{parts.get('options', '')} -c role={ROLE_NAMES[role]}".strip()
    return make_conninfo(**parts)


def parse_url(url: str, variable: str = "DATABASE_URL") -> dict[str, Any]:
    """Return the parameters of a connection string by their libpq names.

    Raises:
        ConnectError: it is not a connection string. The message contains no part of it, because any part may be the
            password.
    """
    example = "write postgresql://user:password@host:5432/database"
    try:
        parts: dict[str, Any] = conninfo_to_dict(url)
    except psycopg.ProgrammingError as error:
        reason = re.sub(r'".*?"', '"..."', one_line(error))
        raise ConnectError(f"{variable} is not a connection string ({reason}); {example}") from error
    if "@" in f"{parts.get('host', '')}{parts.get('dbname', '')}":
        raise ConnectError(f"{variable} has an @ or / in its password; {example}, with %40 for @ and %2F for /")
    return parts


def connect(settings: Settings, role: Role = "owner", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """Return a connection that is checked, and converts pgvector's and PostGIS's types (to shapely geometries).

    Raises:
        ClusterError: the private cluster cannot be started.
        ConnectError: no server answers, PostGIS or pgvector is missing or too old, or the schema is missing or of
            another version than this program.
    """
    conn = open_connection(settings, role, autocommit=True)
    try:
        check_extensions(conn)
        check_schema(conn)
        register_types(conn)
    except psycopg.Error as error:
        text = f"database {conn.info.dbname!r} cannot be read as {role}: {one_line(error)}"
        conn.close()
        raise ConnectError(text) from error
    except BaseException:
        conn.close()
        raise
    conn.autocommit = autocommit
    return conn


def open_connection(settings: Settings, role: Role = "owner", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """Return a connection to a server, without checking its extensions or the schema.

    Raises:
        ClusterError: the private cluster cannot be started.
        ConnectError: no server answers, or a pooler does, or the database is not in UTF-8.
    """
    parts = parse_url(url_for(settings, role))
    parts.setdefault("connect_timeout", CONNECT_TIMEOUT_S)
    try:
        conn = psycopg.connect(**parts | {"client_encoding": CLIENT_ENCODING}, autocommit=True)
        if is_pooled(conn):
            conn.prepare_threshold = None
            if role != "reader":
                conn.close()
                raise ConnectError(f"{_address(parts)} is a connection pooler; {DIRECT_PORT}")
        else:
            if role != "reader":
                conn.execute(NO_LIMITS)
            conn.execute(set_all())
    except psycopg.OperationalError as error:
        raise ConnectError(
            f"cannot connect to PostgreSQL at {_address(parts)}: {one_line(error)}; {_advice(error, role)}"
        ) from error
    encoding = conn.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        conn.close()
        raise ConnectError(
            f"database {parts.get('dbname', '')!r} has encoding {encoding}, terrakin needs UTF8: CREATE DATABASE ... "
            "TEMPLATE template0 ENCODING 'UTF8'"
        )
    conn.autocommit = autocommit
    return conn


def set_all(settings: Mapping[str, str] = OUR_SETTINGS, *, is_local: bool = False) -> sql.Composed:
    """Return a statement that sets the search path and other settings, for the session or for the transaction."""
    values = [sql.SQL("({}, {})").format(name, value) for name, value in settings.items()]
    values.append(sql.SQL("('search_path', ({}))").format(sql.SQL(SEARCH_PATH)))
    return sql.SQL("SELECT pg_catalog.set_config(s.name, s.value, {}) FROM (VALUES {}) AS s (name, value)").format(
        is_local, sql.SQL(", ").join(values)
    )


def is_pooled(conn: psycopg.Connection[Any]) -> bool:
    """Return True if a pooler such as PgBouncer answers: it hands out process ids of its own."""
    with conn.cursor(row_factory=scalar_row) as cursor:
        pid = cursor.execute("SELECT pg_backend_pid()", prepare=False).fetchone()
    return bool(pid != conn.info.backend_pid)


def register_types(conn: psycopg.Connection[Any]) -> None:
    """Register pgvector's types on a connection, and PostGIS's geometry and geography as shapely objects."""
    register_vector(conn)
    for name in ("geography", "geometry"):  # geometry last: shapely objects are sent as the type registered last
        info = TypeInfo.fetch(conn, name)
        assert info is not None, "check_extensions and the migrated schema imply PostGIS"
        register_shapely(info, conn)


def known_revisions() -> list[str]:
    """Return the schema revisions that this program knows, oldest first; from file names, to avoid loading Alembic."""
    versions = Path(__file__).parent / "migrations" / "versions"
    return sorted(path.name.split("_")[0] for path in versions.glob("[0-9]*.py"))


def check_schema(conn: psycopg.Connection[Any]) -> None:
    """Raise SchemaError if the database has no schema of terrakin, or another revision than this program needs."""
    known = known_revisions()
    with conn.cursor(row_factory=scalar_row) as cursor:
        has_table = cursor.execute(HAS_VERSION_TABLE).fetchone()
        revision = cursor.execute(REVISION).fetchone() if has_table else None
    if revision == known[-1]:
        return
    if revision is None:
        found = "has no terrakin schema"
    elif revision in known:
        found = f"has schema revision {revision}, this program needs {known[-1]}"
    else:
        raise SchemaError(
            f"database {conn.info.dbname!r} has schema revision {revision}, the newest that this program knows is "
            f"{known[-1]}; update terrakin"
        )
    raise SchemaError(
        f"database {conn.info.dbname!r} {found}; run `terrakin db migrate` (as the user that owns the database)"
    )


def _address(parts: dict[str, Any]) -> str:
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}, database {parts.get('dbname', '')}"


def _advice(error: psycopg.OperationalError, role: Role) -> str:
    if "unsupported startup parameter" in str(error):
        return f"this is a connection pooler; {DIRECT_PORT}"
    if role != "owner" and ROLE_NAMES[role] in str(error):
        return f"run `terrakin db migrate`, which creates role {ROLE_NAMES[role]} and grants it to DATABASE_URL's user"
    return advice_on(error) or "start that server, or correct DATABASE_URL"
