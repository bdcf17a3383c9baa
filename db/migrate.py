"""Brings a database to the newest schema: Alembic's revisions, then the files of ``sql/``, all or nothing."""

import psycopg
from alembic import command
from alembic.config import Config
from alembic.util.exc import CommandError
from sqlalchemy.exc import DBAPIError

from db.errors import DbError
from db.settings import Settings


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
    config.attributes["applies_sql"] = True
    try:
        command.upgrade(config, "head")
    except (CommandError, DBAPIError, psycopg.Error) as error:
        raise DbError(f"migration failed, nothing was changed: {' '.join(str(error).split())}") from error
    run_files: list[str] = config.attributes["run_files"]
    return run_files
