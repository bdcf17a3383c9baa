"""What an error of PostgreSQL means to the person at the command line."""

import psycopg
from psycopg import errors as pg

from db.errors import one_line

READ_ONLY = (
    "this server or role is read-only (a standby, or default_transaction_read_only): give the address of the primary "
    "in DATABASE_URL"
)
ADVICE: dict[type[psycopg.Error], str] = {
    pg.QueryCanceled: "an administrator or the setting statement_timeout ended it (change that with ALTER ROLE ... SET "
    "statement_timeout); run the same command again",
    pg.DiskFull: "the server's disk is full: free space, then run the same command again",
    pg.OutOfMemory: "the server has too little memory: lower maintenance_work_mem or work_mem, then run it again",
    pg.TooManyConnections: "the server has no free connection: raise max_connections or end other sessions",
    pg.LockNotAvailable: "another session holds a lock: run the same command again when it has ended",
    pg.DeadlockDetected: "two sessions waited for each other: run the same command again",
    pg.ReadOnlySqlTransaction: READ_ONLY,
    pg.InsufficientPrivilege: "run `terrakin db migrate` as the user that owns the database, or give that user in "
    "DATABASE_URL",
    pg.AdminShutdown: "PostgreSQL was stopped: start it, then run the same command again",
    pg.CannotConnectNow: "PostgreSQL is starting or stopping: wait, then run the same command again",
}
ABSENT = (pg.UndefinedTable, pg.UndefinedColumn, pg.UndefinedFunction, pg.UndefinedObject, pg.InvalidSchemaName)
"""The database lacks an object of ours: it is damaged, or of another version than this program."""
LOST = "the connection to PostgreSQL is lost: run the same command again"
ENDS_CONNECTION = ("08", "57P")
"""First characters of the SQLSTATE of errors that end a connection: connection exceptions and shutdowns."""
REFUSED = "PostgreSQL cannot do this: mend what its message and its log name, then run the same command again"


def advice_on(error: psycopg.Error) -> str | None:
    """Return what to do about an error of one of the classes in ADVICE."""
    return next((advice for kind, advice in ADVICE.items() if isinstance(error, kind)), None)


def explain_failure(error: psycopg.Error) -> str | None:
    """Return one line: what happened, and what to do. None for an error that only a fault of the program explains."""
    advice = advice_on(error)
    if advice is None and isinstance(error, psycopg.OperationalError):
        advice = LOST if (error.sqlstate or "08").startswith(ENDS_CONNECTION) else REFUSED
    return advice and f"{one_line(error)}; {advice}; no change is incomplete"
