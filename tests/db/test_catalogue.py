"""The system catalogue: everything has a comment, files equal objects, functions are declared correctly."""

import json
from pathlib import Path
from typing import Any

import psycopg
import pytest

from db.catalogue.files import FOLDERS, ROOT

UNCOMMENTED = """
    SELECT 'schema ' || n.nspname
    FROM pg_namespace AS n
    WHERE n.nspname IN ('terrakin', 'api', 'internal', 'tiles') AND obj_description(n.oid, 'pg_namespace') IS NULL
    UNION ALL
    SELECT 'relation ' || c.oid::regclass::text
    FROM pg_class AS c
    WHERE c.relnamespace::regnamespace::text IN ('terrakin', 'api', 'internal', 'tiles')
        AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition AND c.relname <> 'alembic_version'
        AND coalesce(obj_description(c.oid, 'pg_class'), '') = ''
    UNION ALL
    SELECT 'column ' || c.oid::regclass::text || '.' || a.attname
    FROM pg_class AS c
    JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
    WHERE c.relnamespace::regnamespace::text IN ('terrakin', 'api', 'internal', 'tiles')
        AND c.relkind IN ('r', 'v', 'm', 'p', 'f') AND NOT c.relispartition AND c.relname <> 'alembic_version'
        AND coalesce(col_description(c.oid, a.attnum), '') = ''
    UNION ALL
    SELECT 'type ' || t.oid::regtype::text
    FROM pg_type AS t
    JOIN pg_class AS c ON c.oid = t.typrelid AND c.relkind = 'c'
    WHERE t.typnamespace = 'internal'::regnamespace AND coalesce(obj_description(t.oid, 'pg_type'), '') = ''
    UNION ALL
    SELECT 'function ' || p.oid::regprocedure::text
    FROM pg_proc AS p
    WHERE p.pronamespace::regnamespace::text IN ('terrakin', 'api', 'internal', 'tiles')
        AND coalesce(obj_description(p.oid, 'pg_proc'), '') = ''
"""
OBJECTS = """
    SELECT n.nspname, p.proname, 'FUNCTION'
    FROM pg_proc AS p
    JOIN pg_namespace AS n ON n.oid = p.pronamespace
    WHERE n.nspname IN ('terrakin', 'api', 'internal', 'tiles')
    UNION ALL
    SELECT n.nspname, c.relname, CASE c.relkind WHEN 'c' THEN 'TYPE' ELSE 'VIEW' END
    FROM pg_class AS c
    JOIN pg_namespace AS n ON n.oid = c.relnamespace
    WHERE (n.nspname IN ('api', 'internal', 'tiles') AND c.relkind <> 'i')
        OR (n.nspname = 'terrakin' AND c.relkind = 'v')
"""
CONSTRAINTS = """
    SELECT c.relname, x.name, x.kind
    FROM (
        SELECT k.conrelid, k.conname, k.contype::text FROM pg_constraint AS k
        UNION ALL
        SELECT i.indrelid, r.relname, 'i'
        FROM pg_index AS i
        JOIN pg_class AS r ON r.oid = i.indexrelid
        WHERE NOT i.indisunique
    ) AS x (relation, name, kind)
    JOIN pg_class AS c ON c.oid = x.relation
    WHERE c.relnamespace = 'terrakin'::regnamespace AND NOT c.relispartition AND c.relname <> 'alembic_version'
"""
PREFIXES = {"p": "pk", "f": "fk", "u": "uq", "c": "ck", "i": "ix"}


def names(conn: psycopg.Connection[Any], query: str) -> list[Any]:
    return [row[0] for row in conn.execute(query)]  # type: ignore[call-overload]


def test_everything_has_a_comment(module_conn: psycopg.Connection[Any]) -> None:
    assert names(module_conn, UNCOMMENTED) == []


def test_the_search_for_missing_comments_finds_them(conn: psycopg.Connection[Any]) -> None:
    conn.execute("COMMENT ON SCHEMA api IS NULL")
    conn.execute("COMMENT ON FUNCTION api.tile_cell IS NULL")
    conn.execute("COMMENT ON COLUMN api.tile_overview.lon IS NULL")
    conn.execute("COMMENT ON TABLE terrakin.tiles IS NULL")
    assert len(names(conn, UNCOMMENTED)) == 4


def test_files_and_objects_are_the_same_and_none_is_overloaded(module_conn: psycopg.Connection[Any]) -> None:
    from_files = sorted(
        (schema, path.stem, kind)
        for folder, (kind, schema) in FOLDERS.items()
        for path in (ROOT / folder).glob("*.sql")
    )
    assert sorted(module_conn.execute(OBJECTS).fetchall()) == from_files


def test_no_function_that_reads_a_table_claims_to_be_immutable(module_conn: psycopg.Connection[Any]) -> None:
    immutable_readers = r"""
        SELECT p.oid::regprocedure::text
        FROM pg_proc AS p
        WHERE p.pronamespace::regnamespace::text IN ('api', 'internal', 'tiles')
            AND p.provolatile = 'i' AND p.prosrc ~* '(from|join)\s+(terrakin|api)\.[a-z_]+\y(?!\()'
    """
    assert names(module_conn, immutable_readers) == []


def test_no_function_writes_or_runs_with_its_owners_privileges(module_conn: psycopg.Connection[Any]) -> None:
    volatile = """
        SELECT p.oid::regprocedure::text
        FROM pg_proc AS p
        WHERE p.pronamespace::regnamespace::text IN ('api', 'internal', 'tiles')
            AND (p.provolatile = 'v' OR p.prosecdef)
    """
    assert names(module_conn, volatile) == []


def test_constraints_and_indexes_are_named_by_the_convention(module_conn: psycopg.Connection[Any]) -> None:
    rows = module_conn.execute(CONSTRAINTS).fetchall()
    assert len(rows) > 20
    assert [r for r in rows if not r[1].startswith(f"{PREFIXES[r[2]]}_{r[0]}")] == []


def test_every_foreign_key_has_an_index_that_begins_with_it(module_conn: psycopg.Connection[Any]) -> None:
    bare = """
        SELECT k.conname
        FROM pg_constraint AS k
        WHERE k.contype = 'f' AND k.connamespace = 'terrakin'::regnamespace
            AND NOT EXISTS (SELECT 1 FROM pg_index AS i WHERE i.indrelid = k.conrelid AND i.indkey[0] = k.conkey[1])
    """
    assert names(module_conn, bare) == []


def test_tile_functions_have_martins_signature_and_a_json_comment(module_conn: psycopg.Connection[Any]) -> None:
    functions = """
        SELECT pg_get_function_identity_arguments(p.oid), obj_description(p.oid, 'pg_proc')
        FROM pg_proc AS p
        WHERE p.pronamespace = 'tiles'::regnamespace
    """
    rows = module_conn.execute(functions).fetchall()  # type: ignore[call-overload]
    assert rows
    for arguments, comment in rows:
        assert arguments.startswith("z integer, x integer, y integer, query json")
        assert json.loads(comment)["description"]


SQL_FILES = sorted(set(ROOT.rglob("*.sql")) - set(ROOT.glob("examples/*.sql")) - set(ROOT.glob("types/*.sql")))
"""All but the recipes, which create nothing, and the types, which have no CREATE OR REPLACE."""


@pytest.mark.parametrize("path", SQL_FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_a_file_can_be_run_again(path: Path, conn: psycopg.Connection[Any]) -> None:
    conn.execute("SELECT '[1]'::vector")
    for _ in range(2):
        conn.execute(path.read_text())  # type: ignore[call-overload]
