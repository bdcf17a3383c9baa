"""The files of ``sql/``: which object each one creates, and the order in which they run.

A file may begin with lines ``-- requires: functions/tile_embedding.sql``; it then runs after that file, and again
whenever that file runs.
"""

import hashlib
import re
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

from db.errors import DbError

ROOT = Path(__file__).parents[2] / "sql"
"""Beside package ``db``, in the repository and in site-packages."""
SCHEMAS = ("terrakin", "api", "internal", "tiles")
ROLES, GRANTS = "roles.sql", "grants.sql"
FOLDERS = {
    "types": ("TYPE", "internal"),
    "internal": ("FUNCTION", "internal"),
    "functions": ("FUNCTION", "api"),
    "views": ("VIEW", "api"),
    "tiles": ("FUNCTION", "tiles"),
    "triggers": ("FUNCTION", "terrakin"),
}
"""Kind and schema of the objects that the files of a folder create; an object is named after its file."""
CITUS = "citus"
"""Folder of the files that take the place of those of the same path where the keys are distributed by Citus."""
REQUIRES = re.compile(r"^-- requires: (\S+)$", re.MULTILINE)


@dataclass(frozen=True)
class SqlFile:
    """One file of ``sql/``: its path below that folder, its text, and the files that must run before it."""

    name: str
    text: str
    requires: tuple[str, ...]

    @property
    def sha256(self) -> str:
        """SHA-256 of the text, in hex."""
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def folder(self) -> str:
        """First part of the path; empty for roles.sql and grants.sql."""
        return self.name.rpartition("/")[0]


def read_files(*, is_distributed: bool = False) -> list[SqlFile]:
    """Return all files in the order in which they run: roles, types, then by requirement and name, then grants.

    Args:
        is_distributed: whether the files are for a database whose keys Citus distributes.

    Raises:
        DbError: a required file does not exist, or files require each other in a circle.
    """
    objects: dict[str, SqlFile] = {}
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).glob("*.sql")):
            name, other = f"{folder}/{path.name}", ROOT / CITUS / folder / path.name
            text = (other if is_distributed and other.exists() else path).read_text(encoding="utf-8")
            objects[name] = SqlFile(name, text, tuple(REQUIRES.findall(text)))
    first, last = (SqlFile(name, (ROOT / name).read_text(encoding="utf-8"), ()) for name in (ROLES, GRANTS))
    return [first, *(objects[name] for name in _order(objects)), last]


def _order(objects: dict[str, SqlFile]) -> list[str]:
    for file in objects.values():
        for required in file.requires:
            if required not in objects:
                raise DbError(f"sql/{file.name} requires {required}, which does not exist")
    types = {name for name, file in objects.items() if file.folder == "types"}
    before = {
        name: {*file.requires, *(() if name in types else types)}  # any function may have an argument of such a type
        for name, file in objects.items()
    }
    try:
        return list(TopologicalSorter(before).static_order())
    except CycleError as error:
        raise DbError(f"files of sql/ require each other in a circle: {' -> '.join(error.args[1])}") from error
