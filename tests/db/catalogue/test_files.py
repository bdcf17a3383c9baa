"""The order in which the files of ``sql/`` run."""

import re
from pathlib import Path

import pytest

from db.catalogue.files import CITUS, ROOT, read_files
from db.errors import DbError

FILTER = re.compile(r"\b(?:plan|anchor)\.\w+|\bmin_valid_share\b")


def test_roles_come_first_types_before_functions_and_grants_last(sql_folder: Path) -> None:
    (sql_folder / "types" / "zz_type.sql").touch()
    (sql_folder / "functions" / "aa_function.sql").touch()
    names = [file.name for file in read_files()]
    assert (names[0], names[-1]) == ("roles.sql", "grants.sql")
    assert names.index("types/zz_type.sql") < names.index("functions/aa_function.sql")


def test_a_file_runs_after_those_that_it_requires(sql_folder: Path) -> None:
    (sql_folder / "functions" / "aa_function.sql").write_text("-- requires: views/zz_view.sql\nSELECT 1;")
    (sql_folder / "views" / "zz_view.sql").write_text("SELECT 1;")
    names = [file.name for file in read_files()]
    assert names.index("views/zz_view.sql") < names.index("functions/aa_function.sql")


def test_a_required_file_that_does_not_exist_is_named(sql_folder: Path) -> None:
    (sql_folder / "functions" / "tile_at.sql").write_text("-- requires: functions/no_such.sql\n")
    with pytest.raises(DbError, match=r"functions/tile_at.sql requires functions/no_such.sql"):
        read_files()


def test_a_circle_of_requirements_is_named(sql_folder: Path) -> None:
    (sql_folder / "views" / "tile_overview.sql").write_text("-- requires: functions/tile_at.sql\n")
    (sql_folder / "functions" / "tile_at.sql").write_text("-- requires: views/tile_overview.sql\n")
    with pytest.raises(DbError, match=r"circle: .*tile_at.sql"):
        read_files()


def test_where_keys_are_distributed_a_file_takes_the_place_of_another(sql_folder: Path) -> None:
    plain, distributed = read_files(), read_files(is_distributed=True)
    assert [file.name for file in plain] == [file.name for file in distributed]
    changed = {new.name for old, new in zip(plain, distributed, strict=True) if old != new}
    assert changed == {path.relative_to(ROOT / CITUS).as_posix() for path in (ROOT / CITUS).rglob("*.sql")}


def test_both_ways_to_compare_keys_have_the_same_filters() -> None:
    one, other = (
        next(file.text for file in read_files(is_distributed=is_distributed) if file.name.endswith("compared_keys.sql"))
        for is_distributed in (False, True)
    )
    # Ranges between excluded cities only save reading.
    filters = set(FILTER.findall(one)) - {"plan.city_ranges"}
    assert filters
    assert filters == set(FILTER.findall(other))
