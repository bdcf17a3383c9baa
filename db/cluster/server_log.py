"""The reason of a failure, as the output of PostgreSQL's programs and the server's log contain it."""

import re
from pathlib import Path

LINES_SHOWN = 5
PROBLEM = re.compile(r"\b(ERROR|FATAL|PANIC|error):")


def log_since(path: Path, start_byte: int) -> str:
    """Return what was added to a log file after a position; an empty string if there is no file."""
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        handle.seek(start_byte)
        return handle.read().decode(errors="replace")


def cause(text: str) -> str:
    """Return the lines around the first error in a program's output, or its last lines, as one line."""
    lines = [line.strip() for line in text.strip().splitlines()]
    first = next((i for i, line in enumerate(lines) if PROBLEM.search(line)), None)
    shown = lines[-LINES_SHOWN:] if first is None else lines[max(0, first - 1) : first + 2]
    return " | ".join(shown)
