"""Checks of the server: versions, encoding, settings, disk, replication."""

import shutil
from collections.abc import Iterator
from typing import Any

import psycopg

from db.check.finding import Finding, State
from db.cluster.paths import locate
from db.errors import ConnectError
from db.extensions import NEEDED, check_extensions, known_faults
from db.settings import Settings

Connection = psycopg.Connection[Any]

OLDEST_SERVER = 150_000
"""PostgreSQL 15, the oldest version that is tested."""
LEAST_FREE_SHARE = 0.1
OLD_TRANSACTIONS = 1_000_000_000
"""PostgreSQL refuses to write at two thousand million."""

VERSION = """
    SELECT current_setting('server_version'), current_setting('server_version_num')::integer, pg_is_in_recovery(),
        pg_size_pretty(pg_database_size(current_database()))
"""
EXTENSIONS = """
    SELECT e.extname, e.extversion, a.default_version, n.nspname
    FROM pg_extension AS e
    JOIN pg_available_extensions AS a ON a.name = e.extname
    JOIN pg_namespace AS n ON n.oid = e.extnamespace
    WHERE e.extname = ANY (%s)
    ORDER BY e.extname
"""
ENCODING = """
    SELECT pg_encoding_to_char(d.encoding), d.datcollate, d.datcollversion,
        pg_database_collation_actual_version(d.oid), age(d.datfrozenxid), d.datname
    FROM pg_database AS d
    WHERE d.datname = current_database()
"""
UNSAFE = """
    SELECT s.name, s.setting
    FROM pg_settings AS s
    WHERE (s.name IN ('fsync', 'full_page_writes') AND s.setting = 'off')
        OR (s.name IN ('zero_damaged_pages', 'ignore_checksum_failure') AND s.setting = 'on')
"""
ROLE_SETTINGS = """
    SELECT concat_ws(' in ', coalesce(r.rolname, 'all roles'), d.datname), array_to_string(s.setconfig, ', ')
    FROM pg_db_role_setting AS s
    LEFT JOIN pg_roles AS r ON r.oid = s.setrole
    LEFT JOIN pg_database AS d ON d.oid = s.setdatabase
    WHERE (d.datname = current_database() OR s.setdatabase = 0)
        AND (s.setrole = 0 OR r.rolname IN (current_user, 'terrakin_etl', 'terrakin_reader'))
    ORDER BY 1
"""
REPLICATION = "SELECT pg_has_role('pg_monitor', 'USAGE'), pg_is_in_recovery()"
RECEIVER = """
    SELECT extract(epoch FROM now() - pg_last_xact_replay_timestamp())::integer,
        pg_last_wal_receive_lsn() IS NOT DISTINCT FROM pg_last_wal_replay_lsn(),
        (SELECT r.status FROM pg_stat_wal_receiver AS r)
"""
SENDERS = """
    SELECT r.application_name, r.state, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), r.replay_lsn))
    FROM pg_stat_replication AS r
"""
IDLE_SLOTS = """
    SELECT s.slot_name, pg_size_pretty(pg_wal_lsn_diff(pg_current_wal_lsn(), s.restart_lsn))
    FROM pg_replication_slots AS s
    WHERE NOT s.active AND s.restart_lsn IS NOT NULL
"""


def check_versions(conn: Connection) -> Iterator[Finding]:
    """Look at the versions of PostgreSQL, PostGIS and pgvector, and at the schemas of both extensions."""
    text, number, is_standby, size = conn.execute(VERSION).fetchone() or ("", 0, False, "")
    what = f"{text}, {'standby' if is_standby else 'primary'}, database of {size}"
    if number < OLDEST_SERVER:
        yield Finding(State.FAULT, "PostgreSQL", what, "use PostgreSQL 15 or newer")
    else:
        yield Finding(State.OK, "PostgreSQL", what)
    try:
        pgvector = check_extensions(conn)
    except ConnectError as error:
        yield Finding(State.FAULT, "extensions", str(error))
        return
    found = conn.execute(EXTENSIONS, ([e.name for e in NEEDED],)).fetchall()
    installed = ", ".join(f"{name} {version} in {schema}" for name, version, _, schema in found)
    if missing := {e.name for e in NEEDED} - {name for name, *_ in found}:
        remedy = "; ".join(f"CREATE EXTENSION {name}" for name in sorted(missing))
        yield Finding(State.FAULT, "extensions", f"missing in this database: {', '.join(sorted(missing))}", remedy)
    elif faults := known_faults(pgvector):
        yield Finding(State.WARNING, "extensions", installed, faults)
    else:
        yield Finding(State.OK, "extensions", installed)
    for name, version, available, _ in found:
        if version != available:
            text = f"{name} is {version} in this database, the server has {available}"
            yield Finding(State.WARNING, "extensions", text, f"ALTER EXTENSION {name} UPDATE, as its owner")


def check_encoding(conn: Connection) -> Iterator[Finding]:
    """Look at encoding and collation, and at the age of the oldest transaction."""
    row = conn.execute(ENCODING).fetchone()
    assert row is not None
    encoding, collation, recorded, actual, age, name = row
    if recorded != actual and actual is not None:
        yield Finding(
            State.WARNING, "encoding", f"collation {collation} was version {recorded}, the system now has {actual}",
            f"REINDEX DATABASE {name}; ALTER DATABASE {name} REFRESH COLLATION VERSION, as its owner",
        )  # fmt: skip
    else:
        yield Finding(State.OK, "encoding", f"{encoding}, collation {collation}")
    if age > OLD_TRANSACTIONS:
        text = f"the oldest transaction is {age:,} transactions old; writes stop at 2,000,000,000"
        yield Finding(State.WARNING, "transactions", text, f"VACUUM (FREEZE) in database {name}; is autovacuum off?")


def check_settings(conn: Connection) -> Iterator[Finding]:
    """Look at settings that lose data after a crash, and at those of roles and of the database."""
    unsafe = conn.execute(UNSAFE).fetchall()
    for name, value in unsafe:
        remedy = f"ALTER SYSTEM RESET {name}; SELECT pg_reload_conf(), as a superuser"
        yield Finding(State.WARNING, "settings", f"{name} is {value}: a crash can damage the database", remedy)
    settings = "; ".join(f"{whose}: {what}" for whose, what in conn.execute(ROLE_SETTINGS))
    yield Finding(State.OK, "settings", settings or "none for these roles or this database")


def check_disk(settings: Settings) -> Iterator[Finding]:
    """Look at the free space of the private cluster's disk; a remote server's cannot be seen."""
    if settings.database_url is not None:
        yield Finding(State.HIDDEN, "disk", "free space of an external server")
        return
    usage = shutil.disk_usage(locate(settings.home).base)
    text = f"{usage.free / 1e9:,.1f} of {usage.total / 1e9:,.1f} GB are free"
    if usage.free < LEAST_FREE_SHARE * usage.total:
        yield Finding(State.WARNING, "disk", text, "make room: a refit and a migration write tables a second time")
    else:
        yield Finding(State.OK, "disk", text)


def check_replication(conn: Connection) -> Iterator[Finding]:
    """Look at the standbys of a primary, or at how far a standby is behind."""
    may_monitor, is_standby = conn.execute(REPLICATION).fetchone() or (False, False)
    if not may_monitor:
        yield Finding(State.HIDDEN, "replication", "state and lag need role pg_monitor")
    elif is_standby:
        yield _standby(conn)
    else:
        yield from _primary(conn)


def _standby(conn: Connection) -> Finding:
    seconds, is_caught_up, status = conn.execute(RECEIVER).fetchone() or (None, False, None)
    behind = "all that was received is replayed" if is_caught_up else f"{seconds} s behind"
    if status != "streaming":
        text = f"nothing is received from the primary; {behind}"
        return Finding(State.WARNING, "replication", text, "start the primary, or mend primary_conninfo")
    return Finding(State.OK, "replication", f"streaming; {behind}")


def _primary(conn: Connection) -> Iterator[Finding]:
    standbys = conn.execute(SENDERS).fetchall()
    texts = [f"{name} is {state}, {lag} behind" for name, state, lag in standbys]
    yield Finding(State.OK, "replication", "; ".join(texts) or "no standby")
    for slot, size in conn.execute(IDLE_SLOTS):
        yield Finding(
            State.WARNING, "replication", f"nothing reads from slot {slot}, which keeps {size} of WAL",
            f"start its standby, or SELECT pg_drop_replication_slot('{slot}')",
        )  # fmt: skip
