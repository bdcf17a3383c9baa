"""Objects that somebody else creates cannot change what terrakin's SQL does."""

import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from db.catalogue.files import SqlFile, read_files

TRUSTED = "".join(f"CREATE SCHEMA {schema};\n" for schema in ("public", "api", "internal", "tiles", "terrakin"))
"""pgspot trusts schemas that the script creates. In public, which contains the extensions, only its owner creates."""

MERGED = ("internal.compared_keys(", "internal.found_keys(", "internal.keys_of(")
"""The planner merges them into the statements that call them, under the search path of the functions there."""
STREAMED = "functions/find.sql"
"""Merged into the statement of a user, so that its rows come as they are found."""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, p.prosecdef, p.proconfig, p.prosqlbody IS NOT NULL
    FROM pg_proc AS p
    WHERE p.pronamespace IN (
        'api'::regnamespace, 'internal'::regnamespace, 'tiles'::regnamespace, 'terrakin'::regnamespace
    )
"""


def pgspot(script: str, folder: Path) -> str:
    """Return the summary that pgspot prints for a script."""
    file = folder / "script.sql"
    file.write_text(TRUSTED + "SET search_path = public, pg_temp;\n" + script)
    program = Path(sys.executable).parent / "pgspot"
    return subprocess.run([program, file], capture_output=True, text=True, check=False).stdout.strip()


def is_parsed(file: SqlFile) -> bool:
    """Return whether the file has a body after RETURN: its names are looked up once, when the function is created.

    pgspot cannot read such a function.
    """
    return "\nRETURN " in file.text


FILES = [
    file
    for file in read_files()
    if f"internal.{Path(file.name).stem}(" not in MERGED and file.name != STREAMED and not is_parsed(file)
]
CITUS_FILES = [file for file in read_files(is_distributed=True) if file not in read_files()]


@pytest.mark.parametrize("file", FILES + CITUS_FILES, ids=lambda file: file.name)
def test_pgspot_finds_nothing(file: SqlFile, tmp_path: Path) -> None:
    script = file.text.replace('"row"', "cell_row")  # pgspot drops the quotes that this name needs
    assert pgspot(script, tmp_path) == "Errors: 0 Warnings: 0 Unknown: 0"


def test_pgspot_finds_an_unsafe_function(tmp_path: Path) -> None:
    unsafe = "CREATE FUNCTION api.f() RETURNS int LANGUAGE sql SECURITY DEFINER AS $$ SELECT abs(1) $$;"
    assert "PS003" in pgspot(unsafe, tmp_path)


def test_functions_without_a_search_path_are_called_only_by_internal_functions_that_have_one() -> None:
    callers = [file for file in FILES if any(name in file.text for name in MERGED)]
    assert callers
    assert {file.folder for file in callers} == {"internal"}


def test_every_function_runs_as_its_caller_with_a_fixed_search_path(conn: psycopg.Connection) -> None:
    functions = conn.execute(FUNCTIONS).fetchall()
    assert len(functions) > 12
    for name, is_definer, settings, has_parsed_body in functions:
        assert not is_definer, name
        if has_parsed_body or name.startswith((*MERGED, "api.find(")):
            continue
        path = next(s for s in settings or () if s.startswith("search_path="))
        assert path in ("search_path=public, pg_temp", "search_path=pg_catalog, pg_temp"), name


@pytest.mark.parametrize("role", ["terrakin_reader", "terrakin_etl"])
def test_the_roles_cannot_create_objects_in_the_search_path(conn: psycopg.Connection, role: str) -> None:
    (may,) = conn.execute("SELECT has_schema_privilege(%s, 'public', 'CREATE')", (role,)).fetchone()
    assert not may
