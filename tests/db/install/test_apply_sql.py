"""The objects of ``sql/``: kept equal to their files, in this database, without taking anything of the user's along."""

import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from db.connect import connect
from db.errors import DbError
from db.install.apply_sql import CHANGED_FILE, DIFFERS, MISSING, NEW_FILE, REMOVED_FILE, Change
from db.install.migrate import migrate
from db.settings import Settings
from tests.conftest import cloned_database
from tests.db.databases import dump, run_sql, structure, value

FUNCTION = """
CREATE OR REPLACE FUNCTION api.zz_double(number integer)
RETURNS TABLE (doubled integer)
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$ SELECT 2 * number $$;
COMMENT ON FUNCTION api.zz_double IS 'Return twice the number.';
"""
VIEW = """
CREATE OR REPLACE VIEW api.zz_codes AS SELECT c.code, c.name FROM terrakin.countries AS c;
COMMENT ON VIEW api.zz_codes IS 'Codes.';
"""
TYPE = """
CREATE TYPE internal.zz_pair AS (one integer, two integer);
COMMENT ON TYPE internal.zz_pair IS 'Two numbers.';
"""
USER_OF_TYPE = """
CREATE OR REPLACE FUNCTION internal.zz_sum(pair internal.zz_pair)
RETURNS integer
LANGUAGE sql STABLE
SET search_path = public, pg_temp
AS $$ SELECT pair.one + pair.two $$;
COMMENT ON FUNCTION internal.zz_sum IS 'Return the sum of the pair.';
"""
FILES = {
    "functions/zz_double.sql": FUNCTION,
    "views/zz_codes.sql": VIEW,
    "types/zz_pair.sql": TYPE,
    "internal/zz_sum.sql": USER_OF_TYPE,
}
N_OVERLOADS = "SELECT count(*) FROM pg_proc WHERE proname = 'zz_double'"


@pytest.fixture
def tree(database: Settings, sql_folder: Path) -> Path:
    """A copy of ``sql/`` with one more file of each kind, applied to the database."""
    for name, text in FILES.items():
        (sql_folder / name).write_text(text)
    changes = {change.name: change.reason for change in migrate(database)}
    assert {changes[name] for name in FILES} == {NEW_FILE}
    assert migrate(database) == []
    return sql_folder


def reasons(settings: Settings) -> dict[str, str]:
    """Migrate; return the reason of each file but grants.sql."""
    return {change.name: change.reason for change in migrate(settings) if change.name != "grants.sql"}


def test_a_changed_file_is_applied_again_with_those_that_require_it(database: Settings, tree: Path) -> None:
    (tree / "views" / "zz_codes.sql").write_text("-- requires: functions/zz_double.sql\n" + VIEW)
    migrate(database)
    (tree / "functions" / "zz_double.sql").write_text(FUNCTION.replace("2 * number", "number + number"))
    assert reasons(database) == {
        "functions/zz_double.sql": CHANGED_FILE,
        "views/zz_codes.sql": "requires functions/zz_double.sql",
    }
    assert migrate(database) == []


def test_the_reader_may_call_a_function_that_was_created_again(database: Settings, tree: Path) -> None:
    (tree / "functions" / "zz_double.sql").write_text(FUNCTION.replace("integer", "bigint"))
    migrate(database)
    with connect(database, "reader") as conn:
        assert conn.execute("SELECT doubled FROM api.zz_double(4)").fetchone() == (8,)


@pytest.mark.parametrize(
    ("by_hand", "name", "reason"),
    [
        ("DROP FUNCTION api.zz_double", "functions/zz_double.sql", MISSING),
        (FUNCTION.replace("2 * number", "3 * number"), "functions/zz_double.sql", DIFFERS),
        ("COMMENT ON FUNCTION api.zz_double IS NULL", "functions/zz_double.sql", DIFFERS),
        (FUNCTION.replace("number integer", "number text").replace("2 * number", "2")
         .replace("COMMENT ON FUNCTION api.zz_double ", "COMMENT ON FUNCTION api.zz_double(text) "),
         "functions/zz_double.sql", DIFFERS),
        ("ALTER FUNCTION api.zz_double RESET ALL", "functions/zz_double.sql", DIFFERS),
        ("DROP VIEW api.zz_codes", "views/zz_codes.sql", MISSING),
        ("CREATE OR REPLACE VIEW api.zz_codes AS SELECT c.name AS code, c.code AS name FROM terrakin.countries AS c",
         "views/zz_codes.sql", DIFFERS),
        ("COMMENT ON COLUMN api.zz_codes.code IS 'Changed.'", "views/zz_codes.sql", DIFFERS),
        ("ALTER TYPE internal.zz_pair ADD ATTRIBUTE three integer", "types/zz_pair.sql", DIFFERS),
        ("DROP TRIGGER count_tiles_version ON terrakin.tiles", "triggers/count_tiles_version.sql", DIFFERS),
        ("REVOKE SELECT ON api.zz_codes FROM terrakin_reader", "grants.sql", DIFFERS),
        ("GRANT EXECUTE ON FUNCTION api.zz_double TO PUBLIC", "grants.sql", DIFFERS),
    ],
)  # fmt: skip
def test_what_was_changed_by_hand_is_put_back(
    database: Settings, tree: Path, by_hand: str, name: str, reason: str
) -> None:
    before = structure(database)
    run_sql(database, by_hand)
    assert Change(name, reason) in migrate(database)
    if "COLUMN" not in by_hand:  # a file without COMMENT ON COLUMN does not remove one
        assert structure(database) == before
    assert migrate(database) == []


@pytest.fixture
def restored(database: Settings, server_home: Path, tmp_path: Path) -> Iterator[Settings]:
    """A database with the dump of ``database``, as ``pg_dump`` and ``psql`` make it."""
    with cloned_database(server_home, "template0") as url:
        settings = Settings(tmp_path / ".terrakin", database_url=url)
        psql = ["psql", "--quiet", "--set=ON_ERROR_STOP=1", url]
        subprocess.run(psql, input=dump(database), text=True, check=True, capture_output=True)
        yield settings


def test_a_function_dropped_from_a_restored_dump_is_put_back(database: Settings, restored: Settings) -> None:
    assert migrate(restored) == []
    run_sql(restored, "DROP FUNCTION api.tile_at")
    assert reasons(restored)["functions/tile_at.sql"] == MISSING
    assert structure(restored) == structure(database)


def test_privileges_missing_from_a_dump_are_granted(database: Settings, server_home: Path, tmp_path: Path) -> None:
    with cloned_database(server_home, "template0") as url:
        settings = Settings(tmp_path / ".terrakin", database_url=url)
        plain = dump(database, "--no-privileges")
        subprocess.run(["psql", "--quiet", url], input=plain, text=True, check=True, capture_output=True)
        assert migrate(settings) == [Change("grants.sql", DIFFERS)]
        with connect(settings, "reader") as conn:
            assert conn.execute("SELECT count(*) FROM api.tile_overview").fetchone() == (0,)


@pytest.mark.parametrize(
    "change",
    [
        ("number integer", "number integer, factor integer DEFAULT 1"),
        ("number integer", "n integer"),
        ("number integer", "number text"),
        ("TABLE (doubled integer)", "TABLE (twice integer)"),
        ("TABLE (doubled integer)", "SETOF bigint"),
    ],
)
def test_a_changed_signature_leaves_no_overload(database: Settings, tree: Path, change: tuple[str, str]) -> None:
    text = FUNCTION.replace(*change).replace("2 * number", "2")
    (tree / "functions" / "zz_double.sql").write_text(text)
    assert reasons(database) == {"functions/zz_double.sql": CHANGED_FILE}
    assert value(database, N_OVERLOADS) == 1
    assert migrate(database) == []


@pytest.mark.parametrize(
    ("mine", "name", "text"),
    [
        ("SELECT * FROM api.zz_codes", "views/zz_codes.sql", VIEW.replace("c.code, c.name", "c.name, c.code")),
        ("SELECT * FROM api.zz_codes", "views/zz_codes.sql", None),
        ("SELECT * FROM api.zz_double(1)", "functions/zz_double.sql", FUNCTION.replace("(doubled ", "(twice ")),
        ("SELECT * FROM api.zz_double(1)", "functions/zz_double.sql", FUNCTION.replace("(number", "(a text, number")),
        ("SELECT * FROM api.zz_double(1)", "functions/zz_double.sql", None),
        ("SELECT internal.zz_sum((1, 2))", "types/zz_pair.sql", TYPE.replace("two integer", "two bigint")),
        ("SELECT (1, 2)::internal.zz_pair AS pair", "types/zz_pair.sql", TYPE.replace("two integer", "two bigint")),
    ],
)
def test_a_users_view_stops_the_migration_with_its_name(
    database: Settings, tree: Path, mine: str, name: str, text: str | None
) -> None:
    run_sql(database, f"CREATE VIEW public.mine AS {mine}")
    before = structure(database)
    if text is None:
        (tree / name).unlink()
    else:
        (tree / name).write_text(text)
    with pytest.raises(DbError, match=r"view mine depends on") as refused:
        migrate(database)
    assert name in str(refused.value)
    assert "\n" not in str(refused.value)
    assert "CASCADE" not in str(refused.value)
    assert structure(database) == before


@pytest.mark.parametrize(
    ("mine", "name", "text"),
    [
        ("SELECT * FROM api.zz_codes", "views/zz_codes.sql", VIEW.replace("c.name FROM", "c.name, c.continent FROM")),
        ("SELECT * FROM api.zz_double(1)", "functions/zz_double.sql", FUNCTION.replace("2 *", "4 *")),
        ("SELECT * FROM api.zz_double(1)", "functions/zz_double.sql",
         FUNCTION.replace("(number integer)", "(number integer DEFAULT 3)")),
    ],
)  # fmt: skip
def test_what_can_be_replaced_does_not_disturb_a_users_view(
    database: Settings, tree: Path, mine: str, name: str, text: str
) -> None:
    run_sql(database, f"CREATE VIEW public.mine AS {mine}")
    (tree / name).write_text(text)
    assert reasons(database) == {name: CHANGED_FILE}
    assert value(database, "SELECT to_regclass('public.mine') IS NOT NULL") is True


def test_a_changed_type_is_created_again_with_the_functions_that_use_it(database: Settings, tree: Path) -> None:
    (tree / "types" / "zz_pair.sql").write_text(TYPE.replace("two integer", "two integer, three integer"))
    assert reasons(database) == {
        "types/zz_pair.sql": CHANGED_FILE,
        "internal/zz_sum.sql": "depends on types/zz_pair.sql",
    }
    assert value(database, "SELECT internal.zz_sum((1, 2, 3))") == 3


def test_a_view_of_ours_on_a_changed_view_is_created_again(database: Settings, tree: Path) -> None:
    (tree / "views" / "zz_names.sql").write_text(
        "-- requires: views/zz_codes.sql\nCREATE OR REPLACE VIEW api.zz_names AS SELECT z.name FROM api.zz_codes AS z;"
    )
    migrate(database)
    (tree / "views" / "zz_codes.sql").write_text(VIEW.replace("c.code, c.name", "c.name"))
    assert reasons(database) == {
        "views/zz_codes.sql": CHANGED_FILE,
        "views/zz_names.sql": "depends on views/zz_codes.sql",
    }


def test_a_dependent_file_without_its_requires_line_is_named(database: Settings, tree: Path) -> None:
    (tree / "views" / "aa_names.sql").write_text(
        "CREATE OR REPLACE VIEW api.aa_names AS SELECT z.name FROM api.zz_codes AS z;"
    )
    migrate(database)
    (tree / "views" / "zz_codes.sql").write_text(VIEW.replace("c.code, c.name", "c.name"))
    with pytest.raises(DbError, match=r"aa_names.sql depends on views/zz_codes.sql.*-- requires"):
        migrate(database)


def test_removed_files_take_their_objects_along(database: Settings, tree: Path) -> None:
    for name in FILES:
        (tree / name).unlink()
    assert reasons(database) == dict.fromkeys(FILES, REMOVED_FILE)
    assert value(database, "SELECT count(*) FROM pg_proc WHERE proname ~ '^zz_'") == 0
    assert value(database, "SELECT count(*) FROM pg_class WHERE relname ~ '^zz_'") == 0
    assert value(database, "SELECT count(*) FROM terrakin.sql_files WHERE name ~ 'zz_'") == 0


def test_a_file_that_does_not_create_its_object_is_named(database: Settings, sql_folder: Path) -> None:
    (sql_folder / "functions" / "zz_other.sql").write_text(FUNCTION)
    with pytest.raises(DbError, match=r"functions/zz_other.sql"):
        migrate(database)


def test_a_users_own_objects_in_our_schemas_are_left_alone(database: Settings, tree: Path) -> None:
    run_sql(database, FUNCTION.replace("zz_double", "mine"), VIEW.replace("zz_codes", "my_codes"))
    migrate(database)
    assert value(database, "SELECT to_regproc('api.mine') IS NOT NULL AND to_regclass('api.my_codes') IS NOT NULL")


def test_on_citus_a_dropped_trigger_stays_dropped(database: Settings) -> None:
    run_sql(
        database,
        "DROP TRIGGER count_tiles_version ON terrakin.tiles",
        "UPDATE pg_extension SET extname = 'citus' WHERE extname = 'plpgsql'",
    )
    assert migrate(database) == []


def test_a_broken_file_undoes_the_whole_migration(blank_database: Settings, sql_folder: Path) -> None:
    (sql_folder / "views" / "zzz.sql").write_text("CREATE VIEW api.zzz AS SELECT no_such_column FROM terrakin.tiles;")
    with pytest.raises(DbError, match=r"nothing was changed: sql/views/zzz.sql failed: .*no_such_column") as refused:
        migrate(blank_database)
    assert "\n" not in str(refused.value)
    with psycopg.connect(str(blank_database.database_url)) as conn:
        assert conn.execute("SELECT to_regnamespace('terrakin')").fetchone() == (None,)
