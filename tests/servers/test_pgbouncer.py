"""The web app and analysts work through PgBouncer in transaction mode; commands that need a session refuse it."""

import http.client
import os
import pwd
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict

from db.connect import connect
from db.errors import ConnectError
from tests.builders.towns import TOWNS, TownDatabase
from tests.ports import free_ports
from webapp import create_app
from webapp.database import EXTENSION

PGBOUNCER = shutil.which("pgbouncer") or "/usr/sbin/pgbouncer"
CONFIGURATION = """
[databases]
* = host={host} port={server_port}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {port}
unix_socket_dir =
auth_type = trust
auth_file = {folder}/users.txt
pool_mode = transaction
default_pool_size = 3
logfile = {folder}/log
"""
N_CLIENTS = 50
LOAD_S = float(os.environ.get("TERRAKIN_LOAD_S") or 10)
"""Seconds of the load; 60 in docs/performance.md."""
USERS = ("terrakin", "terrakin_etl", "terrakin_reader")
pytestmark = pytest.mark.skipif(not Path(PGBOUNCER).exists(), reason="PgBouncer is not installed: make test-servers")


@pytest.fixture(scope="module")
def pooler(towns: TownDatabase, tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    """Port of a PgBouncer in transaction mode with three connections for each user."""
    parts = conninfo_to_dict(str(towns.settings.database_url))
    folder = tmp_path_factory.mktemp("pgbouncer")
    for path in (folder, *folder.parents[:3]):
        path.chmod(path.stat().st_mode | 0o055)
    (port,) = free_ports(1)
    (folder / "users.txt").write_text("".join(f'"{user}" ""\n' for user in USERS))
    server = {"host": parts["host"], "server_port": parts["port"]}
    (folder / "pgb.ini").write_text(CONFIGURATION.format(**server, port=port, folder=folder))
    user = pwd.getpwnam("postgres") if os.getuid() == 0 else None  # PgBouncer refuses to run as root
    shutil.chown(folder, user.pw_uid if user else os.getuid())
    process = subprocess.Popen(
        [PGBOUNCER, "-q", str(folder / "pgb.ini")], user=user.pw_uid if user else None, stderr=subprocess.DEVNULL
    )
    deadline = time.monotonic() + 30
    while subprocess.run(["pg_isready", "-q", "-h", "127.0.0.1", "-p", str(port)], check=False).returncode:
        assert time.monotonic() < deadline, (folder / "log").read_text()
        time.sleep(0.1)
    yield port
    process.terminate()
    process.wait()


@pytest.fixture(scope="module")
def address(towns: TownDatabase, pooler: int) -> str:
    database = conninfo_to_dict(str(towns.settings.database_url))["dbname"]
    return f"host=127.0.0.1 port={pooler} dbname={database}"


def path_of(towns: TownDatabase, number: int) -> str:
    """Return one of several questions."""
    tile_id = towns.tiles[TOWNS[number % 5].city_id][number % 9][0]
    return (
        f"/api/v1/similar?tile_id={tile_id}&k=5&exclude_within_m={number % 3 * 1000}",
        f"/api/v1/tiles/{tile_id}",
        "/api/v1/cities?q=a",
        f"/api/v1/similar?tile_id={tile_id}&max_per_city=1&origin=any",
    )[number % 4]


def ask(client: Any, towns: TownDatabase, number: int) -> tuple[int, Any]:
    """Ask one of several questions; return its status and answer."""
    answer = client.get(path_of(towns, number))
    return answer.status_code, answer.get_json()


def test_the_web_app_answers_as_without_a_pooler(towns: TownDatabase, address: str) -> None:
    direct = create_app(replace(towns.settings, rate_limit="none"))
    pooled = create_app(replace(towns.settings, rate_limit="none", reader_url=f"{address} user=terrakin_reader"))
    expected = [ask(direct.test_client(), towns, number) for number in range(20)]
    with ThreadPoolExecutor(6) as threads:
        found = list(threads.map(lambda number: ask(pooled.test_client(), towns, number % 20), range(240)))
    for app in (direct, pooled):
        app.extensions[EXTENSION].close()
    assert found == expected * 12


def test_fifty_clients_get_no_error(towns: TownDatabase, address: str, tmp_path: Path) -> None:
    """A server with two workers of eight threads behind the pooler, which has three connections."""
    (port,) = free_ports(1)
    environment = {
        **os.environ,
        "DATABASE_URL": str(towns.settings.database_url),
        "TERRAKIN_READER_URL": f"{address} user=terrakin_reader",
        "TERRAKIN_HOME": str(tmp_path),
        "TERRAKIN_RATE_LIMIT": "none",
    }
    web = [sys.executable, "-m", "terrakin", "web"]
    subprocess.run([*web, "start", "--port", str(port)], env=environment, check=True, capture_output=True)
    end = time.monotonic() + LOAD_S

    def ask_on(number: int) -> list[int]:
        client, statuses = http.client.HTTPConnection("127.0.0.1", port, timeout=30), list[int]()
        while time.monotonic() < end:
            client.request("GET", path_of(towns, number + len(statuses)))
            answer = client.getresponse()
            answer.read()
            statuses.append(answer.status)
        client.close()
        return statuses

    try:
        with ThreadPoolExecutor(N_CLIENTS) as threads:
            found = [status for statuses in threads.map(ask_on, range(N_CLIENTS)) for status in statuses]
    finally:
        subprocess.run([*web, "stop"], env=environment, check=True, capture_output=True)
    assert set(found) == {200}
    assert len(found) > N_CLIENTS
    print(f"{len(found)} answers in {LOAD_S} s, all 200")


def test_queries_through_a_pooler_are_read_only_and_limited(towns: TownDatabase, address: str) -> None:
    app = create_app(replace(towns.settings, reader_url=f"{address} user=terrakin_reader"))
    database = app.extensions[EXTENSION]
    assert database.rows("SHOW statement_timeout") == [{"statement_timeout": "10s"}]
    assert database.rows("SHOW transaction_read_only") == [{"transaction_read_only": "on"}]
    database.close()


def test_analysts_work_through_a_pooler(towns: TownDatabase, address: str) -> None:
    tile_id = towns.tiles[TOWNS[0].city_id][0][0]
    with psycopg.connect(f"{address} user=terrakin_reader", prepare_threshold=None) as conn:
        rows = conn.execute("SELECT tile_id FROM api.similar_tiles(%s, k => 5)", (tile_id,)).fetchall()
    assert len(rows) == 5


@pytest.mark.parametrize("role", ["owner", "etl"])
def test_what_needs_a_session_refuses_a_pooler(towns: TownDatabase, address: str, role: Any) -> None:
    settings = replace(towns.settings, database_url=f"{address} user=terrakin")
    with pytest.raises(ConnectError, match=r"pooler; .*own port"):
        connect(settings, role)


@pytest.mark.parametrize("command", [["db", "migrate"], ["db", "index"], ["etl", "status"], ["etl", "layout"]])
def test_a_command_refuses_a_pooler_in_one_line(address: str, command: list[str], tmp_path: Path) -> None:
    environment = {**os.environ, "DATABASE_URL": f"{address} user=terrakin", "TERRAKIN_HOME": str(tmp_path)}
    done = subprocess.run(
        [sys.executable, "-m", "terrakin", *command], env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 1
    (line,) = done.stderr.splitlines()
    assert line.startswith("terrakin: error: ")
    assert "pooler" in line
