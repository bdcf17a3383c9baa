"""Checks of the objects in a database: those of ``sql/``, tables, indexes, constraints and triggers."""

from collections.abc import Iterator
from typing import Any

import psycopg
import sqlalchemy

from db.check.finding import Finding, State
from db.check.roles import MIGRATE, shown
from db.connect import known_revisions
from db.install.apply_sql import find_differences
from db.schema.comparison import find_table_differences

Connection = psycopg.Connection[Any]

N_FILES_SHOWN = 6
INVALID_INDEXES = """
    SELECT i.indexrelid::regclass::text
    FROM pg_index AS i
    JOIN pg_class AS c ON c.oid = i.indrelid
    WHERE c.relnamespace = 'terrakin'::regnamespace AND NOT i.indisvalid
    ORDER BY 1
"""
UNVALIDATED = """
    SELECT k.conrelid::regclass::text, k.conname
    FROM pg_constraint AS k
    WHERE k.connamespace = 'terrakin'::regnamespace AND NOT k.convalidated
    ORDER BY 1, 2
"""
DISABLED_TRIGGERS = """
    SELECT t.tgrelid::regclass::text, t.tgname
    FROM pg_trigger AS t
    JOIN pg_class AS c ON c.oid = t.tgrelid
    WHERE c.relnamespace = 'terrakin'::regnamespace AND NOT t.tgisinternal AND t.tgenabled = 'D'
    ORDER BY 1, 2
"""


def check_sql(conn: Connection) -> Iterator[Finding]:
    """Compare functions, views and types with their files in ``sql/``, and roles and grants with what was applied."""
    differences = find_differences(conn, known_revisions()[-1])
    by_reason: dict[str, list[str]] = {}
    for change in differences:
        by_reason.setdefault(change.reason, []).append(f"sql/{change.name}")
    for reason, names in by_reason.items():
        yield Finding(State.FAULT, "objects", f"{shown(names, N_FILES_SHOWN)}: {reason}", MIGRATE)
    if not differences:
        yield Finding(State.OK, "objects", "all are as their files in sql/")


def check_tables(connection: sqlalchemy.Connection) -> Iterator[Finding]:
    """Compare columns, indexes and constraints of the tables with those that this version needs."""
    differences = list(find_table_differences(connection))
    for text, remedy in differences:
        yield Finding(State.FAULT, "tables", text, remedy)
    if not differences:
        yield Finding(State.OK, "tables", "columns, indexes and constraints are complete")


def check_states(conn: Connection) -> Iterator[Finding]:
    """Look for indexes and constraints that are not valid, and for triggers that are switched off."""
    for (index,) in conn.execute(INVALID_INDEXES):
        yield Finding(State.FAULT, "indexes", f"{index} is invalid", f"REINDEX INDEX {index}, as the owner")
    for table, constraint in conn.execute(UNVALIDATED):
        remedy = f"ALTER TABLE {table} VALIDATE CONSTRAINT {constraint}, as the owner"
        yield Finding(State.FAULT, "constraints", f"{constraint} was never validated", remedy)
    for table, trigger in conn.execute(DISABLED_TRIGGERS):
        remedy = f"ALTER TABLE {table} ENABLE TRIGGER {trigger}, as the owner; then terrakin db index"
        yield Finding(State.FAULT, "triggers", f"{trigger} of {table} is switched off", remedy)
