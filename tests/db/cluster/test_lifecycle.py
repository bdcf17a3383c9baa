"""The private cluster: created, started, stopped, started again, deleted; and who can log in."""

import os
import subprocess
import sys
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db import cluster
from db.cluster.binaries import run_as
from db.cluster.paths import UNREACHABLE_HOMES, make_folders
from db.cluster.process import server_processes
from db.errors import ClusterError
from tests.conftest import remove_cluster

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="needs root")
ROLES = ("terrakin", "terrakin_etl", "terrakin_reader")


def postmaster(home: Path) -> psutil.Process:
    """Return the postmaster of the cluster."""
    return psutil.Process(int((cluster.locate(home).data / "postmaster.pid").read_text().split("\n")[0]))


def value(home: Path, query: str) -> object:
    """Return the only value of a query's result."""
    address = cluster.running(home)
    assert address is not None
    with psycopg.connect(address.url()) as conn:
        (found,) = conn.execute(query).fetchone()  # type: ignore[call-overload, misc]
    return found


def over_tcp(home: Path, role: str, password: str | None) -> str:
    """Log in over TCP; return the user name according to the server."""
    address = cluster.running(home)
    assert address is not None
    conninfo = make_conninfo(host="127.0.0.1", port=address.port, dbname="terrakin", user=role, passfile="/dev/null")
    with psycopg.connect(conninfo, password=password) as conn:
        (user,) = conn.execute("SELECT current_user").fetchone()  # type: ignore[misc]
    return str(user)


def passwords(home: Path) -> dict[str, str]:
    """Return the passwords by role, from the passwords file."""
    return {line.split(":")[3]: line.split(":")[4] for line in (home / "passwords").read_text().splitlines()}


def test_start_stop_and_start_again_keep_the_data(empty_home: Path) -> None:
    assert cluster.running(empty_home) is None
    assert cluster.stop(empty_home) is False
    first = cluster.start(empty_home)
    with psycopg.connect(first.url()) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS number")
    assert cluster.stop(empty_home) is True
    assert cluster.running(empty_home) is None
    assert cluster.stop(empty_home) is False
    assert cluster.start(empty_home) == first
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_starting_a_running_cluster_leaves_its_server_alone(empty_home: Path) -> None:
    first = cluster.start(empty_home)
    server = postmaster(empty_home).pid
    assert cluster.start(empty_home) == first
    assert postmaster(empty_home).pid == server


def test_the_server_outlives_the_command_that_started_it(empty_home: Path) -> None:
    subprocess.run(
        [sys.executable, "-m", "terrakin", "db", "start"],
        env={**os.environ, "TERRAKIN_HOME": str(empty_home), "DATABASE_URL": ""},
        check=True,
        capture_output=True,
    )
    assert cluster.running(empty_home) is not None
    assert os.getsid(postmaster(empty_home).pid) != os.getsid(0)


def test_a_deleted_cluster_is_created_empty(empty_home: Path) -> None:
    with psycopg.connect(cluster.start(empty_home).url()) as conn:
        conn.execute("CREATE TABLE gone ()")
    cluster.destroy(empty_home)
    assert cluster.running(empty_home) is None
    assert not cluster.locate(empty_home).data.exists()
    cluster.start(empty_home)
    assert value(empty_home, "SELECT to_regclass('gone')") is None


def test_the_data_directory_has_checksums_utf8_and_the_c_locale(server_home: Path) -> None:
    assert value(server_home, "SHOW data_checksums") == "on"
    assert value(server_home, "SHOW server_encoding") == "UTF8"
    assert value(server_home, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C.UTF-8"
    assert value(server_home, "SHOW data_directory") == str(cluster.locate(server_home).data.resolve())


def test_memory_settings_follow_the_machines_memory(server_home: Path) -> None:
    total = psutil.virtual_memory().total
    shared = value(server_home, "SELECT pg_size_bytes(current_setting('shared_buffers'))")
    assert isinstance(shared, int)
    assert 64 * 1024**2 <= shared <= total // 4 + 1024**2
    assert value(server_home, "SHOW jit") == "off"


def test_the_server_does_not_run_as_root(server_home: Path) -> None:
    owners = set()
    for pid in server_processes(cluster.locate(server_home).data):
        with suppress(psutil.NoSuchProcess):  # a backend of another test that has just ended
            owners.add(psutil.Process(pid).uids().effective)
    assert owners
    assert 0 not in owners


def test_nothing_listens_beyond_loopback(server_home: Path) -> None:
    listening = {c.laddr.ip for c in postmaster(server_home).net_connections("inet") if c.status == psutil.CONN_LISTEN}
    assert listening == {"127.0.0.1"}


def test_nobody_is_trusted(server_home: Path) -> None:
    with psycopg.connect(cluster.start(server_home).url()) as conn:
        methods = conn.execute("SELECT type, auth_method, error FROM pg_hba_file_rules").fetchall()
    assert set(methods) == {("local", "peer", None), ("host", "scram-sha-256", None)}
    for role in ROLES:
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            over_tcp(server_home, role, None)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            over_tcp(server_home, role, "wrong")


def test_each_role_logs_in_over_tcp_with_the_passwords_file(server_home: Path) -> None:
    found = passwords(server_home)
    assert [over_tcp(server_home, role, found[role]) for role in ROLES] == list(ROLES)
    assert len(set(found.values())) == 3
    assert (server_home / "passwords").stat().st_mode & 0o777 == 0o600


@AS_ROOT
def test_another_system_user_is_refused_on_the_socket(server_home: Path) -> None:
    paths = cluster.locate(server_home)
    address = cluster.start(server_home)
    nobody = type(paths.user)("nobody", 65534, 65534)
    answer = run_as(nobody, ["psql", address.url(), "-Atc", "SELECT 1"])
    assert answer.returncode != 0
    assert "Peer authentication failed" in answer.stdout


def test_lost_passwords_are_replaced(empty_home: Path) -> None:
    cluster.start(empty_home)
    old = passwords(empty_home)
    cluster.stop(empty_home)
    (empty_home / "passwords").unlink()
    cluster.start(empty_home)
    new = passwords(empty_home)
    assert new["terrakin_reader"] != old["terrakin_reader"]
    assert over_tcp(empty_home, "terrakin_reader", new["terrakin_reader"]) == "terrakin_reader"


@pytest.mark.parametrize("name", ["x" * 120, "it's a home, ü & more"])
def test_a_home_whose_socket_path_is_unusable_gets_a_short_socket_folder(empty_home: Path, name: str) -> None:
    home = empty_home / name
    home.mkdir()
    try:
        address = cluster.start(home)
        assert len(str(address.socket_dir)) < 40
        assert address.socket_dir.stat().st_uid == cluster.locate(home).user.uid
        assert value(home, "SELECT 1") == 1
    finally:
        remove_cluster(home)


def test_a_home_that_pg_ctl_cannot_handle_is_refused(empty_home: Path) -> None:
    with pytest.raises(ClusterError, match="TERRAKIN_HOME"):
        cluster.start(empty_home / "$HOME")
    assert not (empty_home / "$HOME" / "cluster").exists()


@AS_ROOT
def test_a_home_that_the_servers_user_cannot_reach_has_its_data_elsewhere(
    empty_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    empty_home.chmod(0o700)
    home = empty_home / ".terrakin"
    try:
        cluster.start(home)
        assert len([r for r in caplog.records if "home_out_of_reach" in r.message]) == 1
        base = (home / "cluster").readlink()
        assert base.is_relative_to(UNREACHABLE_HOMES)
        assert value(home, "SHOW data_directory") == str(base / "data")
    finally:
        remove_cluster(home)


@AS_ROOT
def test_root_runs_a_cluster_as_the_user_that_owns_it(empty_home: Path) -> None:
    make_folders(cluster.locate(empty_home))
    for folder in (empty_home / "cluster", empty_home / "cluster" / "run"):
        os.chown(folder, 65534, 65534)
    cluster.start(empty_home)
    assert postmaster(empty_home).username() == "nobody"
