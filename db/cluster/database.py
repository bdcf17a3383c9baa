"""The roles of a running private cluster with their passwords, and its database."""

import logging
import secrets

import psycopg
from psycopg import sql

from db.cluster.paths import ClusterPaths
from db.cluster.process import MAINTENANCE_DATABASE, Address
from db.errors import ClusterError, one_line
from db.roles import DATABASE, ROLE_NAMES

log = logging.getLogger(__name__)

HAS_DATABASE = "SELECT 1 FROM pg_database WHERE datname = %s"
HAS_ROLE = "SELECT 1 FROM pg_roles WHERE rolname = %s"


def read_or_make_passwords(paths: ClusterPaths) -> dict[str, str]:
    """Return the passwords by role from the passwords file, which is written once, for TCP clients such as QGIS."""
    if paths.passwords.exists():
        lines = [line.split(":") for line in paths.passwords.read_text().splitlines()]
        found = {fields[3]: fields[4] for fields in lines if len(fields) == 5}
        if set(ROLE_NAMES.values()) <= set(found):
            return found
        log.warning("event=passwords_incomplete path=%s action=replaced", paths.passwords)
    passwords = {role: secrets.token_urlsafe(24) for role in ROLE_NAMES.values()}
    temporary = paths.passwords.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    temporary.write_text("".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
    temporary.rename(paths.passwords)
    return passwords


def create_database(address: Address, passwords: dict[str, str]) -> None:
    """Create the roles, set their passwords, and create the database last: if it exists, everything else does.

    Raises:
        ClusterError: PostgreSQL refuses.
    """
    try:
        with psycopg.connect(address.url(database=MAINTENANCE_DATABASE), autocommit=True) as conn:
            for role, password in passwords.items():
                if conn.execute(HAS_ROLE, (role,)).fetchone() is None:
                    conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
                # Hashed here, so that the password itself never gets into the server's log.
                hashed = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
                conn.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))
            if conn.execute(HAS_DATABASE, (DATABASE,)).fetchone() is None:
                conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    except psycopg.Error as error:
        raise ClusterError(f"the server runs, but database {DATABASE} cannot be created: {one_line(error)}") from error
