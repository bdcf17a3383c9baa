"""Alembic's environment: revisions, then the changed files of ``sql/``, in one transaction under an advisory lock."""

from typing import Any

import sqlalchemy
from alembic import command, context
from geoalchemy2 import alembic_helpers
from sqlalchemy.pool import NullPool

from db.apply_sql import apply_sql
from db.connect import check_extensions, open_connection
from db.schema import metadata
from db.settings import read_settings

OWN_TABLES = {"alembic_version", "sql_files"}
MIGRATION_LOCK = 7_733_142
"""Number of the advisory lock: any number will do that nobody else uses in this database."""


def include_name(name: str | None, type_: str, parent_names: Any) -> bool:
    """Only schema terrakin is Alembic's; api and tiles are rebuilt from sql/."""
    return name == "terrakin" if type_ == "schema" else True


def include_object(item: Any, name: str | None, type_: str, reflected: bool, compare_to: Any) -> bool:
    """Leave out Alembic's and sql/'s own tables, and the HNSW indexes, which db.index builds after bulk loads."""
    if type_ == "table" and name in OWN_TABLES:
        return False
    if type_ == "index" and str(name).endswith("_hnsw"):
        return False
    return bool(alembic_helpers.include_object(item, name, type_, reflected, compare_to))  # type: ignore[no-untyped-call]


def applies_sql() -> bool:
    """True for ``upgrade``, from the command line or from ``db.migrate``."""
    config = context.config
    if config.cmd_opts is not None:
        return bool(config.cmd_opts.cmd[0] is command.upgrade)
    return bool(config.attributes.get("applies_sql", False))


def run() -> None:
    """Run whatever Alembic was asked for."""
    settings = context.config.attributes.get("settings") or read_settings()
    engine = sqlalchemy.create_engine(
        "postgresql+psycopg://", creator=lambda: open_connection(settings), poolclass=NullPool
    )
    with engine.begin() as connection:
        server = connection.connection.driver_connection
        assert server is not None
        check_extensions(server)
        connection.execute(sqlalchemy.text("SET LOCAL lock_timeout = '10s'"))
        # Not the default "$user", public: the owner and the schema of the data have one name.
        connection.execute(sqlalchemy.text("SET LOCAL search_path = public"))
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION_LOCK})
        connection.execute(sqlalchemy.text("CREATE SCHEMA IF NOT EXISTS terrakin"))
        context.configure(
            connection=connection,
            target_metadata=metadata,
            version_table_schema="terrakin",
            include_schemas=True,
            include_name=include_name,
            include_object=include_object,
            process_revision_directives=alembic_helpers.writer,
            render_item=alembic_helpers.render_item,
        )
        context.run_migrations()
        if applies_sql():
            run_files = apply_sql(server, str(context.get_context().get_current_revision()))
            context.config.attributes["run_files"] = run_files


run()
