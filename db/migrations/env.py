"""Alembic's environment: revisions, then the files of ``sql/``, in one transaction under an advisory lock."""

from typing import Any

import psycopg
import sqlalchemy
from alembic import context
from alembic.util.exc import CommandError
from geoalchemy2 import alembic_helpers
from sqlalchemy.pool import NullPool

from db import migrate
from db.advisory_locks import MIGRATION
from db.apply_sql import apply_sql
from db.connect import open_connection
from db.extensions import check_extensions
from db.schema import metadata
from db.settings import Settings, read_settings

OWN_TABLES = {"alembic_version", "sql_files"}
PARTITION = "embedding_keys_"


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


def _opened(settings: Settings) -> psycopg.Connection[Any]:
    """Open a connection whose search path is public, before SQLAlchemy asks it for its default schema.

    With PostgreSQL's default path, "$user", public, an owner called terrakin has the default schema terrakin. Alembic
    would then reflect our tables without a schema and find none of those in the metadata.
    """
    conn = open_connection(settings, autocommit=True)
    conn.execute("SET search_path = public")
    conn.autocommit = False
    return conn


def goes_to_head() -> bool:
    """Return whether Alembic upgrades to the newest revision, the only one that the files of sql/ fit."""
    try:
        destination = context.get_revision_argument()
    except KeyError:  # a command without a revision, such as check or current
        return False
    return destination is not None and destination == context.get_head_revision()


def run() -> None:
    """Run the current Alembic command.

    Raises:
        CommandError: offline mode (``--sql``), which cannot compare the files of sql/ with a database.
    """
    if context.is_offline_mode():
        raise CommandError("no offline mode: the files of sql/ are compared with the database; run without --sql")
    settings = context.config.attributes.get("settings") or read_settings()
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: _opened(settings), poolclass=NullPool)
    with engine.begin() as connection:
        server = connection.connection.driver_connection
        assert server is not None
        check_extensions(server)
        connection.execute(sqlalchemy.text("SELECT set_config('lock_timeout', :t, true)"), {"t": migrate.LOCK_TIMEOUT})
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": MIGRATION})
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
        if goes_to_head():
            context.config.attributes["changes"] = apply_sql(server, str(context.get_head_revision()))


run()
