"""Kills, full disks, reboots and foreign files: the private cluster recovers, or the error is one line."""

import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest

from db import cluster
from db.cluster import data_directory, lifecycle
from db.cluster.paths import make_folders
from db.cluster.ports import PORTS
from db.cluster.process import server_processes
from db.errors import ClusterError
from tests.conftest import remove_cluster, temporary_home
from tests.db.cluster.test_lifecycle import AS_ROOT, postmaster, value

DISK_MIB = 400


def kill_server(home: Path) -> None:
    """Kill all processes of the server at once, as a power cut does."""
    data = cluster.locate(home).data
    for pid in server_processes(data):
        with suppress(ProcessLookupError):  # it ended by itself, or with the postmaster
            os.kill(pid, signal.SIGKILL)
    while server_processes(data):
        time.sleep(0.01)


def keep_a_row(home: Path) -> None:
    with psycopg.connect(cluster.start(home).url()) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS number")


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


def test_a_taken_port_is_replaced_and_the_new_one_remembered(
    empty_home: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = cluster.start(empty_home).port
    cluster.stop(empty_home)
    with socket.socket() as other:
        other.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        other.bind(("127.0.0.1", old))
        other.listen()
        new = cluster.start(empty_home).port
        assert new != old
        assert new in PORTS
        assert f"event=port_taken port={old}" in caplog.text
        cluster.stop(empty_home)
    assert cluster.start(empty_home).port == new


def test_a_killed_initdb_is_repeated(empty_home: Path) -> None:
    paths = cluster.locate(empty_home)
    make_folders(paths)
    half = paths.unfinished
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    (paths.base / "initdb.password").write_text("left behind")
    cluster.start(empty_home)
    assert not half.exists()
    assert not (paths.base / "initdb.password").exists()
    assert value(empty_home, "SELECT 1") == 1


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


@pytest.mark.parametrize(
    ("file", "text", "claim"),
    [
        ("notes.txt", "mine", "not a PostgreSQL data directory"),
        ("PG_VERSION", "not a number", "not a PostgreSQL data directory"),
        ("PG_VERSION", "15\n", "did not create"),
    ],
)
def test_a_foreign_data_folder_is_not_changed(empty_home: Path, file: str, text: str, claim: str) -> None:
    paths = cluster.locate(empty_home)
    make_folders(paths)
    paths.data.mkdir()
    (paths.data / file).write_text(text)
    with pytest.raises(ClusterError, match=claim):
        cluster.start(empty_home)
    assert [p.name for p in paths.data.iterdir()] == [file]
    assert (paths.data / file).read_text() == text


def test_the_error_names_the_postgresql_version_to_install(empty_home: Path) -> None:
    keep_a_row(empty_home)
    cluster.stop(empty_home)
    version = cluster.locate(empty_home).data / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")
    with pytest.raises(ClusterError, match="install postgresql-9"):
        cluster.start(empty_home)
    version.write_text(ours)
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


@AS_ROOT
def test_a_plain_user_cannot_start_the_cluster_of_another_user(empty_home: Path) -> None:
    cluster.start(empty_home)
    cluster.stop(empty_home)
    os.seteuid(65534)
    try:
        with pytest.raises(ClusterError, match=r"belongs to user postgres.*nobody"):
            cluster.start(empty_home)
    finally:
        os.seteuid(0)


def starting(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "terrakin", "db", "start"],
        env={**os.environ, "TERRAKIN_HOME": str(home), "DATABASE_URL": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


def test_simultaneous_starts_create_one_cluster(empty_home: Path) -> None:
    answers = [process.communicate()[0] for process in [starting(empty_home) for _ in range(3)]]
    assert {answer.split("\n")[0] for answer in answers} == {
        f"PostgreSQL is running: {cluster.start(empty_home).url()}"
    }
    processes = server_processes(cluster.locate(empty_home).data)
    # An autovacuum worker may have ended in the meantime.
    parents = {p.pid: p.info["ppid"] for p in psutil.process_iter(["ppid"]) if p.pid in processes}
    assert [p for p, parent in parents.items() if parent not in processes] == [postmaster(empty_home).pid]


def test_clusters_started_at_the_same_time_get_different_ports() -> None:
    with temporary_home() as one, temporary_home() as two, temporary_home() as three:
        homes = (one, two, three)
        for process in [starting(home) for home in homes]:
            output, _ = process.communicate()
            assert process.returncode == 0, output
        assert len({cluster.start(home).port for home in homes}) == 3


@pytest.fixture
def small_disk(empty_home: Path) -> Iterator[Path]:
    """A home on a separate disk of 400 MiB."""
    if os.geteuid() != 0:
        pytest.skip("mounting a small disk needs root")
    home = empty_home / "disk"
    home.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={DISK_MIB}m,mode=711", "tmpfs", str(home)]
    mounted = subprocess.run(mount, capture_output=True, text=True, check=False)
    if mounted.returncode != 0:
        pytest.skip(f"no small disk can be mounted here: {mounted.stderr.strip()}")
    yield home
    remove_cluster(home)
    subprocess.run(["umount", str(home)], check=True)


def fill(home: Path, leave_mib: int) -> Path:
    """Write a file that leaves only so many MiB of the disk free."""
    filler = home / "filler"
    with filler.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, shutil.disk_usage(home).free - leave_mib * 1024**2)
    return filler


def test_a_disk_too_full_for_a_cluster_is_refused_before_anything_is_created(small_disk: Path) -> None:
    filler = fill(small_disk, 100)
    with pytest.raises(ClusterError, match=r"is full: (99|100) MiB free, 300 MiB needed"):
        cluster.start(small_disk)
    assert not cluster.locate(small_disk).data.exists()
    filler.unlink()
    cluster.start(small_disk)


@pytest.mark.parametrize("leave_mib", [0, 1, 20])
def test_a_disk_that_fills_up_during_initdb_leaves_no_incomplete_files(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, leave_mib: int
) -> None:
    monkeypatch.setattr(lifecycle, "START_NEEDS_MIB", 0)
    monkeypatch.setattr(data_directory, "INITDB_NEEDS_MIB", 0)
    filler = fill(small_disk, leave_mib)
    with pytest.raises(ClusterError, match="No space left on device") as refused:
        cluster.start(small_disk)
    assert "\n" not in str(refused.value)
    paths = cluster.locate(small_disk)
    assert [p.name for p in paths.base.glob("*") if p.name not in ("run", "postgresql.log")] == []
    filler.unlink()
    cluster.start(small_disk)
    assert value(small_disk, "SELECT 1") == 1


def test_a_full_disk_stops_a_start_and_loses_nothing(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_a_row(small_disk)
    kill_server(small_disk)
    filler = fill(small_disk, 0)
    with pytest.raises(ClusterError, match="is full"):
        cluster.start(small_disk)
    monkeypatch.setattr(lifecycle, "START_NEEDS_MIB", 0)
    with pytest.raises(ClusterError, match=r"No space left on device|Check free disk space"):
        cluster.start(small_disk)
    filler.unlink()
    cluster.start(small_disk)
    assert value(small_disk, "SELECT number FROM kept") == 42
