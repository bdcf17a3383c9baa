"""Brings a database to the newest schema: Alembic's revisions, then the files of ``sql/``, all or nothing."""

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from db.errors import ConnectError, DbError
from db.settings import Settings

LOCK_TIMEOUT = "10s"
"""A migration that waits longer for a lock gives up, because everybody else queues behind it."""
ADVISORY_LOCK = 7_733_142
"""One migration at a time. Any number will do that nobody else uses in this database."""


def alembic_config(settings: Settings) -> Config:
    """Alembic's configuration for a database, without a file, so that an installed package can migrate too."""
    config = Config()
    config.set_main_option("script_location", "db:migrations")
    config.attributes["settings"] = settings
    return config


def migrate(settings: Settings) -> list[str]:
    """Upgrade to head. Returns the names of the ``sql/`` files that ran; none when nothing had changed.

    Raises:
        ClusterError, ConnectError: no fit server.
        DbError: a revision or a file failed; nothing is changed then.
    """
    config = alembic_config(settings)
    try:
        command.upgrade(config, "head")
    except ConnectError:
        raise
    except (CommandError, DBAPIError, DbError, psycopg.Error) as error:
        cause = error.orig if isinstance(error, DBAPIError) else error.__cause__
        text = cause if isinstance(error, DBAPIError) else error
        raise DbError(
            f"migration failed, nothing was changed: {' '.join(str(text).split())}{_advice(cause)}"
        ) from error
    run_files: list[str] = config.attributes["run_files"]
    return run_files


def _advice(cause: BaseException | None) -> str:
    if isinstance(cause, psycopg.errors.LockNotAvailable):
        return "; another migration or a long transaction is in the way: run it again when that has ended"
    if isinstance(cause, psycopg.errors.InsufficientPrivilege):
        return (
            "; let a superuser run once in this database: CREATE EXTENSION postgis; CREATE EXTENSION vector; "
            "CREATE ROLE terrakin_etl LOGIN; CREATE ROLE terrakin_reader LOGIN; "
            "and GRANT terrakin_etl, terrakin_reader to the user in DATABASE_URL"
        )
    return ""
