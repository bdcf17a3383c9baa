"""What a backup contains: a folder with a dump, a manifest, and work files if they were asked for."""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from db.backup.content import Content
from db.connect import known_revisions
from db.errors import DbError

DUMP, MANIFEST, WORK = "terrakin.dump", "manifest.json", "work"
FORMAT = 1


@dataclass(frozen=True)
class Manifest:
    """The manifest of a backup.

    Attributes:
        created_at: when it was begun, ISO 8601 with offset.
        revision: schema revision of the database.
        postgresql: major version of the server.
        extension_schemas: schema of PostGIS and of pgvector, by name of the extension; the dump contains it.
        with_work: whether the folder contains work files.
        content: rows and answers of the database.
    """

    created_at: str
    revision: str
    postgresql: int
    extension_schemas: dict[str, str]
    with_work: bool
    content: Content

    def write(self, folder: Path) -> None:
        """Write the manifest into the folder of a backup."""
        text = json.dumps({"format": FORMAT, **asdict(self)}, indent=1)
        (folder / MANIFEST).write_text(text + "\n", encoding="utf-8")


def read_manifest(folder: Path) -> Manifest:
    """Read the manifest of a backup.

    Raises:
        DbError: the folder is no backup, or one of a newer terrakin.
    """
    try:
        fields: dict[str, Any] = json.loads((folder / MANIFEST).read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise DbError(f"{folder} is not a backup of terrakin: {error}") from error
    number, revision = fields.pop("format", None), fields.get("revision")
    if number != FORMAT or revision not in known_revisions():
        raise DbError(f"{folder} was written by a newer terrakin (schema revision {revision}); update terrakin")
    if not (folder / DUMP).is_file():
        raise DbError(f"{folder} has no {DUMP}: the backup is incomplete")
    content = fields.pop("content")
    tables = {name: (n, fingerprint) for name, (n, fingerprint) in content["tables"].items()}
    return Manifest(**fields, content=Content(tables, content["answers"]))
