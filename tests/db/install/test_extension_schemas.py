"""PostGIS and pgvector may be in a schema of their own, as many providers install them."""

from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db.backup import backup, restore
from db.check import State, check
from db.connect import connect
from db.errors import DbError
from db.install.migrate import migrate
from db.settings import Settings
from tests.builders.world import build_world
from tests.conftest import cloned_database
from tests.db.databases import run_sql, value
from tests.db.worlds import ENCODER, answers, filled_database
from webapp import create_app
from webapp.database import EXTENSION

PLACES = {
    "both": ('CREATE EXTENSION postgis SCHEMA "Ext"', 'CREATE EXTENSION vector SCHEMA "Ext"'),
    "pgvector": ("CREATE EXTENSION postgis", 'CREATE EXTENSION vector SCHEMA "Ext"'),
}
OF_AN_ANALYST = """
    SELECT t.tile_id, ST_AsText(t.footprint), t.embedding_mean <=> t.embedding_dominant
    FROM terrakin.tiles AS t
    ORDER BY t.embedding_mean <=> (SELECT q.embedding_mean FROM terrakin.tiles AS q ORDER BY q.tile_id LIMIT 1)
"""


@pytest.fixture(params=PLACES)
def placed(request: pytest.FixtureRequest, server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """A filled database whose extensions are not in schema public."""
    with cloned_database(server_home, "template0") as url:
        settings = Settings(tmp_path / ".terrakin", database_url=url)
        run_sql(settings, 'CREATE SCHEMA "Ext"', *PLACES[request.param])
        migrate(settings)
        with connect(settings) as conn:
            build_world(conn, 12, 4, seed=21, with_blocks=True)
            conn.execute(ENCODER)
        yield settings


def test_it_answers_as_with_extensions_in_public(placed: Settings, server_home: Path, tmp_path: Path) -> None:
    with filled_database(server_home, tmp_path / "usual", with_lists=False) as usual:
        assert answers(placed) == answers(usual)
        tile_id = value(usual, "SELECT min(tile_id) FROM terrakin.tiles")
        paths = (
            f"/api/v1/similar?tile_id={tile_id}&k=3",
            f"/tiles/similarity/0/0/0?tile_id={tile_id}",
            "/api/v1/stats",
        )
        found = []
        for settings in (placed, usual):
            app = create_app(settings)
            found.append([app.test_client().get(path).data for path in paths])
            app.extensions[EXTENSION].close()
        assert found[0][:2] == found[1][:2]


def test_nothing_is_found_amiss_and_nothing_is_applied_twice(placed: Settings) -> None:
    assert [finding for finding in check(placed) if finding.state == State.FAULT] == []
    assert migrate(placed) == []


def test_analysts_find_types_operators_and_functions(placed: Settings) -> None:
    with psycopg.connect(make_conninfo(str(placed.database_url), user="terrakin_reader")) as conn:
        assert len(conn.execute(OF_AN_ANALYST).fetchall()) == 12


def test_a_reader_without_the_schema_is_found_and_helped(placed: Settings) -> None:
    run_sql(placed, 'REVOKE USAGE ON SCHEMA "Ext" FROM terrakin_reader')
    texts = {finding.text for finding in check(placed)}
    assert 'terrakin_reader may not use schema "Ext" of the extensions' in texts
    migrate(placed)
    run_sql(placed, 'GRANT USAGE ON SCHEMA "Ext" TO terrakin_reader')
    assert [finding for finding in check(placed) if finding.state == State.FAULT] == []


def test_after_an_extension_has_moved_a_migration_makes_the_answers_the_same(placed: Settings) -> None:
    before = answers(placed)
    run_sql(placed, "ALTER EXTENSION vector SET SCHEMA public")
    migrate(placed)
    assert answers(placed) == before
    assert migrate(placed) == []


def test_a_backup_is_restored_where_the_extensions_are_in_the_same_place(
    placed: Settings, server_home: Path, tmp_path: Path
) -> None:
    backup(placed, tmp_path / "saved")
    for has_extensions in (False, True):
        with cloned_database(server_home, "template0") as url:
            empty = Settings(tmp_path / "empty", database_url=url)
            if has_extensions:
                run_sql(empty, "CREATE EXTENSION postgis", "CREATE EXTENSION vector")
                with pytest.raises(DbError, match=r"vector is in schema public here, and in schema Ext in the backup"):
                    restore(empty, tmp_path / "saved")
            else:
                restore(empty, tmp_path / "saved")
                assert answers(empty) == answers(placed)
