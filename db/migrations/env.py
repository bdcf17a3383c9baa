"""Alembic's environment: revisions, then the files of ``sql/``, in one transaction under an advisory lock."""

import sqlalchemy
from alembic import context
from alembic.util.exc import CommandError
from geoalchemy2 import alembic_helpers

from db.advisory_locks import MIGRATION
from db.engine import create_engine
from db.extensions import check_extensions
from db.install import migrate
from db.install.apply_sql import apply_sql
from db.schema import metadata
from db.schema.comparison import include_name, include_object
from db.settings import read_settings


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
    with create_engine(settings).begin() as connection:
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
