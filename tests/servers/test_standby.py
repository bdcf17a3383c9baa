"""A hot standby answers as its primary does, and sees what is loaded there; what writes refuses it in one line."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from db.backup import backup
from db.check import check
from db.connect import connect
from tests.builders.rows import make_city, make_tile
from tests.builders.towns import build_towns
from tests.servers.questions import questions, web_answers
from tests.servers.standby import Pair, streaming_pair

WRITING = (
    ["db", "migrate"], ["db", "index"], ["db", "reset", "--yes"], ["qgis", "setup"], ["etl", "cities"],
    ["etl", "retry"], ["etl", "layout"], ["etl", "load", "--period", "2024-06-01/2024-08-31"],
)  # fmt: skip


@pytest.fixture(scope="module")
def pair() -> Iterator[Pair]:
    with streaming_pair() as pair:
        with connect(pair.primary) as conn:
            build_towns(conn)
        pair.catch_up()
        yield pair


def command(pair: Pair, tmp_path: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    environment = {**os.environ, "DATABASE_URL": str(pair.standby.database_url), "TERRAKIN_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "terrakin", *arguments]
    return subprocess.run(command, env=environment, capture_output=True, text=True, check=False)


def test_the_web_app_answers_from_the_standby_as_from_the_primary(pair: Pair) -> None:
    paths = questions(pair.primary)
    found = web_answers(pair.standby, paths)
    assert found == web_answers(pair.primary, paths)
    assert sum(status == 200 for status, _ in found) > 30


def test_what_is_loaded_on_the_primary_is_found_on_the_standby(pair: Pair) -> None:
    with connect(pair.primary) as conn:
        make_city(conn, 77, name="Newtown")
        tile_id = make_tile(conn, 77, city_id=77)
    pair.catch_up()
    ((_, cities), (_, matches)) = web_answers(
        pair.standby, ["/api/v1/cities?q=Newtown", f"/api/v1/similar?tile_id={tile_id}&k=1&origin=any"]
    )
    assert json.loads(cities)["cities"][0]["city_id"] == 77
    assert len(json.loads(matches)["matches"]) == 1


@pytest.mark.parametrize("arguments", WRITING, ids=" ".join)
def test_a_command_that_writes_says_so_in_one_line(pair: Pair, tmp_path: Path, arguments: list[str]) -> None:
    done = command(pair, tmp_path, *arguments)
    assert done.returncode == 1, done.stdout
    line = done.stderr.splitlines()[-1]
    assert line.startswith("terrakin: error: ")
    assert "Traceback" not in done.stderr
    assert "primary" in line


def test_a_check_tells_that_it_is_a_standby(pair: Pair, tmp_path: Path) -> None:
    done = command(pair, tmp_path, "db", "check")
    assert done.returncode == 0, done.stdout
    assert "standby" in done.stdout
    assert "streaming; " in done.stdout


def test_a_check_of_the_primary_tells_its_standbys(pair: Pair) -> None:
    (found,) = [finding for finding in check(pair.primary) if finding.subject == "replication"]
    assert "is streaming" in found.text


def test_a_backup_of_the_standby_is_that_of_the_primary(pair: Pair, tmp_path: Path) -> None:
    contents = [backup(settings, tmp_path / name).content for name, settings in vars(pair).items()]
    assert contents[0] == contents[1]
