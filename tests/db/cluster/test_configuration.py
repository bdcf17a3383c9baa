"""Authentication and memory settings of a cluster."""

from pathlib import Path

import psutil
import psycopg
import pytest

from db import cluster
from db.cluster.binaries import run_as
from tests.db.cluster.servers import AS_ROOT, ROLES, over_tcp, value


def test_memory_settings_follow_the_machines_memory(server_home: Path) -> None:
    total = psutil.virtual_memory().total
    shared = value(server_home, "SELECT pg_size_bytes(current_setting('shared_buffers'))")
    assert isinstance(shared, int)
    assert 64 * 1024**2 <= shared <= total // 4 + 1024**2
    assert value(server_home, "SHOW jit") == "off"


def test_nobody_is_trusted(server_home: Path) -> None:
    with psycopg.connect(cluster.start(server_home).url()) as conn:
        methods = conn.execute("SELECT type, auth_method, error FROM pg_hba_file_rules").fetchall()
    assert set(methods) == {("local", "peer", None), ("host", "scram-sha-256", None)}
    for role in ROLES:
        with pytest.raises(psycopg.OperationalError, match="no password supplied"):
            over_tcp(server_home, role, None)
        with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
            over_tcp(server_home, role, "wrong")


@AS_ROOT
def test_another_system_user_is_refused_on_the_socket(server_home: Path) -> None:
    paths = cluster.locate(server_home)
    address = cluster.start(server_home)
    nobody = type(paths.user)("nobody", 65534, 65534)
    answer = run_as(nobody, ["psql", address.url(), "-Atc", "SELECT 1"])
    assert answer.returncode != 0
    assert "Peer authentication failed" in answer.stdout
