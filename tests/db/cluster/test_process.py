"""The server process after kills, reboots and foreign files."""

import os
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from db import cluster
from db.cluster.paths import make_folders
from db.cluster.process import server_processes
from db.errors import ClusterError
from tests.db.cluster.servers import keep_a_row, kill_server, postmaster, value


def test_a_killed_server_recovers_committed_rows(empty_home: Path) -> None:
    keep_a_row(empty_home)
    kill_server(empty_home)
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_a_killed_postmaster_is_replaced_once_its_children_have_ended(empty_home: Path) -> None:
    keep_a_row(empty_home)
    os.kill(postmaster(empty_home).pid, signal.SIGKILL)
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


@pytest.fixture
def stranger(empty_home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's user that is not PostgreSQL."""
    user = cluster.locate(empty_home).user
    is_other = user.uid != os.geteuid()
    with subprocess.Popen(["sleep", "600"], user=user.uid if is_other else None) as process:
        yield process
        process.kill()


def test_a_pid_file_with_the_process_id_of_another_program_is_removed(
    empty_home: Path, stranger: subprocess.Popen[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    keep_a_row(empty_home)
    pid_file = cluster.locate(empty_home).data / "postmaster.pid"
    kill_server(empty_home)
    lines = pid_file.read_text().split("\n")
    # Without the line about shared memory, as after a reboot.
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:6]]) + "\n")
    cluster.start(empty_home)
    assert "stale_pid_file_removed" in caplog.text
    assert stranger.poll() is None
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_a_pid_file_that_a_full_disk_left_empty_is_removed(empty_home: Path) -> None:
    keep_a_row(empty_home)
    kill_server(empty_home)
    (cluster.locate(empty_home).data / "postmaster.pid").write_text("")
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_the_error_of_a_failed_start_contains_the_reason_from_the_log(empty_home: Path) -> None:
    cluster.start(empty_home)
    cluster.stop(empty_home)
    with (cluster.locate(empty_home).data / "postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(ClusterError, match="unrecognized configuration parameter") as refused:
        cluster.start(empty_home)
    assert "\n" not in str(refused.value)


def test_a_server_of_another_cluster_at_our_address_is_refused(server_home: Path, empty_home: Path) -> None:
    paths = cluster.locate(empty_home)
    make_folders(paths)
    paths.socket_dir.rmdir()
    paths.socket_dir.symlink_to(cluster.locate(server_home).socket_dir)
    shutil.copy(cluster.locate(server_home).port_file, paths.port_file)
    for action in (cluster.running, cluster.start):
        with pytest.raises(ClusterError, match=f"not {paths.data}"):
            action(empty_home)


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
