"""Passwords, roles and the database of a cluster."""

from pathlib import Path

import psycopg

from db import cluster
from tests.db.cluster.servers import ROLES, over_tcp, passwords, postmaster, value


def test_each_role_logs_in_over_tcp_with_the_passwords_file(server_home: Path) -> None:
    found = passwords(server_home)
    assert [over_tcp(server_home, role, found[role]) for role in ROLES] == list(ROLES)
    assert len(set(found.values())) == 3
    assert (server_home / "passwords").stat().st_mode & 0o777 == 0o600


def test_lost_passwords_are_replaced(empty_home: Path) -> None:
    cluster.start(empty_home)
    old = passwords(empty_home)
    cluster.stop(empty_home)
    (empty_home / "passwords").unlink()
    cluster.start(empty_home)
    new = passwords(empty_home)
    assert new["terrakin_reader"] != old["terrakin_reader"]
    assert over_tcp(empty_home, "terrakin_reader", new["terrakin_reader"]) == "terrakin_reader"


def test_a_start_killed_before_the_database_was_created_is_finished(empty_home: Path) -> None:
    server = postmaster_after_losing_database(empty_home)
    cluster.start(empty_home)
    assert postmaster(empty_home).pid == server
    assert value(empty_home, "SELECT 1") == 1


def postmaster_after_losing_database(home: Path) -> int:
    """Return the process id of a server without its database, as if the start had been killed before the last step."""
    address = cluster.start(home)
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute("DROP DATABASE terrakin")
    return postmaster(home).pid
