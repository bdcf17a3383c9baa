"""docs/api.md: every curl example runs, and every path is documented."""

import re
import shlex
from pathlib import Path

import pytest
from flask.testing import FlaskClient

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
COMMANDS = [line for line in TEXT.replace("\\\n", " ").splitlines() if line.startswith("curl")]
UPLOAD = "similar-to-chip"
"""This command needs a chip: tests/webapp/api/test_chips.py uploads one."""


@pytest.mark.parametrize("command", [command for command in COMMANDS if UPLOAD not in command])
def test_a_command_gets_an_answer(client: FlaskClient, command: str) -> None:
    words = shlex.split(command)
    path = next(word for word in words if word.startswith("$BASE")).removeprefix("$BASE")
    if "-d" in words:
        response = client.post(path, data=words[words.index("-d") + 1], content_type="application/json")
    else:
        response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.data


def test_there_are_commands_for_all_searches() -> None:
    searches = {"similar?", "similar-blocks?", "similar-at?", "similar-to-examples", "similar-to-area", UPLOAD}
    assert {name for name in searches if any(f"/{name}" in command for command in COMMANDS)} == searches


def test_every_path_is_documented(client: FlaskClient) -> None:
    named = set(re.findall(r"`(/[a-z-]+(?:/[^`?]*)?)", TEXT))
    for path in client.get("/api/openapi.json").get_json()["paths"]:
        short = path.removeprefix("/api/v1")
        assert short in named or path in TEXT or short == "/health", path
