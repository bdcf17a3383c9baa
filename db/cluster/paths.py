"""The folders of a private cluster: where they are, who owns them, how much space they have, who holds the lock."""

import contextlib
import fcntl
import hashlib
import logging
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.cluster.binaries import ServerUser, run_as, server_user
from db.errors import ClusterError

log = logging.getLogger(__name__)

MIB = 1024**2

UNREACHABLE_HOMES = Path("/var/lib/terrakin")
"""Contains the clusters whose server user cannot reach their home."""
SHORT_FOLDER = Path("/tmp")
"""Contains sockets whose path would be too long; fixed, because TMPDIR may differ between commands."""
SOCKET_PATH_LIMIT = 107
"""Longest path of a Unix socket on Linux in bytes (sun_path in unix(7)); PostgreSQL adds ``/.s.PGSQL.<port>.lock``."""
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+@=~-]+")
"""Needs no quoting in postgresql.conf, in a URL or in a client's list of hosts."""
SHELL_CHARACTERS = re.compile(r"[\"$`\\\n]")
"""Characters with a meaning inside double quotes in a shell, as pg_ctl passes paths."""


@dataclass(frozen=True)
class ClusterPaths:
    """Where the files of one private cluster are.

    Attributes:
        home: the ``.terrakin`` folder, owned by the user who runs terrakin.
        base: folder of the server's files, owned by ``user``.
        socket_dir: folder of the Unix socket, owned by ``user``.
        user: the user that runs the server.
    """

    home: Path
    base: Path
    socket_dir: Path
    user: ServerUser

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.base / "data"

    @property
    def unfinished(self) -> Path:
        """A data directory that is being created; without the lock's holder, it is a leftover."""
        return self.base / "data.new"

    @property
    def deleted(self) -> Path:
        """A data directory that is being deleted; without the lock's holder, it is a leftover."""
        return self.base / "data.old"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.base / "postgresql.log"

    @property
    def port_file(self) -> Path:
        """The port of the last start."""
        return self.home / "port"

    @property
    def passwords(self) -> Path:
        """Passwords of the three roles in the format of ``.pgpass``, mode 0600."""
        return self.home / "passwords"


def locate(home: Path) -> ClusterPaths:
    """Return the paths of the cluster of ``home``, whether or not it exists.

    Normally the base is ``<home>/cluster``. If the server's user cannot reach ``home`` (such as /root, mode 700), it is
    ``/var/lib/terrakin/<hash of home>``, and ``<home>/cluster`` is a link to it.
    """
    link = home / "cluster"
    user = server_user(link)
    if link.is_symlink():
        base = link.readlink()
    elif link.is_dir() or _can_reach(user, _existing(home)):
        base = link
    else:
        base = UNREACHABLE_HOMES / _short_hash(home)
    return ClusterPaths(home, base, _socket_dir(home, base), user)


def make_folders(paths: ClusterPaths) -> None:
    """Create the folders that ``locate`` named, owned by the server's user; leave existing ones as they are.

    Raises:
        ClusterError: a folder belongs to another user, cannot be reached, or has a name that pg_ctl cannot handle.
    """
    if SHELL_CHARACTERS.search(str(paths.base)):
        raise ClusterError(
            f"pg_ctl cannot handle a character in the path {str(paths.base)!r}; set TERRAKIN_HOME to a plainer path"
        )
    require_ours(paths)
    link = paths.home / "cluster"
    if paths.base != link:
        action = "existing_data_directory_used" if paths.data.exists() else "data_directory_created_elsewhere"
        log.warning(
            "event=home_out_of_reach user=%s home=%s action=%s path=%s", paths.user.name, paths.home, action, paths.base
        )
    for folder in (paths.base, paths.socket_dir):
        if not folder.exists():
            _make_folder(folder, paths.user)
    if paths.base != link and not link.is_symlink():
        link.symlink_to(paths.base)
    if not _can_reach(paths.user, paths.base):
        raise ClusterError(
            f"the server's user {paths.user.name} cannot enter {paths.base}; set mode 711 on its parent folders"
        )


def require_ours(paths: ClusterPaths) -> None:
    """Raise ClusterError if a folder of the cluster does not belong to the server's user."""
    for folder in (paths.base, paths.socket_dir):
        if folder.exists() and folder.stat().st_uid != paths.user.uid:
            raise ClusterError(
                f"{folder} belongs to user {folder.owner()}, but the server would run as {paths.user.name}; "
                f"run terrakin as root or as {folder.owner()}, or set TERRAKIN_HOME to another folder"
            )


def require_space(folder: Path, needed_mib: int) -> None:
    """Raise ClusterError if the file system of ``folder`` has less than ``needed_mib`` MiB free."""
    free_mib = shutil.disk_usage(_existing(folder)).free // MIB
    if free_mib < needed_mib:
        raise ClusterError(
            f"the disk of {folder} is full: {free_mib} MiB free, {needed_mib} MiB needed; "
            "free some, or set TERRAKIN_HOME to another disk"
        )


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Let only one process at a time create, start or stop the cluster of ``home``; others wait.

    A failing file system (full, read-only, no permission) raises ClusterError.
    """
    try:
        home.mkdir(parents=True, exist_ok=True)
        with (home / "lock").open("w") as handle:
            fcntl.flock(handle, fcntl.LOCK_EX)
            yield
    except OSError as error:
        raise ClusterError(
            f"cannot write the private cluster under {home}: {error.strerror or error}: {error.filename or ''}; "
            "fix this, or set TERRAKIN_HOME to another folder"
        ) from error


def _make_folder(folder: Path, user: ServerUser) -> None:
    if not folder.parent.exists():
        folder.parent.mkdir(parents=True)
        folder.parent.chmod(0o755)
    folder.mkdir()
    folder.chmod(0o711)
    os.chown(folder, user.uid, user.gid)


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def _can_reach(user: ServerUser, folder: Path) -> bool:
    return user.uid == os.geteuid() or run_as(user, ["test", "-x", str(folder)]).returncode == 0


def _short_hash(home: Path) -> str:
    return hashlib.sha256(str(home).encode()).hexdigest()[:12]


def _socket_dir(home: Path, base: Path) -> Path:
    longest = f"{base}/run/.s.PGSQL.65535.lock"
    if len(longest.encode()) <= SOCKET_PATH_LIMIT and PLAIN_PATH.fullmatch(longest):
        return base / "run"
    return SHORT_FOLDER / f"terrakin-{_short_hash(home)}"
