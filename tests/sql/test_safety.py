"""Nobody can make terrakin's SQL do something else by putting objects in the way of its names."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from db.apply_sql import FIXED_PATH
from db.sql_files import SqlFile, read_files

TRUSTED = "".join(f"CREATE SCHEMA {schema};\n" for schema in ("public", "api", "tiles", "terrakin"))
"""pgspot trusts a schema that the script makes. Public holds the extensions, and only its owner may create there."""

FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig
    FROM pg_proc AS p
    WHERE p.pronamespace IN ('api'::regnamespace, 'tiles'::regnamespace, 'terrakin'::regnamespace)
"""


def pgspot(script: str, folder: Path) -> str:
    """What pgspot says of a script; it fails where it could not read it."""
    file = folder / "script.sql"
    file.write_text(TRUSTED + FIXED_PATH.replace("LOCAL ", "") + ";\n" + script)
    program = Path(sys.executable).parent / "pgspot"
    return subprocess.run([program, file], capture_output=True, text=True, check=False).stdout.strip()


@pytest.mark.parametrize("file", read_files(), ids=lambda file: file.name)
def test_pgspot_finds_nothing(file: SqlFile, tmp_path: Path) -> None:
    script = file.text.replace('"row"', "cell_row")  # pgspot forgets the quotes that this name needs
    assert pgspot(script, tmp_path) == "Errors: 0 Warnings: 0 Unknown: 0"


def test_pgspot_finds_an_unsafe_function(tmp_path: Path) -> None:
    unsafe = "CREATE FUNCTION api.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT abs(1) $$;"
    assert "PS003" in pgspot(unsafe, tmp_path)


def test_every_function_is_the_callers_and_has_a_fixed_path(conn: psycopg.Connection) -> None:
    functions = conn.execute(FUNCTIONS).fetchall()
    assert len(functions) > 12
    for name, is_definer, settings in functions:
        assert not is_definer, name
        path = next(s for s in settings or () if s.startswith("search_path="))
        assert path in ("search_path=public, pg_temp", "search_path=pg_catalog, pg_temp"), name


@pytest.mark.parametrize("role", ["terrakin_reader", "terrakin_etl"])
def test_the_roles_cannot_create_where_names_are_looked_up(conn: psycopg.Connection, role: str) -> None:
    (may,) = conn.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", (role,)).fetchone()
    assert not may
