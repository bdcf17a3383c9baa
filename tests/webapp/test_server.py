"""The background server: the real command, with real gunicorn processes."""

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

from tests.webapp.towns import TownDatabase

Command = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture
def port() -> int:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        found: int = free.getsockname()[1]
        return found


@pytest.fixture
def web(towns: TownDatabase, tmp_path: Path) -> Iterator[Command]:
    """``terrakin web`` with a home of its own."""
    environment = {**os.environ, "TERRAKIN_HOME": str(tmp_path), "DATABASE_URL": towns.settings.database_url or ""}

    def run(*arguments: object, **more: str) -> "subprocess.CompletedProcess[str]":
        command = [sys.executable, "-m", "terrakin", "web", *map(str, arguments)]
        return subprocess.run(command, env=environment | more, capture_output=True, text=True, timeout=90, check=False)

    yield run
    run("stop")


def assert_error(result: "subprocess.CompletedProcess[str]", *words: str) -> None:
    assert result.returncode == 1
    (line,) = result.stderr.splitlines()
    assert line.startswith("terrakin: error: ")
    for word in words:
        assert word in line


def test_start_returns_when_the_page_answers_and_stop_ends_every_process(
    web: Command, port: int, tmp_path: Path
) -> None:
    started = web("start", "--port", port)
    assert started.returncode == 0, started.stdout
    assert f"http://127.0.0.1:{port}" in started.stdout
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/health") as answer:
        assert json.load(answer) == {"status": "ok"}
    state = json.loads((tmp_path / "web.json").read_text())
    master = psutil.Process(state["pid"])
    processes = [master, *master.children()]
    assert len(processes) == 3
    assert web("status").returncode == 0

    assert web("stop").returncode == 0
    assert not any(process.is_running() and process.status() != psutil.STATUS_ZOMBIE for process in processes)
    assert web("status").returncode == 3
    assert "was not running" in web("stop").stderr


def test_starting_twice_says_where_the_first_is(web: Command, port: int) -> None:
    web("start", "--port", port)
    again = web("start", "--port", port + 1)
    assert again.returncode == 0
    assert f"was already at http://127.0.0.1:{port}" in again.stdout


@pytest.mark.parametrize("command", ["start", "run"])
def test_a_taken_port_says_what_to_do(web: Command, port: int, tmp_path: Path, command: str) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", port))
        other.listen()
        assert_error(web(command, "--port", port), f"port {port}", f"make demo PORT={port + 1}")
    assert not (tmp_path / "web.json").exists()


def test_an_address_of_another_machine_is_refused(web: Command, port: int) -> None:
    assert_error(web("start", "--host", "192.0.2.1", "--port", port), "192.0.2.1")


def test_a_database_that_is_away_is_said_before_anything_is_started(web: Command, port: int, tmp_path: Path) -> None:
    url = f"postgresql://nobody@127.0.0.1:{port}/nothing"
    assert_error(web("start", "--port", port, DATABASE_URL=url), "cannot connect", str(port), "DATABASE_URL")
    assert not (tmp_path / "web.json").exists()
    assert not (tmp_path / "web.log").exists()


@pytest.mark.parametrize("left_behind", ["", "{}", '{"pid": 1, "started_at": 0, "host": "127.0.0.1", "port": 1}'])
def test_a_file_left_by_a_killed_server_is_not_believed(
    web: Command, port: int, tmp_path: Path, left_behind: str
) -> None:
    (tmp_path / "web.json").write_text(left_behind)
    assert web("status").returncode == 3
    assert web("start", "--port", port).returncode == 0
    assert f":{port}" in web("status").stdout
