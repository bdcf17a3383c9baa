"""Connections: to the private cluster or to ``DATABASE_URL``, in one of three roles, with the server checked."""

import logging
from typing import Any, Literal

import psycopg
from pgvector.psycopg import register_vector
from psycopg.conninfo import conninfo_to_dict, make_conninfo
from psycopg.rows import dict_row
from psycopg.types import TypeInfo
from psycopg.types.shapely import register_shapely
from psycopg_pool import ConnectionPool

from db import cluster
from db.errors import ConnectError
from db.settings import Settings

log = logging.getLogger(__name__)

Role = Literal["owner", "etl", "reader"]
ROLE_NAMES: dict[Role, str] = {"owner": "terrakin", "etl": "terrakin_etl", "reader": "terrakin_reader"}

MINIMUM_VERSIONS = {"postgis": (3, 3), "vector": (0, 8)}
"""PostGIS 3.3 is what the tests run with; pgvector 0.8 has iterative index scans."""
PGVECTOR_WITHOUT_KNOWN_FAULTS = (0, 8, 3)
READER_TIMEOUT_MS = 10_000
CONNECT_TIMEOUT_S = 10
INSTALL_HINT = "see docs/operator.md"

EXTENSIONS = """
    SELECT name, coalesce(installed_version, default_version)
    FROM pg_available_extensions
    WHERE name = ANY (%s)
"""
IS_MIGRATED = "SELECT to_regclass('terrakin.alembic_version') IS NOT NULL AND to_regclass('terrakin.tiles') IS NOT NULL"


def url_for(settings: Settings, role: Role = "owner") -> str:
    """libpq connection string in a role. The private cluster is started where it is not running.

    An external server is used with ``DATABASE_URL``'s own user; roles other than owner are set in the session
    (reader: ``TERRAKIN_READER_URL`` where given).

    Raises:
        ClusterError: the private cluster cannot be started.
        ConnectError: DATABASE_URL is not a connection string.
    """
    if settings.database_url is None:
        return cluster.start(settings.home).url(ROLE_NAMES[role])
    if role == "reader" and settings.reader_url:
        return settings.reader_url
    try:
        parts: dict[str, Any] = conninfo_to_dict(settings.database_url)
    except psycopg.ProgrammingError as error:
        raise ConnectError(
            f"DATABASE_URL is not a connection string ({error}); write postgresql://user@host/database"
        ) from error
    if role != "owner":
        parts["options"] = f"{parts.get('options', '')} -c role={ROLE_NAMES[role]}".strip()
    return make_conninfo(**parts)


def connect(settings: Settings, role: Role = "owner", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A checked connection that knows pgvector's ``vector`` and PostGIS's types (as shapely geometries).

    Raises:
        ClusterError: the private cluster cannot be started.
        ConnectError: no server answers, PostGIS or pgvector is missing or too old, or the schema is not there.
    """
    conn = open_connection(settings, role, autocommit=True)
    try:
        check_extensions(conn)
        (is_migrated,) = conn.execute(IS_MIGRATED).fetchone() or (False,)
        if not is_migrated:
            raise ConnectError(
                f"database {_name(conn)} has no terrakin schema; run `terrakin db migrate` (as the user that owns it)"
            )
        register_types(conn)
    except BaseException:
        conn.close()
        raise
    conn.autocommit = autocommit
    return conn


def open_connection(settings: Settings, role: Role = "owner", *, autocommit: bool = False) -> psycopg.Connection[Any]:
    """A bare connection: nothing is checked but that a server answers."""
    url = url_for(settings, role)
    try:
        return psycopg.connect(url, autocommit=autocommit, connect_timeout=CONNECT_TIMEOUT_S)
    except psycopg.OperationalError as error:
        raise ConnectError(
            f"cannot connect to PostgreSQL at {_address(url)}: {_one_line(error)}; "
            "start the server, or correct DATABASE_URL"
        ) from error


def check_extensions(conn: psycopg.Connection[Any]) -> tuple[int, ...]:
    """Version of pgvector, after both extensions were found to be available and new enough.

    Raises:
        ConnectError: PostGIS or pgvector is not installed on the server, or is too old.
    """
    versions = {name: _version(text) for name, text in conn.execute(EXTENSIONS, (list(MINIMUM_VERSIONS),))}
    for name, minimum in MINIMUM_VERSIONS.items():
        wanted = f"{_label(name)} {'.'.join(map(str, minimum))} or newer"
        if name not in versions:
            raise ConnectError(f"the server of database {_name(conn)} has no {wanted}; install it ({INSTALL_HINT})")
        if versions[name] < minimum:
            found = ".".join(map(str, versions[name]))
            raise ConnectError(f"the server of database {_name(conn)} has {_label(name)} {found}, it needs {wanted}")
    if versions["vector"] < PGVECTOR_WITHOUT_KNOWN_FAULTS:
        log.info(
            "event=pgvector_with_known_faults version=%s consequence=serial_index_builds,reindex_after_mass_deletes",
            ".".join(map(str, versions["vector"])),
        )
    return versions["vector"]


def register_types(conn: psycopg.Connection[Any]) -> None:
    """Teach a connection pgvector's types, and PostGIS's geometry and geography as shapely objects."""
    register_vector(conn)
    for name in ("geography", "geometry"):  # geometry last: it is what a shapely object is sent as
        info = TypeInfo.fetch(conn, name)
        assert info is not None, "check_extensions and the migrated schema stand for PostGIS"
        register_shapely(info, conn)


def reader_pool(
    settings: Settings, *, min_size: int = 1, max_size: int = 8
) -> ConnectionPool[psycopg.Connection[dict[str, Any]]]:
    """A closed pool of read-only connections (rows as dicts, statement timeout); call ``open()`` on it.

    It reconnects by itself; while the server is away, ``connection()`` raises psycopg_pool.PoolTimeout.
    """
    return ConnectionPool(
        url_for(settings, "reader"),
        min_size=min_size,
        max_size=max_size,
        open=False,
        timeout=5,
        check=ConnectionPool.check_connection,
        kwargs={"row_factory": dict_row, "autocommit": True, "application_name": "terrakin-web"},
        configure=_make_read_only,
    )


def _make_read_only(conn: psycopg.Connection[Any]) -> None:
    conn.execute(psycopg.sql.SQL("SET statement_timeout = {}").format(READER_TIMEOUT_MS))
    conn.execute("SET default_transaction_read_only = on")


def _address(url: str) -> str:
    parts = conninfo_to_dict(url)
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}, database {parts.get('dbname', '')}"


def _one_line(error: Exception) -> str:
    return " ".join(str(error).split())


def _name(conn: psycopg.Connection[Any]) -> str:
    return f"{conn.info.dbname!r}"


def _label(extension: str) -> str:
    return {"postgis": "PostGIS", "vector": "pgvector"}[extension]


def _version(text: str) -> tuple[int, ...]:
    return tuple(int(part) for part in text.split("-")[0].split(".") if part.isdigit())
