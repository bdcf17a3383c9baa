"""The folders and files of the private cluster: where they lie, who owns them, whether there is room for them."""

import contextlib
import fcntl
import hashlib
import json
import logging
import os
import re
import secrets
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from db.binaries import ServerUser, run_as, server_user
from db.errors import ClusterError

log = logging.getLogger(__name__)

OWNER, ETL, READER = "terrakin", "terrakin_etl", "terrakin_reader"
DATABASE = "terrakin"
MIB = 1024**2

UNREACHABLE_HOMES = Path("/var/lib/terrakin")
"""Holds the clusters whose server user cannot reach their home."""
SHORT_FOLDER = Path("/tmp")
"""Holds sockets whose path would be too long; fixed, because TMPDIR may differ from one command to the next."""
SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path on Linux (sun_path in unix(7)); PostgreSQL adds ``/.s.PGSQL.<port>.lock``."""
PLAIN_PATH = re.compile(r"[A-Za-z0-9_./+@=~-]+")
"""Needs no quoting in postgresql.conf, in a URL or in a client's list of hosts."""
SHELL_CHARACTERS = re.compile(r"[\"$`\\\n]")
"""pg_ctl hands paths to a shell inside double quotes, where these have a meaning."""


@dataclass(frozen=True)
class ClusterFiles:
    """Where the parts of one private cluster lie.

    Attributes:
        home: the ``.terrakin`` folder, owned by the user who runs terrakin.
        base: folder of the server's files, owned by ``user``.
        socket_dir: folder of the Unix socket, owned by ``user``.
        user: who runs the server.
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
    def leftovers(self) -> tuple[Path, Path]:
        """Data directories being made and being deleted; whoever finds one outside the lock's holder may remove it."""
        return self.base / "data.new", self.base / "data.old"

    @property
    def log(self) -> Path:
        """The server's log."""
        return self.base / "postgresql.log"

    @property
    def port_file(self) -> Path:
        """Remembers the port."""
        return self.home / "port"

    @property
    def passwords(self) -> Path:
        """Passwords of the three roles, in the form of a ``.pgpass`` file, mode 0600."""
        return self.home / "passwords"


def locate(home: Path) -> ClusterFiles:
    """Where the cluster of ``home`` lies, whether or not it has been made.

    Normally ``<home>/cluster``. A server user that cannot reach ``home`` (root's clone in /root, mode 700) gets
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
    return ClusterFiles(home, base, _socket_dir(home, base), user)


def make_folders(files: ClusterFiles) -> None:
    """Create what ``locate`` named, owned by the server's user; existing folders are left as they are.

    Raises:
        ClusterError: a folder belongs to somebody else, cannot be reached, or has a name that PostgreSQL cannot take.
    """
    if SHELL_CHARACTERS.search(str(files.base)):
        raise ClusterError(
            f"the path {str(files.base)!r} has a character that pg_ctl cannot take; set TERRAKIN_HOME to a plainer one"
        )
    require_ours(files)
    link = files.home / "cluster"
    if files.base != link:
        action = "found_again" if files.data.exists() else "data_directory_there"
        log.warning(
            "event=home_out_of_reach user=%s home=%s action=%s path=%s", files.user.name, files.home, action, files.base
        )
    for folder in (files.base, files.socket_dir):
        if not folder.exists():
            if not folder.parent.exists():
                folder.parent.mkdir(parents=True)
                folder.parent.chmod(0o755)
            folder.mkdir()
            folder.chmod(0o711)
            os.chown(folder, files.user.uid, files.user.gid)
    if files.base != link and not link.is_symlink():
        link.symlink_to(files.base)
    if not _can_reach(files.user, files.base):
        raise ClusterError(
            f"user {files.user.name}, who runs the server, cannot enter {files.base}; "
            "give the folders above it mode 711"
        )


def require_ours(files: ClusterFiles) -> None:
    """Raise ClusterError where a folder of the cluster belongs to another user than the server's."""
    for folder in (files.base, files.socket_dir):
        if folder.exists() and folder.stat().st_uid != files.user.uid:
            raise ClusterError(
                f"{folder} belongs to user {folder.owner()}, but the server would run as {files.user.name}; "
                f"run terrakin as root or as {folder.owner()}, or set TERRAKIN_HOME to a folder of your own"
            )


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Only one process at a time makes, starts or stops the cluster of ``home``; the others wait."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


@contextlib.contextmanager
def clear_file_errors(home: Path) -> Iterator[None]:
    """Turn what the file system refuses (full, read-only, not permitted) into one line."""
    try:
        yield
    except OSError as error:
        raise ClusterError(
            f"the private cluster under {home} cannot be kept: {error.strerror or error}: {error.filename or ''}; "
            "mend that, or set TERRAKIN_HOME to another folder"
        ) from error


def write_passwords(files: ClusterFiles) -> dict[str, str]:
    """Random passwords of the three roles by role, made once; for TCP clients such as QGIS."""
    if files.passwords.exists():
        lines = [line.split(":") for line in files.passwords.read_text().splitlines()]
        found = {fields[3]: fields[4] for fields in lines if len(fields) == 5}
        if {OWNER, ETL, READER} <= set(found):
            return found
        log.warning("event=passwords_incomplete path=%s action=made_anew", files.passwords)
    passwords = {role: secrets.token_urlsafe(24) for role in (OWNER, ETL, READER)}
    temporary = files.passwords.with_suffix(".new")
    temporary.unlink(missing_ok=True)
    temporary.touch(mode=0o600)
    temporary.write_text("".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
    temporary.rename(files.passwords)
    return passwords


def require_space(folder: Path, needed_mib: int) -> None:
    """Raise ClusterError where the file system of ``folder`` has less than ``needed_mib`` MiB free."""
    free_mib = shutil.disk_usage(_existing(folder)).free // MIB
    if free_mib < needed_mib:
        raise ClusterError(
            f"the disk of {folder} is full: {free_mib} MiB free, {needed_mib} MiB needed; "
            "free some, or set TERRAKIN_HOME to another disk"
        )


def remembered_port(files: ClusterFiles) -> int | None:
    """The port of the last start; None where there was none or the file is damaged."""
    try:
        return int(json.loads(files.port_file.read_text()))
    except (FileNotFoundError, ValueError, TypeError):
        return None


def remember_port(files: ClusterFiles, port: int) -> None:
    """Write the port down, whole or not at all."""
    temporary = files.port_file.with_suffix(".new")
    temporary.write_text(json.dumps(port))
    temporary.rename(files.port_file)


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
