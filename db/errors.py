"""The errors of package ``db``; the command line prints them as one line and exits with 1."""


class DbError(Exception):
    """Something about the database is not as it must be. The text says what, which value, and what to do."""


class ClusterError(DbError):
    """The private PostgreSQL cluster cannot be made, started or stopped."""


class ConnectError(DbError):
    """No connection, or the server is not fit (PostGIS or pgvector missing or too old, schema not migrated)."""


class SettingsError(DbError):
    """An environment variable cannot be used."""
