"""Migrations: complete or without effect, repeatable, reversible, and equal to db/schema."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest
from alembic import command
from alembic.util.exc import CommandError

from db.advisory_locks import MIGRATION
from db.catalogue import files as sql_files
from db.connect import connect
from db.errors import DbError
from db.index import build_indexes
from db.install import migrate as migrate_module
from db.install.migrate import alembic_config, migrate
from db.settings import Settings
from tests.builders import make_city, make_tile
from tests.db.databases import run_sql, structure, value

REPOSITORY = Path(__file__).parents[3]


def alembic(settings: Settings, *arguments: str) -> subprocess.CompletedProcess[str]:
    """Run Alembic's own command in the repository, as a developer would."""
    return subprocess.run(
        [sys.executable, "-m", "alembic", *arguments],
        cwd=REPOSITORY,
        env={**os.environ, "DATABASE_URL": str(settings.database_url)},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_second_migration_applies_nothing(database: Settings) -> None:
    assert migrate(database) == []


def test_a_blank_database_gets_the_whole_tree(blank_database: Settings, database: Settings) -> None:
    ran = [change.name for change in migrate(blank_database)]
    files = (str(p.relative_to(sql_files.ROOT)) for p in sql_files.ROOT.rglob("*.sql"))
    assert sorted(ran) == sorted(file for file in files if not file.startswith(("examples/", "citus/")))
    assert (ran[0], ran[-1]) == ("roles.sql", "grants.sql")
    assert structure(blank_database) == structure(database)


def test_alembics_own_command_gives_the_same_structure(blank_database: Settings, database: Settings) -> None:
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
def test_alembic_check_reports_differences(database: Settings, drift: str) -> None:
    dropped: tuple[str, ...] = ()
    if "COLUMN" in drift:
        dropped = ("DROP VIEW api.tile_overview, api.city_overview, api.tile_vectors",)
    if "embedding_dominant" in drift:
        dropped += ("DROP TRIGGER delete_tile_keys ON terrakin.tiles",)
    run_sql(database, *dropped, drift)
    with pytest.raises(CommandError, match="New upgrade operations detected"):
        command.check(alembic_config(database))


def test_upgrade_downgrade_upgrade_gives_the_same_structure(database: Settings) -> None:
    before = structure(database)
    command.downgrade(alembic_config(database), "base")
    left = value(database, "SELECT array_agg(tablename::text) FROM pg_tables WHERE schemaname = 'terrakin'")
    assert left == ["alembic_version"]
    assert value(database, "SELECT count(*) FROM pg_namespace WHERE nspname IN ('api', 'internal', 'tiles')") == 0
    migrate(database)
    assert structure(database) == before


def test_footprints_round_the_earth_are_cut_at_the_antimeridian(database: Settings) -> None:
    with connect(database) as conn:
        make_city(conn, 1)
        make_tile(conn, 1, city_id=1, lon=10, lat=50)
        make_tile(conn, 2, city_id=1, lon=179.9898, lat=-16.81)
    before = value(database, "SELECT ST_AsText(footprint) FROM terrakin.tiles WHERE tile_id = 1")
    command.downgrade(alembic_config(database), "0005")
    run_sql(
        database,
        "UPDATE terrakin.tiles SET footprint = ST_GeomFromText("
        "'POLYGON((179.98 -16.82, -179.999 -16.82, -179.999 -16.8, 179.98 -16.8, 179.98 -16.82))', 4326) "
        "WHERE tile_id = 2",
    )
    migrate(database)
    assert value(database, "SELECT ST_AsText(footprint) FROM terrakin.tiles WHERE tile_id = 1") == before
    parts = value(
        database,
        "SELECT array_agg(box2d(p.geom)::text ORDER BY ST_XMin(p.geom)) "
        "FROM terrakin.tiles AS t, ST_Dump(t.footprint) AS p WHERE t.tile_id = 2",
    )
    assert parts == ["BOX(-180 -16.82,-179.999 -16.8)", "BOX(179.98 -16.82,180 -16.8)"]


def test_offline_mode_is_refused(blank_database: Settings) -> None:
    answer = alembic(blank_database, "upgrade", "head", "--sql")
    assert answer.returncode != 0
    assert value(blank_database, "SELECT to_regnamespace('terrakin') IS NULL") is True


def test_simultaneous_migrations_wait_for_each_other(blank_database: Settings) -> None:
    command_line = [sys.executable, "-m", "terrakin", "db", "migrate"]
    environment = {**os.environ, "DATABASE_URL": str(blank_database.database_url)}
    processes = [subprocess.Popen(command_line, env=environment, stderr=subprocess.PIPE, text=True) for _ in range(3)]
    answers = [process.communicate()[1] for process in processes]
    assert [process.returncode for process in processes] == [0, 0, 0], answers
    assert len([answer for answer in answers if "; 0 files of sql/ were applied" in answer]) == 2


def test_a_migration_that_waits_too_long_gives_up(database: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(migrate_module, "LOCK_TIMEOUT", "100ms")
    with psycopg.connect(str(database.database_url)) as other:
        other.execute("SELECT pg_advisory_lock(%s)", (MIGRATION,))
        with pytest.raises(DbError, match=r"lock timeout.*run it again"):
            migrate(database)
