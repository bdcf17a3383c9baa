"""Privileges of the roles, by trying them."""

from typing import Any

import psycopg
import pytest

from db.connect import connect
from db.install.migrate import migrate, unset_limits
from db.settings import Settings
from tests.builders import make_city, make_tile
from tests.db.databases import run_sql, value

RELATIONS = """
    SELECT format('%I.%I', n.nspname, c.relname), n.nspname
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE n.nspname IN ('terrakin', 'api') AND c.relkind IN ('r', 'v')
"""
OWN_RECORDS = {
    "terrakin.alembic_version",
    "terrakin.sql_files",
    "terrakin.country_outlines",
    "terrakin.embedding_sets",
    "terrakin.imported_files",
    "terrakin.imported_items",
    "terrakin.imported_sets",
}
"""Written by the owner only: the ledgers of migrations, the base map of QGIS, which sets of keys there are, and what
was imported."""
LOCKED = {("terrakin.embedding_sets", "UPDATE")}
"""A load locks the set that it adds keys to; a change of the post-processing restarts it."""
PARTITION = "terrakin.embedding_keys_"
"""Keys are written through the partitioned table."""
FUNCTIONS = """
    SELECT p.oid::regprocedure::text, has_function_privilege(%s, p.oid, 'EXECUTE')
    FROM pg_proc AS p
    WHERE p.pronamespace IN ('api'::regnamespace, 'tiles'::regnamespace)
"""
WRITES = (
    "INSERT INTO terrakin.countries (code, name, continent) VALUES ('XX', 'Nowhere', 'Europe')",
    "UPDATE terrakin.cities SET name = 'x'",
    "DELETE FROM terrakin.tiles",
    "TRUNCATE terrakin.tiles CASCADE",
    "UPDATE terrakin.alembic_version SET version_num = 'x'",
    "CREATE TABLE terrakin.mine ()",
    "CREATE TABLE public.mine ()",
    "CREATE VIEW api.mine AS SELECT 1",
    "DROP VIEW api.tile_overview",
    "DROP TABLE terrakin.tiles CASCADE",
    "CREATE OR REPLACE FUNCTION api.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'",
    "ALTER ROLE terrakin_reader SUPERUSER",
    "COPY terrakin.cities TO PROGRAM 'cat'",
)
ETL_MAY = 3
"""Number of statements at the start of WRITES that the ETL may execute."""


def relations(conn: psycopg.Connection[Any]) -> list[tuple[str, str]]:
    return conn.execute(RELATIONS).fetchall()


def test_the_reader_reads_everything_and_calls_everything(database: Settings) -> None:
    with connect(database, "reader") as conn:
        found = relations(conn)
        assert len(found) > 10
        for name, _ in found:
            conn.execute(f"TABLE {name} LIMIT 1")  # type: ignore[call-overload]
        assert {may for _, may in conn.execute(FUNCTIONS, ("terrakin_reader",))} == {True}


@pytest.mark.parametrize("statement", WRITES)
def test_the_reader_writes_nothing(database: Settings, statement: str) -> None:
    with connect(database, "reader", autocommit=True) as conn:
        conn.execute("SET default_transaction_read_only = off")  # privileges must suffice without this setting
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            conn.execute(statement)  # type: ignore[call-overload]


@pytest.mark.parametrize("statement", WRITES[ETL_MAY:])
def test_the_etl_changes_no_structure(database: Settings, statement: str) -> None:
    with (
        connect(database, "etl", autocommit=True) as conn,
        pytest.raises(psycopg.errors.InsufficientPrivilege),
    ):
        conn.execute(statement)  # type: ignore[call-overload]


def test_the_etl_loads_through_a_staging_table(database: Settings) -> None:
    with connect(database, "etl") as conn:
        make_city(conn)
        make_tile(conn, 1)
        conn.execute("CREATE TEMP TABLE staging (LIKE terrakin.tiles) ON COMMIT DROP")
        conn.execute("INSERT INTO staging SELECT * FROM terrakin.tiles")
        conn.execute("UPDATE terrakin.tiles SET umap_x = 1")
        conn.execute("DELETE FROM terrakin.tiles")
        conn.execute("INSERT INTO terrakin.layouts (method, parameters, n_tiles) VALUES ('umap', '{}', 1)")
        assert {may for _, may in conn.execute(FUNCTIONS, ("terrakin_etl",))} == {True}


def test_the_etl_may_write_every_table_of_data(database: Settings) -> None:
    with connect(database) as conn:
        for name, schema in relations(conn):
            expected = schema == "terrakin" and name not in OWN_RECORDS and not name.startswith(PARTITION)
            for privilege in ("INSERT", "UPDATE", "DELETE"):
                row = conn.execute("SELECT has_table_privilege('terrakin_etl', %s, %s)", (name, privilege)).fetchone()
                assert row == (expected or (name, privilege) in LOCKED,), (name, privilege)


def test_another_role_has_no_privileges(database: Settings) -> None:
    with connect(database) as conn:
        conn.execute("CREATE ROLE stranger")
        for schema in ("terrakin", "api", "tiles"):
            row = conn.execute("SELECT has_schema_privilege('stranger', %s, 'USAGE')", (schema,)).fetchone()
            assert row == (False,)
        assert {may for _, may in conn.execute(FUNCTIONS, ("stranger",))} == {False}
        conn.rollback()


def test_the_reader_reads_tables_that_the_owner_adds_by_hand(database: Settings) -> None:
    with connect(database) as conn:
        conn.execute("CREATE TABLE terrakin.by_hand AS SELECT 1 AS number")
    with connect(database, "reader") as conn:
        assert conn.execute("SELECT number FROM terrakin.by_hand").fetchone() == (1,)


def test_none_of_our_roles_is_a_superuser(database: Settings) -> None:
    with connect(database) as conn:
        rows = conn.execute(
            "SELECT rolname, rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls, rolcanlogin "
            "FROM pg_roles WHERE rolname IN ('terrakin_reader', 'terrakin_etl')"
        ).fetchall()
    assert sorted(rows) == [("terrakin_etl", False, True), ("terrakin_reader", False, True)]


LIMITS = "SELECT rolconfig FROM pg_roles WHERE rolname = 'terrakin_reader'"


def limits(settings: Settings) -> list[str]:
    """Return the settings of terrakin_reader; their order is that in which they were set."""
    found = value(settings, LIMITS)
    assert isinstance(found, list)
    return sorted(found)


def test_limits_that_a_new_server_lacks_are_set_again(database: Settings) -> None:
    before = limits(database)
    run_sql(database, "ALTER ROLE terrakin_reader RESET ALL")
    assert migrate(database)[0].name == "roles.sql"
    assert limits(database) == before
    assert migrate(database) == []


def test_a_limit_that_an_operator_has_changed_stays(database: Settings) -> None:
    run_sql(database, "ALTER ROLE terrakin_reader SET statement_timeout = '5min'")
    try:
        migrate(database)
        assert "statement_timeout=5min" in str(value(database, LIMITS))
    finally:
        run_sql(database, "ALTER ROLE terrakin_reader SET statement_timeout = '30s'")


def test_missing_limits_are_listed_for_a_superuser(database: Settings) -> None:
    assert unset_limits(database) == ""
    run_sql(database, "ALTER ROLE terrakin_reader RESET statement_timeout")
    statements = unset_limits(database)
    assert statements == "ALTER ROLE terrakin_reader SET statement_timeout = '30s'"
    run_sql(database, statements)
    assert unset_limits(database) == ""


def test_grants_that_a_dump_left_out_are_made_again(database: Settings) -> None:
    run_sql(
        database, "REVOKE ALL ON SCHEMA api FROM terrakin_reader", "REVOKE ALL ON terrakin.tiles FROM terrakin_reader"
    )
    assert [change.name for change in migrate(database)] == ["grants.sql"]
    with connect(database, "reader") as conn:
        assert conn.execute("SELECT count(*) FROM api.tile_overview").fetchone() == (0,)
