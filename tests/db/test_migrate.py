"""Migrations: complete or without effect, repeatable, reversible, and equal to db/schema.py."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.util.exc import CommandError

from db import apply_sql
from db import migrate as migrate_module
from db.binaries import bin_dir
from db.connect import connect
from db.errors import DbError
from db.index import build_indexes
from db.migrate import ADVISORY_LOCK, alembic_config, migrate
from db.settings import Settings

REPOSITORY = Path(__file__).parents[2]


def alembic(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Alembic's own command in the repository, as a developer would call it."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": str(settings.database_url)},
        capture_output=True,
        text=True,
        check=False,
    )


def structure(settings: Settings) -> list[str]:
    """All that pg_dump knows about the database but its rows, sorted; without the random key of its own."""
    program = str(bin_dir() / "pg_dump")
    dumped = subprocess.check_output([program, "--schema-only", str(settings.database_url)], text=True)
    return sorted(line for line in dumped.splitlines() if not line.startswith((r"\restrict", r"\unrestrict")))


def run_sql(settings: Settings, *statements: str) -> None:
    with psycopg.connect(str(settings.database_url)) as conn:
        for statement in statements:
            conn.execute(statement)  # type: ignore[call-overload]


def value(settings: Settings, query: str) -> object:
    with psycopg.connect(str(settings.database_url)) as conn:
        (found,) = conn.execute(query).fetchone()  # type: ignore[call-overload, misc]
    return found


@pytest.fixture
def sql_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of ``sql/`` that a test may change, and that migrations read."""
    copy = tmp_path / "sql"
    shutil.copytree(apply_sql.ROOT, copy)
    monkeypatch.setattr(apply_sql, "ROOT", copy)
    return copy


def test_a_second_migration_runs_nothing(database: Settings) -> None:
    assert migrate(database) == []


def test_a_blank_database_gets_the_whole_tree(blank_database: Settings, database: Settings) -> None:
    ran = migrate(blank_database)
    files = (str(p.relative_to(apply_sql.ROOT)) for p in apply_sql.ROOT.rglob("*.sql"))
    assert sorted(ran) == sorted(file for file in files if not file.startswith("examples/"))  # recipes, not objects
    assert (ran[0], ran[-1]) == ("roles.sql", "grants.sql")
    assert structure(blank_database) == structure(database)


def test_alembics_own_command_does_the_same(blank_database: Settings, database: Settings) -> None:
    answer = alembic(blank_database, "upgrade", "head")
    assert answer.returncode == 0, answer.stderr
    assert structure(blank_database) == structure(database)
    connect(blank_database, "reader").close()


def test_alembic_check_is_clean_with_and_without_vector_indexes(database: Settings) -> None:
    for _ in range(2):
        answer = alembic(database, "check")
        assert answer.returncode == 0, answer.stdout + answer.stderr
        assert "No new upgrade operations detected" in answer.stdout
        build_indexes(database)


@pytest.mark.parametrize(
    "drift",
    [
        "ALTER TABLE terrakin.cities ADD COLUMN mayor text",
        "ALTER TABLE terrakin.cities DROP COLUMN population",
        "COMMENT ON COLUMN terrakin.cities.name IS 'Something else'",
        "COMMENT ON TABLE terrakin.cities IS NULL",
        "DROP INDEX terrakin.ix_tiles_footprint",
        "CREATE TABLE terrakin.extra (id bigint)",
        "ALTER TABLE terrakin.tiles ALTER COLUMN embedding_dominant TYPE vector(3)",
    ],
)
def test_alembic_check_sees_what_differs(database: Settings, drift: str) -> None:
    dropped = ("DROP VIEW api.tile_overview, api.city_overview",) if "COLUMN" in drift else ()
    run_sql(database, *dropped, drift)
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        command.check(alembic_config(database))


def test_up_down_up_comes_back_to_the_same(database: Settings) -> None:
    before = structure(database)
    command.downgrade(alembic_config(database), "base")
    left = value(database, "SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'terrakin'")
    assert left == ["alembic_version"]
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('api', 'tiles')") == 0
    migrate(database)
    assert structure(database) == before


def test_offline_mode_is_refused(blank_database: Settings) -> None:
    answer = alembic(blank_database, "upgrade", "head", "--sql")
    assert answer.returncode != 0
    assert value(blank_database, "SELECT to_regnamespace('terrakin') IS NULL") is True


def test_a_broken_file_undoes_the_whole_migration(blank_database: Settings, sql_folder: Path) -> None:
    (sql_folder / "views" / "zzz.sql").write_text("CREATE VIEW api.zzz AS SELECT no_such_column FROM terrakin.tiles;")
    with pytest.raises(DbError, match=r"nothing was changed: sql/views/zzz.sql failed: .*no_such_column") as refused:
        migrate(blank_database)
    assert "\n" not in str(refused.value)
    assert value(blank_database, "SELECT to_regnamespace('terrakin') IS NULL") is True


def test_a_changed_file_runs_again_with_those_that_require_it(database: Settings, sql_folder: Path) -> None:
    file = sql_folder / "functions" / "check_search.sql"
    file.write_text(file.read_text() + "\n-- changed\n")
    first, *dependents, last = migrate(database)
    assert (first, last) == ("functions/check_search.sql", "grants.sql")
    others = (
        "search_tiles",
        "similar_at",
        "similar_cities",
        "similar_tiles",
        "similar_to_area",
        "similar_to_examples",
        "similar_to_vector",
    )
    assert sorted(dependents) == [f"functions/{name}.sql" for name in others]
    order = [f"functions/{name}.sql" for name in ("similar_to_vector", "similar_tiles", "similar_at")]
    assert [name for name in dependents if name in order] == order
    assert migrate(database) == []
    with connect(database, "reader") as conn:
        assert conn.execute("SELECT has_function_privilege(oid, 'EXECUTE') FROM pg_proc WHERE proname = 'check_search'"
                            ).fetchone() == (True,)  # fmt: skip


def test_a_removed_file_takes_its_object_along(database: Settings, sql_folder: Path) -> None:
    (sql_folder / "views" / "city_overview.sql").unlink()
    (sql_folder / "functions" / "tile_id.sql").unlink()
    migrate(database)
    assert value(database, "SELECT to_regclass('api.city_overview') IS NULL AND to_regproc('api.tile_id') IS NULL")
    assert value(database, "SELECT count(*) FROM terrakin.sql_files WHERE name ~ 'city_overview|tile_id'") == 0


def test_a_removed_file_whose_object_is_in_use_stops_the_migration(database: Settings, sql_folder: Path) -> None:
    run_sql(database, "CREATE VIEW public.mine AS SELECT * FROM api.city_overview")
    (sql_folder / "views" / "city_overview.sql").unlink()
    with pytest.raises(
        DbError, match=r"city_overview.sql is gone, but its object cannot be dropped: .*view mine depends"
    ):
        migrate(database)
    assert value(database, "SELECT to_regclass('api.city_overview') IS NOT NULL") is True


@pytest.mark.parametrize(
    ("header", "claim"),
    [
        ("-- requires: functions/no_such.sql\n", "requires functions/no_such.sql, which does not exist"),
        ("-- requires: views/tile_overview.sql\n", "in a circle"),
    ],
)
def test_requirements_that_cannot_be_met_are_named(
    database: Settings, sql_folder: Path, header: str, claim: str
) -> None:
    view, function = sql_folder / "views" / "tile_overview.sql", sql_folder / "functions" / "tile_at.sql"
    view.write_text("-- requires: functions/tile_at.sql\n" + view.read_text())
    function.write_text(header + function.read_text())
    with pytest.raises(DbError, match=claim):
        migrate(database)


def test_migrations_at_once_wait_for_each_other(blank_database: Settings) -> None:
    command_line = [sys.executable, "-m", "terrakin", "db", "migrate"]
    environment = {**os.environ, "DATABASE_URL": str(blank_database.database_url)}
    processes = [subprocess.Popen(command_line, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert len([answer for answer in answers if "; 0 files of sql/ were applied" in answer]) == 2


def test_a_migration_that_waits_too_long_gives_up(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(str(database.database_url)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (ADVISORY_LOCK,))
        with pytest.raises(DbError, match=r"lock timeout.*run it again when that has ended"):
            migrate(database)
