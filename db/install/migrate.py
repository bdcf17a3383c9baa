"""Brings a database to the newest schema: Alembic's revisions, then the files of ``sql/``, all or nothing."""

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from db.connect import open_connection
from db.errors import ConnectError, DbError, one_line
from db.failures import READ_ONLY
from db.install.apply_sql import Change
from db.roles import READER_LIMITS
from db.settings import Settings

LOCK_TIMEOUT = "10s"
"""A migration that waits longer for a lock gives up, because all other sessions queue behind it."""
UNSET_LIMITS = """
    SELECT format('ALTER ROLE terrakin_reader SET %%I = %%L', w.setting, w.value)
    FROM unnest(%s::text[], %s::text[]) AS w (setting, value)
    WHERE NOT EXISTS (
        SELECT
        FROM pg_roles AS r
        CROSS JOIN LATERAL unnest(r.rolconfig) AS c
        WHERE r.rolname = 'terrakin_reader' AND starts_with(c, w.setting || '=')
    )
"""


def alembic_config(settings: Settings) -> Config:
    """Return Alembic's configuration for a database; it needs no file, so that an installed package can migrate too."""
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    config.attributes["settings"] = settings
    return config


def migrate(settings: Settings) -> list[Change]:
    """Upgrade to head; return the files of ``sql/`` that were applied and why, an empty list if all were up to date.

    Raises:
        ClusterError, ConnectError: no suitable server.
        DbError: a revision or a file failed; nothing is changed then.
    """
    config = alembic_config(settings)
    try:
        command.upgrade(config, "head")
    except ConnectError:
        raise
    except (CommandError, DBAPIError, DbError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
        shown = (cause if isinstance(error, DBAPIError) else None) or error
        raise DbError(f"migration failed, nothing was changed: {one_line(shown)}{_advice(cause)}") from error
    changes: list[Change] = config.attributes["changes"]
    return changes


def unset_limits(settings: Settings) -> str:
    """Return the statements that set the limits that role terrakin_reader lacks; the owner may not be allowed to."""
    with open_connection(settings) as conn:
        rows = conn.execute(UNSET_LIMITS, (list(READER_LIMITS), list(READER_LIMITS.values())))
        return "; ".join(statement for (statement,) in rows)


def _advice(cause: BaseException | None) -> str:
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return "; another migration or a long transaction holds the lock: run it again when that has ended"
    if isinstance(cause, psycopg.errors.ReadOnlySqlTransaction):
        return f"; {READ_ONLY}"
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return (
            "; let a superuser run once in this database: CREATE EXTENSION postgis; CREATE EXTENSION vector; "
            "CREATE ROLE terrakin_etl LOGIN; CREATE ROLE terrakin_reader LOGIN; "
            "and GRANT terrakin_etl, terrakin_reader to the user in DATABASE_URL"
        )
    return ""
