"""Servers of private clusters as tests use them."""

import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

import psutil
import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from db import cluster
from db.cluster.process import server_processes

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


def starting(home: Path) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "terrakin", "db", "start"],
        env={**os.environ, "TERRAKIN_HOME": str(home), "DATABASE_URL": ""},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )


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
