"""docs/api.md: its curl examples are asked, and its table names every address."""

import re
import shlex
from pathlib import Path

import pytest
from flask.testing import FlaskClient

TEXT = (Path(__file__).parents[2] / "docs" / "api.md").read_text()
EXAMPLES = [line for line in TEXT.splitlines() if line.startswith("curl") and "similar-to-chip" not in line]


@pytest.mark.parametrize("example", EXAMPLES)
def test_an_example_is_answered(client: FlaskClient, example: str) -> None:
    words = shlex.split(example)
    path = next(word for word in words if word.startswith("$BASE")).removeprefix("$BASE")
    if "-d" in words:
        response = client.post(path, data=words[words.index("-d") + 1], content_type="application/json")
    else:
        response = client.get(path)
    assert response.status_code == 200, response.text
    assert response.data


def test_every_address_is_named(client: FlaskClient) -> None:
    named = set(re.findall(r"`(/[a-z-]+(?:/[^`?]*)?)", TEXT))
    for path in client.get("/api/openapi.json").get_json()["paths"]:
        short = path.removeprefix("/api/v1")
        assert short in named or path in TEXT or short == "/health", path
