"""Checks PostGIS and pgvector on a server: installed, new enough, and known faults of their versions."""

from dataclasses import dataclass
from typing import Any

import psycopg

from db.errors import ConnectError

Version = tuple[int, ...]

INSTALL_HINT = "install it there (see docs/operator.md)"
WITHOUT_KNOWN_FAULTS: Version = (0, 8, 3)
"""pgvector before 0.8.2 can overflow a buffer in a parallel HNSW build; before 0.8.3 VACUUM may damage the index."""

EXTENSIONS = """
    SELECT a.name, coalesce(a.installed_version, a.default_version)
    FROM pg_available_extensions AS a
    WHERE a.name = ANY (%s)
"""


@dataclass(frozen=True)
class Extension:
    """An extension, and the oldest version that works."""

    name: str
    label: str
    minimum: Version


NEEDED = (
    Extension("postgis", "PostGIS", (3, 3)),  # the oldest version that is tested
    Extension("vector", "pgvector", (0, 8, 0)),  # the first with iterative index scans
)
SEARCH_PATH = """
    SELECT concat_ws(', ', 'public', string_agg(DISTINCT quote_ident(n.nspname), ', '))
    FROM pg_catalog.pg_extension AS e
    JOIN pg_catalog.pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname IN ('postgis', 'vector') AND n.nspname <> 'public'
"""
"""Where types, operators and functions of both extensions are found: many providers install them in another schema."""


def check_extensions(conn: psycopg.Connection[Any]) -> Version:
    """Return the version of pgvector if both extensions are available and new enough.

    Extensions that are installed on the server but not created in the database pass: a migration creates them.

    Raises:
        ConnectError: PostGIS or pgvector is missing or too old.
    """
    found = {name: _version(text) for name, text in conn.execute(EXTENSIONS, ([e.name for e in NEEDED],))}
    for extension in NEEDED:
        wanted = f"{extension.label} {_text(extension.minimum)} or newer"
        server = f"the server of database {conn.info.dbname!r}"
        if extension.name not in found:
            raise ConnectError(f"{server} has no {extension.label}; terrakin needs {wanted}: {INSTALL_HINT}")
        version = found[extension.name]
        if version < extension.minimum:
            raise ConnectError(
                f"{server} has {extension.label} {_text(version)}, terrakin needs {wanted}: {INSTALL_HINT}, "
                f"then ALTER EXTENSION {extension.name} UPDATE"
            )
    return found["vector"]


def known_faults(pgvector: Version) -> str | None:
    """Return the known faults of a pgvector version and what to do about them, in one line; None if there are none."""
    if pgvector >= WITHOUT_KNOWN_FAULTS:
        return None
    overflow = "can overflow a buffer in parallel HNSW builds and " if pgvector < (0, 8, 2) else ""
    return (
        f"pgvector {_text(pgvector)} {overflow}may damage an HNSW index in VACUUM: terrakin builds with one process; "
        f"run REINDEX after mass deletes, or install {_text(WITHOUT_KNOWN_FAULTS)} or newer"
    )


def _version(text: str) -> Version:
    """Return (3, 3, 2) for ``3.3.2``, (3, 5, 0) for ``3.5.0dev``."""
    digits = ("".join(c for c in part if c.isdigit()) for part in text.split("-")[0].split("."))
    return tuple(int(part) for part in digits if part)


def _text(version: Version) -> str:
    return ".".join(map(str, version))
