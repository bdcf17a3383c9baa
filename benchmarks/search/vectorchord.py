"""VectorChord in the scratch cluster, from an archive or folder, without writing to PostgreSQL's own folders."""

import tarfile
from dataclasses import dataclass
from pathlib import Path

import click
import psycopg
from psycopg.sql import SQL, Literal

LIBRARY, SCRIPT = "vchord.so", "vchord--*.sql"
MODULE = "MODULE_PATHNAME"
OPTION = "--vectorchord"
PRELOAD = "ALTER SYSTEM SET shared_preload_libraries = {}"
LIBRARY_PATH = "ALTER SYSTEM SET dynamic_library_path = {}"
"""Parallel workers of a build look for the library by its bare name."""


@dataclass(frozen=True)
class VectorChord:
    """A copy of the extension.

    CREATE EXTENSION of PostgreSQL 15 reads control files only from PostgreSQL's own folder. Therefore the objects of
    the script are created without it, with the path of the library in place of ``MODULE_PATHNAME``.

    Attributes:
        library: shared library that the server can read.
        script: SQL script that creates types, functions and operators.
    """

    library: Path
    script: str

    def preload(self, conn: psycopg.Connection[tuple[object, ...]]) -> None:
        """Write the settings with which the library is loaded and found from the next start of the server on."""
        conn.execute(SQL(LIBRARY_PATH).format(Literal(f"{self.library.parent}:$libdir")))
        conn.execute(SQL(PRELOAD).format(Literal(str(self.library))))

    def create(self, conn: psycopg.Connection[tuple[object, ...]]) -> None:
        """Create types, functions and operators in a database with pgvector, in the schema of pgvector."""
        conn.execute(self.script.replace(MODULE, str(self.library)).encode(), prepare=False)


def unpack_vectorchord(source: Path, folder: Path) -> VectorChord:
    """Copy the library from an archive (tar) or a folder to a folder that the server can read; read the script.

    Raises:
        click.BadParameter: the archive cannot be read, or lacks a file of the extension.
    """
    files = _from_archive(source) if source.is_file() else _from_folder(source)
    for pattern in (LIBRARY, SCRIPT):
        if pattern not in files:
            raise click.BadParameter(
                f"{source} has no {pattern}; give an archive or folder of VectorChord, built for this PostgreSQL",
                param_hint=OPTION,
            )
    library = folder / LIBRARY
    library.write_bytes(files[LIBRARY])
    library.chmod(0o755)
    return VectorChord(library, files[SCRIPT].decode())


def _from_folder(source: Path) -> dict[str, bytes]:
    paths = sorted(path for path in source.rglob("*") if path.is_file())
    return {pattern: path.read_bytes() for path in paths for pattern in (LIBRARY, SCRIPT) if path.match(pattern)}


def _from_archive(source: Path) -> dict[str, bytes]:
    try:
        with tarfile.open(source) as archive:
            members = [(pattern, m) for m in archive for pattern in (LIBRARY, SCRIPT) if Path(m.name).match(pattern)]
            contents = [(pattern, archive.extractfile(member)) for pattern, member in members]
            return {pattern: content.read() for pattern, content in contents if content}
    except tarfile.TarError as error:
        raise click.BadParameter(
            f"{source} is not a readable archive ({error}); give the folder of the unpacked extension",
            param_hint=OPTION,
        ) from error
