"""What differs between the tables of a database and the metadata, for ``alembic check`` and ``terrakin db check``."""

import warnings
from collections.abc import Iterator
from typing import Any

from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from geoalchemy2 import alembic_helpers
from sqlalchemy import CheckConstraint, Connection, Constraint, Index, Table, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.exc import SAWarning
from sqlalchemy.schema import AddConstraint, CreateIndex

from db.schema import metadata

OWN_TABLES = {"alembic_version", "sql_files"}
PARTITION = "embedding_keys_"
RESTORE = "restore the table from a backup"
TABLES = (
    "SELECT c.relname FROM pg_class AS c WHERE c.relnamespace = 'terrakin'::regnamespace AND c.relkind IN ('r', 'p')"
)
CHECKS = "SELECT k.conname FROM pg_constraint AS k WHERE k.connamespace = 'terrakin'::regnamespace AND k.contype = 'c'"


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """Return whether Alembic compares a schema: only terrakin, since the others are created from sql/."""
    return name == "terrakin" if type_ == "schema" else True


def include_object(item: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out the two ledgers, and what is made for each set of keys or on request: partitions and HNSW indexes."""
    if type_ == "table" and (name in OWN_TABLES or str(name).startswith(PARTITION)):
        return False
    if type_ == "index" and str(name).endswith("_hnsw"):
        return False
    return bool(alembic_helpers.include_object(item, name, type_, reflected, compare_to))  # type: ignore[no-untyped-call]


def find_table_differences(connection: Connection) -> Iterator[tuple[str, str]]:
    """Yield what is missing in the tables of a database or differs from the metadata, and how to mend it.

    Tables, columns and indexes that others have added are left out.
    """
    options = {"include_schemas": True, "include_name": include_name, "include_object": include_object}
    context = MigrationContext.configure(connection, opts=options)
    with warnings.catch_warnings(action="ignore", category=SAWarning):  # of constraints that are not valid
        differences = compare_metadata(context, metadata)
    for difference in differences:
        found = _explain(difference if isinstance(difference, tuple) else difference[0])
        if found:
            yield found
    tables = {name for (name,) in connection.execute(text(TABLES))}
    checks = {name for (name,) in connection.execute(text(CHECKS))}
    for table in metadata.sorted_tables:
        if table.name in tables:
            yield from _missing_checks(checks, table)


def _explain(difference: tuple[Any, ...]) -> tuple[str, str] | None:
    """Return what one of Alembic's differences means, and how to mend it; None for what others have added."""
    kind, what = difference[:2]
    if kind == "add_table":
        return f"table {what.fullname} is missing", RESTORE
    if kind == "add_column":
        schema, table, column = difference[1:4]
        return f"column {schema}.{table}.{column.name} is missing", RESTORE
    if kind == "add_index":
        return f"index {what.name} of {what.table.fullname} is missing", _create(what)
    if kind in ("add_constraint", "add_fk"):
        return f"constraint {what.name} of {what.table.fullname} is missing", _create(what)
    if kind.startswith("modify_"):
        schema, table, column = difference[1:4]
        return f"{kind.removeprefix('modify_')} of column {schema}.{table}.{column} differs", RESTORE
    return None


def _missing_checks(present: set[str], table: Table) -> Iterator[tuple[str, str]]:
    """Yield the CHECK constraints that are missing, which Alembic does not compare."""
    for constraint in sorted(table.constraints, key=lambda c: str(c.name)):
        if isinstance(constraint, CheckConstraint) and str(constraint.name) not in present:
            yield f"constraint {constraint.name} of {table.fullname} is missing", _create(constraint)


def _create(item: Index | Constraint) -> str:
    """Return the statement that creates an index or a constraint, in one line."""
    statement = CreateIndex(item) if isinstance(item, Index) else AddConstraint(item)
    dialect = postgresql.dialect()  # type: ignore[no-untyped-call]
    return " ".join(str(statement.compile(dialect=dialect)).split())
