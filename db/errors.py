"""The errors of package ``db``; the command line prints them as one line and exits with 1."""


class DbError(Exception):
    """The database is not as it must be. The message contains what is wrong, the value, and what to do."""


class ClusterError(DbError):
    """The private PostgreSQL cluster cannot be created, started or stopped."""


class ConnectError(DbError):
    """No connection, or an unsuitable server (PostGIS or pgvector missing or too old, schema not migrated)."""


class SchemaError(ConnectError):
    """The schema is missing, or of another version than this program needs."""


class ConceptError(DbError):
    """A concept cannot be learned, or does not exist."""


class SettingsError(DbError):
    """An environment variable has an invalid value."""


def one_line(error: BaseException) -> str:
    """Return an error's message with all line breaks and runs of blanks replaced by one blank."""
    return " ".join(str(error).split()) or type(error).__name__
