"""sql/README.md, generated from the database's comments."""

from typing import Any

import psycopg

from db.apply_sql import ROOT
from db.reference import reference


def test_the_reference_is_up_to_date(module_conn: psycopg.Connection[Any]) -> None:
    assert (ROOT / "README.md").read_text(encoding="utf-8") == reference(module_conn), "run `terrakin db docs`"


def test_every_object_is_in_it(module_conn: psycopg.Connection[Any]) -> None:
    page = reference(module_conn)
    for name in ("api.similar_tiles", "tiles.grid", "api.tile_overview", "terrakin.tiles", "terrakin.etl_tasks"):
        assert f"\n### {name}\n" in page
    assert "`embedding_mean` | vector(768) |" in page


def test_a_changed_comment_changes_it(conn: psycopg.Connection[Any]) -> None:
    before = reference(conn)
    conn.execute("COMMENT ON COLUMN terrakin.tiles.valid_share IS 'Something else | with a bar'")
    assert "Something else \\| with a bar" in reference(conn)
    assert reference(conn) != before
