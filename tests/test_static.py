"""ruff and mypy, as a part of ``make test``."""

import subprocess
import sys
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize(
    "check",
    [["ruff", "check", "--no-cache", "."], ["ruff", "format", "--no-cache", "--check", "."], ["mypy"]],
    ids=" ".join,
)
def test_nothing_to_complain_about(check: list[str]) -> None:
    answer = subprocess.run([sys.executable, "-m", *check], cwd=REPOSITORY, capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr
