"""Alembic's environment: revisions, then the changed files of ``sql/``, in one transaction under an advisory lock."""

from typing import Any

import psycopg
import sqlalchemy
from alembic import context
from alembic.util.exc import CommandError
from geoalchemy2 import alembic_helpers
from sqlalchemy.pool import NullPool

from db import migrate
from db.apply_sql import apply_sql
from db.connect import open_connection
from db.extensions import check_extensions
from db.schema import metadata
from db.settings import Settings, read_settings

OWN_TABLES = {"alembic_version", "sql_files"}


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


def _opened(settings: Settings) -> psycopg.Connection[Any]:
    """A connection that looks in public only, before SQLAlchemy asks it for its default schema.

    With PostgreSQL's "$user", public that would be terrakin, where the owner has this name; Alembic would then take
    our schema for the unnamed default one and find none of our tables in it.
    """
    conn = open_connection(settings, autocommit=True)
    conn.execute("SET search_path = public")
    conn.autocommit = False
    return conn


def goes_to_head() -> bool:
    """True where Alembic was asked to bring the database to the newest revision: only that fits the files of sql/."""
    try:
        destination = context.get_revision_argument()
    except KeyError:  # a command without one, such as check or current
        return False
    return destination is not None and destination == context.get_head_revision()


def run() -> None:
    """Run whatever Alembic was asked for.

    Raises:
        CommandError: offline mode (``--sql``), in which the files of sql/ could not be compared.
    """
    if context.is_offline_mode():
        raise CommandError("no offline mode: which files of sql/ must run can only be told from the database")
    settings = context.config.attributes.get("settings") or read_settings()
    engine = sqlalchemy.create_engine("postgresql+psycopg://", creator=lambda: _opened(settings), poolclass=NullPool)
    with engine.begin() as connection:
        server = connection.connection.driver_connection
        assert server is not None
        check_extensions(server)
        connection.execute(sqlalchemy.text("SELECT set_config('lock_timeout', :t, true)"), {"t": migrate.LOCK_TIMEOUT})
        connection.execute(sqlalchemy.text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": migrate.ADVISORY_LOCK})
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
            context.config.attributes["run_files"] = apply_sql(server, str(context.get_head_revision()))


run()
