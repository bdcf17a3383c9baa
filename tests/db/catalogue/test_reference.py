"""sql/README.md, generated from the database's comments."""

from typing import Any

import psycopg

from db.catalogue.files import ROOT
from db.catalogue.reference import reference


def test_the_reference_is_up_to_date(module_conn: psycopg.Connection[Any]) -> None:
    module_conn.execute("SET LOCAL search_path = public")  # as in `terrakin db docs`
    assert (ROOT / "README.md").read_text(encoding="utf-8") == reference(module_conn), "run `terrakin db docs`"


def test_every_public_object_is_in_it_once(module_conn: psycopg.Connection[Any]) -> None:
    page = reference(module_conn)
    for name in ("api.similar_tiles", "tiles.grid", "api.tile_overview", "terrakin.tiles", "terrakin.etl_tasks"):
        assert page.count(f"\n### {name}\n") == 1
    assert "`embedding_mean` | vector(768) |" in page


def test_it_begins_with_the_searches_and_ends_with_the_tables(module_conn: psycopg.Connection[Any]) -> None:
    titles = [line for line in reference(module_conn).splitlines() if line.startswith("### ")]
    assert titles[0] == "### api.similar_tiles"
    assert titles[-1].startswith("### terrakin.")


def test_an_object_without_a_section_is_listed_too(conn: psycopg.Connection[Any]) -> None:
    conn.execute("CREATE FUNCTION api.mine() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    assert "```sql\napi.mine() RETURNS integer\n```" in reference(conn)


def test_internal_objects_are_left_out(conn: psycopg.Connection[Any]) -> None:
    conn.execute("CREATE FUNCTION internal.hidden() RETURNS integer LANGUAGE sql AS 'SELECT 1'")
    assert "hidden" not in reference(conn)


def test_a_changed_comment_changes_it(conn: psycopg.Connection[Any]) -> None:
    before = reference(conn)
    conn.execute("COMMENT ON COLUMN terrakin.tiles.valid_share IS 'Something else | with a bar'")
    assert "Something else \\| with a bar" in reference(conn)
    assert reference(conn) != before
