"""PostgreSQL's pg_dump and pg_restore: a version that suits the server, run without a password in their arguments."""

import re
import shutil
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from psycopg.conninfo import make_conninfo

from db.cluster.binaries import DEBIAN_ROOT, major_version
from db.connect import parse_url
from db.errors import DbError
from db.settings import environment_with

TABLE = re.compile(r'(?:dumping contents of|processing data for) table "(\S+)"')
"""What both programs print with --verbose, in English, before the rows of a table."""
N_LINES_SHOWN = 3

Progress = Callable[[str], object]
"""Is told the name of each table whose rows are written or read."""


def find_program(name: str, at_least: int, needed_by: str) -> Path:
    """Return the newest pg_dump or pg_restore of at least a major version of PostgreSQL.

    Raises:
        DbError: none is installed, or only older ones, which cannot read what ``needed_by`` has written.
    """
    on_path = shutil.which(name)
    candidates = [*DEBIAN_ROOT.glob(f"[0-9]*/bin/{name}"), *([Path(on_path)] if on_path else [])]
    found = {major_version(path): path for path in candidates}
    if not found or max(found) < at_least:
        have = f"the newest {name} here is {max(found)}" if found else f"{name} is not installed"
        raise DbError(f"{needed_by} is PostgreSQL {at_least}, {have}; install postgresql-client-{at_least} or newer")
    return found[max(found)]


def run_program(program: Path, url: str, arguments: list[str], progress: Progress | None) -> None:
    """Run pg_dump or pg_restore with ``--verbose``, and end it if this process is interrupted.

    Raises:
        DbError: it failed; the message contains its last lines.
    """
    parts = parse_url(url)
    added = {"LC_ALL": "C"}
    if "password" in parts:  # the arguments of a process are visible to all users
        added["PGPASSWORD"] = parts.pop("password")
    command = [str(program), "--verbose", *arguments, f"--dbname={make_conninfo(**parts)}"]
    lines: list[str] = []
    with _started(command, environment_with(added)) as process:
        assert process.stderr is not None
        for line in process.stderr:
            table = TABLE.search(line)
            if table and progress:
                progress(table[1])
            if ": error:" in line or "DETAIL:" in line or "FATAL:" in line:
                lines.append(line.split(": error:")[-1].strip())
        if process.wait():
            raise DbError(f"{program.name} failed: {'; '.join(lines[-N_LINES_SHOWN:]) or 'it was ended by a signal'}")


@contextmanager
def _started(command: list[str], environment: dict[str, str]) -> Iterator[subprocess.Popen[str]]:
    with subprocess.Popen(command, env=environment, stderr=subprocess.PIPE, text=True, errors="replace") as process:
        try:
            yield process
        except BaseException:
            process.kill()
            raise
