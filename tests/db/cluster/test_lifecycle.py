"""The private cluster: created, started, stopped, started again, deleted."""

import os
import subprocess
import sys
from pathlib import Path

import psutil
import psycopg

from db import cluster
from db.cluster.paths import make_folders
from db.cluster.process import server_processes
from tests.db.cluster.servers import AS_ROOT, postmaster, starting, value


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


@AS_ROOT
def test_root_runs_a_cluster_as_the_user_that_owns_it(empty_home: Path) -> None:
    make_folders(cluster.locate(empty_home))
    for folder in (empty_home / "cluster", empty_home / "cluster" / "run"):
        os.chown(folder, 65534, 65534)
    cluster.start(empty_home)
    assert postmaster(empty_home).username() == "nobody"


def test_simultaneous_starts_create_one_cluster(empty_home: Path) -> None:
    answers = [process.communicate()[0] for process in [starting(empty_home) for _ in range(3)]]
    expected = f"PostgreSQL is running: {cluster.start(empty_home).url()}"
    for answer in answers:
        assert expected in answer.splitlines()
    processes = server_processes(cluster.locate(empty_home).data)
    # An autovacuum worker may have ended in the meantime.
    parents = {p.pid: p.info["ppid"] for p in psutil.process_iter(["ppid"]) if p.pid in processes}
    assert [p for p, parent in parents.items() if parent not in processes] == [postmaster(empty_home).pid]
