"""Errors of PostgreSQL at the command line: one line that tells what happened and what can be done."""

import psycopg
import pytest
from psycopg import errors as pg

from db.connect import connect
from db.failures import explain_failure
from db.settings import Settings
from tests.db.databases import run_sql, value
from tests.etl.conftest import InThisProcess, environment


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (pg.QueryCanceled("canceling statement due to statement timeout"), "statement_timeout"),
        (pg.DiskFull("could not extend file"), "free space"),
        (pg.LockNotAvailable("canceling statement due to lock timeout"), "holds a lock"),
        (pg.ReadOnlySqlTransaction("cannot execute INSERT in a read-only transaction"), "primary"),
        (pg.InsufficientPrivilege("permission denied for table tiles"), "db migrate"),
        (pg.AdminShutdown("terminating connection due to administrator command"), "start it"),
        (pg.CrashShutdown("terminating connection because of crash"), "connection to PostgreSQL is lost"),
        (pg.ProgramLimitExceeded("memory required is 13257 MB, maintenance_work_mem is 2048 MB"), "its message"),
        (pg.IoError("could not read block 3"), "its log"),
        (psycopg.OperationalError("server closed the connection\n unexpectedly"), "connection to PostgreSQL is lost"),
    ],
)
def test_each_kind_has_its_advice(error: psycopg.Error, word: str) -> None:
    line = explain_failure(error)
    assert line
    assert word in line
    assert "\n" not in line


@pytest.mark.parametrize("error", [pg.UndefinedColumn("x"), pg.NotNullViolation("x"), psycopg.ProgrammingError("x")])
def test_a_fault_of_the_program_is_not_explained_away(error: psycopg.Error) -> None:
    assert explain_failure(error) is None


@pytest.mark.parametrize(
    "arguments", [("db", "index", "--refit"), ("qgis", "setup"), ("db", "migrate"), ("etl", "retry")]
)
def test_a_read_only_server_is_reported_in_one_line(database: Settings, arguments: tuple[str, ...]) -> None:
    run_sql(database, "DROP VIEW api.umap_overview")  # so that the migration has something to do
    name = value(database, "SELECT current_database()")
    run_sql(database, f"ALTER DATABASE {name} SET default_transaction_read_only = on")
    done = InThisProcess(environment(database.home, database.database_url))(*arguments)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    line = done.stderr.strip().splitlines()[-1]
    assert line.startswith("terrakin: error: ")
    assert "read-only" in line


def test_a_timeout_of_the_owners_role_does_not_end_a_long_statement(database: Settings) -> None:
    name = value(database, "SELECT current_database()")
    run_sql(database, f"ALTER DATABASE {name} SET statement_timeout = '50ms'")
    for role in ("owner", "etl"):
        with connect(database, role, autocommit=True) as conn:
            assert conn.execute("SELECT pg_sleep(0.2), 1").fetchone() == ("", 1)
