"""The data directory of a private cluster: created by ``initdb``, whole or absent, and deleted."""

import logging
import os
import shutil
from dataclasses import dataclass
from pathlib import Path

from db.cluster import configuration
from db.cluster.binaries import bin_dir, run_as
from db.cluster.paths import ClusterPaths, require_space
from db.cluster.server_log import cause
from db.errors import ClusterError
from db.roles import OWNER

log = logging.getLogger(__name__)

INITDB_NEEDS_MIB = 300


@dataclass(frozen=True)
class DataDirectory:
    """An existing data directory: its paths, and the programs of the PostgreSQL version that created it."""

    paths: ClusterPaths
    programs: Path

    @property
    def path(self) -> Path:
        """The folder itself."""
        return self.paths.data


def find(paths: ClusterPaths) -> DataDirectory:
    """Return the existing data directory.

    Raises:
        ClusterError: the folder is not a data directory of ours, or its PostgreSQL version is not installed.
    """
    major = _major(paths.data)
    if not (paths.data / configuration.SETTINGS_NAME).exists():
        raise ClusterError(f"{paths.data} is a PostgreSQL cluster that terrakin did not create; move it away")
    return DataDirectory(paths, bin_dir(major))


def find_or_create(paths: ClusterPaths, password: str) -> DataDirectory:
    """Return the data directory, created if there is none.

    Args:
        paths: their folders exist.
        password: of the owner's role in a new cluster.

    Raises:
        ClusterError: the disk is full, ``initdb`` fails, or the folder contains something else.
    """
    for leftover in (paths.unfinished, paths.deleted):
        if leftover.exists():
            log.warning("event=unfinished_data_directory_removed path=%s", leftover)
            shutil.rmtree(leftover)
    if not paths.data.exists() or not any(paths.data.iterdir()):
        require_space(paths.base, INITDB_NEEDS_MIB)
        _create(paths, password)
    return find(paths)


def delete(paths: ClusterPaths) -> None:
    """Delete the data directory if it exists; no process may use it.

    It is renamed first, so that an interrupted deletion leaves no incomplete data directory.
    """
    if paths.data.exists():
        paths.data.rename(paths.deleted)
        shutil.rmtree(paths.deleted)


def _create(paths: ClusterPaths, password: str) -> None:
    """Run ``initdb`` beside the final path, then rename."""
    secret = paths.base / "initdb.password"
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600, exist_ok=False)
    try:
        secret.write_text(password)
        os.chown(secret, paths.user.uid, paths.user.gid)
        done = run_as(
            paths.user,
            [
                str(bin_dir() / "initdb"), "-D", str(paths.unfinished), "-U", OWNER, "--data-checksums",
                "--encoding=UTF8", "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256",
                f"--pwfile={secret}",
            ],
        )  # fmt: skip
        if done.returncode != 0:
            raise ClusterError(f"initdb failed, its files were removed: {cause(done.stdout)}")
        configuration.include_settings(paths.unfinished, paths.user)
        paths.unfinished.rename(paths.data)
    finally:
        secret.unlink()
        if paths.unfinished.exists():
            shutil.rmtree(paths.unfinished)


def _major(data: Path) -> int:
    try:
        return int((data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(
            f"{data} is not a PostgreSQL data directory (no valid PG_VERSION in it); move it away and start again"
        ) from error
