"""Statements and dumps of a test's database."""

import subprocess

import psycopg

from db.cluster import bin_dir
from db.settings import Settings


def run_sql(settings: Settings, *statements: str) -> None:
    """Execute statements and commit."""
    with psycopg.connect(str(settings.database_url)) as conn:
        for statement in statements:
            conn.execute(statement)  # type: ignore[call-overload]


def value(settings: Settings, query: str) -> object:
    """Return the only value of a query's result."""
    with psycopg.connect(str(settings.database_url)) as conn:
        (found,) = conn.execute(query).fetchone()  # type: ignore[call-overload, misc]
    return found


def dump(settings: Settings, *options: str) -> str:
    """Return the database as pg_dump writes it."""
    return subprocess.check_output([str(bin_dir() / "pg_dump"), *options, str(settings.database_url)], text=True)


def structure(settings: Settings) -> list[str]:
    """Return the lines of a schema-only dump, sorted, without its random key."""
    lines = dump(settings, "--schema-only").splitlines()
    return sorted(line for line in lines if not line.startswith((r"\restrict", r"\unrestrict")))
