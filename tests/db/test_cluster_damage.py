"""What a kill, a full disk, a reboot or a stranger does to the private cluster: mended, or refused in one line."""

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

from db import cluster, cluster_files
from db.errors import ClusterError
from db.server_process import PORTS, server_processes
from tests.conftest import remove_cluster, temporary_home
from tests.db.test_cluster import AS_ROOT, postmaster, value

DISK_MIB = 400


def kill_server(home: Path) -> None:
    """What a power cut does: every process of the server is gone at once, its files stay."""
    data = cluster_files.locate(home).data
    for pid in server_processes(data):
        with suppress(ProcessLookupError):  # one that ended by itself, or with the postmaster
            os.kill(pid, signal.SIGKILL)
    while server_processes(data):
        time.sleep(0.01)


def keep_a_row(home: Path) -> None:
    with psycopg.connect(cluster.start(home).url()) as conn:
        conn.execute("CREATE TABLE kept AS SELECT 42 AS number")


def test_a_killed_server_comes_back_with_what_was_committed(empty_home: Path) -> None:
    keep_a_row(empty_home)
    kill_server(empty_home)
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_a_killed_postmaster_is_replaced_once_its_children_are_gone(empty_home: Path) -> None:
    keep_a_row(empty_home)
    os.kill(postmaster(empty_home).pid, signal.SIGKILL)
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


@pytest.fixture
def stranger(empty_home: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A process of the server's user that is no PostgreSQL."""
    user = cluster_files.locate(empty_home).user
    is_other = user.uid != os.geteuid()
    with subprocess.Popen(["sleep", "600"], user=user.uid if is_other else None) as process:
        yield process
        process.kill()


def test_a_pid_file_whose_number_another_program_has_now_is_removed(
    empty_home: Path, stranger: subprocess.Popen[bytes], caplog: pytest.LogCaptureFixture
) -> None:
    keep_a_row(empty_home)
    pid_file = cluster_files.locate(empty_home).data / "postmaster.pid"
    kill_server(empty_home)
    lines = pid_file.read_text().split("\n")
    # Without the line of the shared memory too: as after a reboot.
    pid_file.write_text("\n".join([str(stranger.pid), *lines[1:6]]) + "\n")
    cluster.start(empty_home)
    assert "stale_pid_file_removed" in caplog.text
    assert stranger.poll() is None
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_a_pid_file_that_a_full_disk_left_empty_is_removed(empty_home: Path) -> None:
    keep_a_row(empty_home)
    kill_server(empty_home)
    (cluster_files.locate(empty_home).data / "postmaster.pid").write_text("")
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_a_taken_port_is_left_for_another_and_remembered(empty_home: Path, caplog: pytest.LogCaptureFixture) -> None:
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


def test_an_initdb_that_was_killed_is_done_again(empty_home: Path) -> None:
    files = cluster_files.locate(empty_home)
    cluster_files.make_folders(files)
    half = files.leftovers[0]
    half.mkdir()
    (half / "PG_VERSION").write_text("15\n")
    (files.base / "initdb.password").write_text("left behind")
    cluster.start(empty_home)
    assert not half.exists()
    assert not (files.base / "initdb.password").exists()
    assert value(empty_home, "SELECT 1") == 1


def test_a_start_that_was_killed_before_the_database_was_made_is_finished(empty_home: Path) -> None:
    server = postmaster_after_losing_database(empty_home)
    cluster.start(empty_home)
    assert postmaster(empty_home).pid == server
    assert value(empty_home, "SELECT 1") == 1


def postmaster_after_losing_database(home: Path) -> int:
    """Process id of a server that runs but lacks the database, as if killed between the two."""
    address = cluster.start(home)
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        conn.execute("DROP DATABASE terrakin")
    return postmaster(home).pid


@pytest.mark.parametrize(
    ("file", "text", "claim"),
    [
        ("notes.txt", "mine", "is no PostgreSQL data directory"),
        ("PG_VERSION", "not a number", "is no PostgreSQL data directory"),
        ("PG_VERSION", "15\n", "did not make"),
    ],
)
def test_a_folder_that_is_not_ours_is_not_touched(empty_home: Path, file: str, text: str, claim: str) -> None:
    files = cluster_files.locate(empty_home)
    cluster_files.make_folders(files)
    files.data.mkdir()
    (files.data / file).write_text(text)
    with pytest.raises(ClusterError, match=claim):
        cluster.start(empty_home)
    assert [p.name for p in files.data.iterdir()] == [file]
    assert (files.data / file).read_text() == text


def test_a_data_directory_of_another_major_version_names_what_to_install(empty_home: Path) -> None:
    keep_a_row(empty_home)
    cluster.stop(empty_home)
    version = cluster_files.locate(empty_home).data / "PG_VERSION"
    ours = version.read_text()
    version.write_text("9\n")
    with pytest.raises(ClusterError, match="install postgresql-9"):
        cluster.start(empty_home)
    version.write_text(ours)
    cluster.start(empty_home)
    assert value(empty_home, "SELECT number FROM kept") == 42


def test_a_server_that_does_not_come_up_shows_the_end_of_its_log(empty_home: Path) -> None:
    cluster.start(empty_home)
    cluster.stop(empty_home)
    with (cluster_files.locate(empty_home).data / "postgresql.conf").open("a") as conf:
        conf.write("no_such_setting = 1\n")
    with pytest.raises(ClusterError, match="unrecognized configuration parameter") as refused:
        cluster.start(empty_home)
    assert "\n" not in str(refused.value)


def test_a_server_of_another_cluster_in_our_place_is_refused(server_home: Path, empty_home: Path) -> None:
    files = cluster_files.locate(empty_home)
    cluster_files.make_folders(files)
    files.socket_dir.rmdir()
    files.socket_dir.symlink_to(cluster_files.locate(server_home).socket_dir)
    shutil.copy(cluster_files.locate(server_home).port_file, files.port_file)
    for action in (cluster.running, cluster.start):
        with pytest.raises(ClusterError, match=f"not {files.data}"):
            action(empty_home)


@AS_ROOT
def test_a_cluster_of_another_user_is_refused_to_a_plain_user(empty_home: Path) -> None:
    cluster.start(empty_home)
    cluster.stop(empty_home)
    os.seteuid(65534)
    try:
        with pytest.raises(ClusterError, match="belongs to user postgres, but the server would run as nobody"):
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


def test_two_starts_at_once_make_one_cluster(empty_home: Path) -> None:
    answers = [process.communicate()[0] for process in [starting(empty_home) for _ in range(3)]]
    assert {answer.split("\n")[0] for answer in answers} == {f"PostgreSQL runs: {cluster.start(empty_home).url()}"}
    processes = server_processes(cluster_files.locate(empty_home).data)
    # An autovacuum worker may have ended since.
    parents = {p.pid: p.info["ppid"] for p in psutil.process_iter(["ppid"]) if p.pid in processes}
    assert [p for p, parent in parents.items() if parent not in processes] == [postmaster(empty_home).pid]


def test_clusters_that_start_at_once_get_ports_of_their_own() -> None:
    with temporary_home() as one, temporary_home() as two, temporary_home() as three:
        homes = (one, two, three)
        for process in [starting(home) for home in homes]:
            output, _ = process.communicate()
            assert process.returncode == 0, output
        assert len({cluster.start(home).port for home in homes}) == 3


@pytest.fixture
def small_disk(empty_home: Path) -> Iterator[Path]:
    """A home on a disk of its own of 400 MiB."""
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
    """A file that leaves only so much of the disk free."""
    filler = home / "filler"
    with filler.open("wb") as handle:
        os.posix_fallocate(handle.fileno(), 0, shutil.disk_usage(home).free - leave_mib * 1024**2)
    return filler


def test_a_disk_too_full_for_a_cluster_is_said_before_anything_is_made(small_disk: Path) -> None:
    filler = fill(small_disk, 100)
    with pytest.raises(ClusterError, match=r"is full: (99|100) MiB free, 300 MiB needed"):
        cluster.start(small_disk)
    assert not cluster_files.locate(small_disk).data.exists()
    filler.unlink()
    cluster.start(small_disk)


@pytest.mark.parametrize("leave_mib", [0, 1, 20])
def test_a_disk_that_fills_up_during_initdb_leaves_nothing_half_made(
    small_disk: Path, monkeypatch: pytest.MonkeyPatch, leave_mib: int
) -> None:
    monkeypatch.setattr(cluster, "START_NEEDS_MIB", 0)
    monkeypatch.setattr(cluster, "INITDB_NEEDS_MIB", 0)
    filler = fill(small_disk, leave_mib)
    with pytest.raises(ClusterError, match="No space left on device") as refused:
        cluster.start(small_disk)
    assert "\n" not in str(refused.value)
    files = cluster_files.locate(small_disk)
    assert [p.name for p in files.base.glob("*") if p.name not in ("run", "postgresql.log")] == []
    filler.unlink()
    cluster.start(small_disk)
    assert value(small_disk, "SELECT 1") == 1


def test_a_full_disk_stops_a_start_and_loses_nothing(small_disk: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keep_a_row(small_disk)
    kill_server(small_disk)
    filler = fill(small_disk, 0)
    with pytest.raises(ClusterError, match="is full"):
        cluster.start(small_disk)
    monkeypatch.setattr(cluster, "START_NEEDS_MIB", 0)
    with pytest.raises(ClusterError, match=r"No space left on device|Check free disk space"):
        cluster.start(small_disk)
    filler.unlink()
    cluster.start(small_disk)
    assert value(small_disk, "SELECT number FROM kept") == 42
