"""The background server: the real command with real gunicorn processes."""

import json
import os
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import psutil
import pytest

from db.settings import Settings
from tests.builders.towns import TownDatabase
from tests.ports import free_ports
from webapp import server
from webapp.server import Server

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def port() -> int:
    return free_ports(1)[0]


@pytest.fixture
def web(towns: TownDatabase, tmp_path: Path) -> Iterator[Command]:
    """Run ``terrakin web`` with an empty home."""
    environment = {**os.environ, "TERRAKIN_HOME": str(tmp_path), "DATABASE_URL": towns.settings.database_url or ""}

    def run(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "terrakin", "web", *map(str, arguments)]
        return subprocess.run(command, env=environment | more, capture_output=True, text=True, timeout=90, check=False)

    yield run
    server.stop(Settings(tmp_path))


def assert_error(result: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("terrakin: error: ")
    for word in words:
        assert word in line


def test_a_server_starts_once_and_stop_ends_every_process(web: Command, port: int, tmp_path: Path) -> None:
    (tmp_path / "web.json").write_text('{"pid": 1, "started_at": 0, "host": "127.0.0.1", "port": 1}')  # stale
    started = web("start", "--port", port)
    assert started.returncode == 0, started.stderr
    assert f"http://127.0.0.1:{port}" in started.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
        assert json.load(answer) == {"status": "ok"}
    state = json.loads((tmp_path / "web.json").read_text())
    master = psutil.Process(state["pid"])
    processes = [master, *master.children()]
    assert len(processes) == 3

    again = web("start", "--port", port + 1)
    assert again.returncode == 0
    assert f"http://127.0.0.1:{port}" in again.stdout
    status = web("status")
    assert status.returncode == 0
    assert f"http://127.0.0.1:{port}" in status.stdout

    assert web("stop").returncode == 0
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
    assert not (tmp_path / "web.json").exists()


def test_status_without_a_server_is_exit_code_3_and_stop_is_0(web: Command) -> None:
    assert web("status").returncode == 3
    assert web("stop").returncode == 0


@pytest.mark.parametrize("command", ["start", "run"])
def test_a_port_in_use_is_an_error_with_another_port(web: Command, port: int, tmp_path: Path, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert_error(web(command, "--port", port), f"port {port}", f"make demo PORT={port + 1}")
    assert not (tmp_path / "web.json").exists()


def test_an_address_of_another_machine_is_an_error(web: Command, port: int) -> None:
    assert_error(web("start", "--host", "192.0.2.1", "--port", port), "192.0.2.1")


def test_a_database_that_is_down_is_an_error_before_anything_starts(web: Command, port: int, tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{port}/nothing"
    assert_error(web("start", "--port", port, DATABASE_URL=url), "cannot connect", str(port), "DATABASE_URL")
    assert not (tmp_path / "web.json").exists()
    assert not (tmp_path / "web.log").exists()


@pytest.mark.parametrize(
    "left_behind",
    [
        "",
        "{}",
        '{"pid": 1, "started_at": 0, "host": "127.0.0.1", "port": 1}',
        f'{{"pid": {2**22 + 1}, "started_at": 0, "host": "127.0.0.1", "port": 1}}',
    ],
    ids=["empty", "incomplete", "pid of another process", "pid of no process"],
)
def test_a_stale_state_file_is_ignored(tmp_path: Path, left_behind: str) -> None:
    (tmp_path / "web.json").write_text(left_behind)
    assert server.running(Settings(tmp_path)) is None


@pytest.mark.parametrize(
    ("host", "url"),
    [
        ("127.0.0.1", "http://127.0.0.1:80"),
        ("0.0.0.0", "http://127.0.0.1:80"),
        ("::", "http://[::1]:80"),
        ("fe80::1", "http://[fe80::1]:80"),
    ],
)
def test_the_url_is_reachable_from_this_machine(host: str, url: str) -> None:
    assert Server(1, 0, host, 80).url == url
