"""The folders and configuration files of the private cluster: where they lie, who owns them, what is in them."""

import contextlib
import fcntl
import getpass
import hashlib
import json
import os
import pwd
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psutil

from db.binaries import ServerUser, run_as
from db.errors import ClusterError

OWNER, ETL, READER = "terrakin", "terrakin_etl", "terrakin_reader"
DATABASE = "terrakin"
SOCKET_PATH_LIMIT = 107
"""Bytes of a Unix socket's path on Linux (sun_path in unix(7)); PostgreSQL adds ``/.s.PGSQL.<port>``."""

MIB = 1024**2


@dataclass(frozen=True)
class ClusterFiles:
    """Where the parts of one private cluster lie.

    Attributes:
        home: the ``.terrakin`` folder, owned by the user who runs terrakin.
        base: folder of the server's files, owned by the server's user.
        socket_dir: folder of the Unix socket.
    """

    home: Path
    base: Path
    socket_dir: Path

    @property
    def data(self) -> Path:
        """The data directory."""
        return self.base / "data"

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


def locate(home: Path, user: ServerUser) -> ClusterFiles:
    """Where the cluster of ``home`` lies, whether or not it has been made.

    Normally ``<home>/cluster``. A server user that cannot reach ``home`` (root's clone in /root, mode 700) gets
    ``/var/lib/terrakin/<hash of home>``, and ``<home>/cluster`` is a link to it.
    """
    link = home / "cluster"
    if link.is_symlink():
        base = link.readlink()
    elif link.is_dir() or _can_reach(user, _existing(home)):
        base = link
    else:
        base = Path("/var/lib/terrakin") / _short_hash(home)
    return ClusterFiles(home, base, _socket_dir(home, base))


def make_folders(files: ClusterFiles, user: ServerUser) -> None:
    """Create what ``locate`` named, owned by the right users; existing folders are left as they are."""
    files.home.mkdir(parents=True, exist_ok=True)
    for folder in (files.base, files.socket_dir):
        if not folder.exists():
            folder.mkdir(parents=True, mode=0o711)
            os.chown(folder, user.uid, user.gid)
        elif folder.stat().st_uid != user.uid:
            raise ClusterError(
                f"{folder} belongs to user {folder.owner()}, not to {user.name} who runs the server; move it away"
            )
    link = files.home / "cluster"
    if files.base != link and not link.is_symlink():
        link.symlink_to(files.base)


@contextlib.contextmanager
def locked(home: Path) -> Iterator[None]:
    """Only one process at a time makes, starts or stops the cluster of ``home``; the others wait."""
    home.mkdir(parents=True, exist_ok=True)
    with (home / "lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def write_passwords(files: ClusterFiles) -> dict[str, str]:
    """Random passwords of the three roles by role, made once; for TCP clients such as QGIS."""
    if files.passwords.exists():
        lines = files.passwords.read_text().splitlines()
        return {line.split(":")[3]: line.split(":")[4] for line in lines}
    passwords = {role: secrets.token_urlsafe(24) for role in (OWNER, ETL, READER)}
    temporary = files.passwords.with_suffix(".new")
    temporary.touch(mode=0o600)
    temporary.write_text("".join(f"*:*:*:{role}:{password}\n" for role, password in passwords.items()))
    temporary.rename(files.passwords)
    return passwords


def write_configuration(data: Path, user: ServerUser) -> None:
    """Authentication and tuning of a new data directory."""
    os_users = sorted({getpass.getuser(), pwd.getpwuid(os.geteuid()).pw_name, user.name})
    _write_as(
        user,
        data / "pg_hba.conf",
        "local all all peer map=terrakin\n"
        "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n",
    )
    _write_as(
        user,
        data / "pg_ident.conf",
        "".join(f"terrakin {name} {role}\n" for name in os_users for role in (OWNER, ETL, READER)),
    )
    with (data / "postgresql.conf").open("a") as conf:
        conf.write("include 'terrakin.conf'\n")


def write_settings(files: ClusterFiles, data: Path, user: ServerUser, port: int) -> None:
    """Settings that may change from start to start: port, socket folder, and sizes by the machine's memory."""
    memory_mib = psutil.virtual_memory().total // MIB
    settings = {
        "port": port,
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": f"'{files.socket_dir}'",
        "password_encryption": "'scram-sha-256'",
        "max_connections": 60,
        "shared_buffers": f"{_clamp(memory_mib // 4, 64, 4096)}MB",
        "effective_cache_size": f"{_clamp(memory_mib // 2, 128, 65536)}MB",
        "maintenance_work_mem": f"{_clamp(memory_mib // 16, 64, 2048)}MB",
        "work_mem": f"{_clamp(memory_mib // 256, 8, 64)}MB",
        "max_wal_size": "'2GB'",
        "checkpoint_timeout": "'15min'",
        # Solid state disks: an index read costs little more than a sequential one.
        "random_page_cost": 1.1,
        "effective_io_concurrency": 200,
        # Compiling a query costs more than these short queries take.
        "jit": "off",
        "log_timezone": "'UTC'",
        "timezone": "'UTC'",
    }
    text = "# Written by `terrakin db start`; your own settings go into postgresql.conf below the include.\n"
    _write_as(user, data / "terrakin.conf", text + "".join(f"{k} = {v}\n" for k, v in settings.items()))


def require_space(folder: Path, needed_mib: int) -> None:
    """Raise ClusterError where the file system of ``folder`` has less than ``needed_mib`` MiB free."""
    free_mib = shutil.disk_usage(_existing(folder)).free // MIB
    if free_mib < needed_mib:
        raise ClusterError(
            f"the disk of {folder} is full: {free_mib} MiB free, {needed_mib} MiB needed; "
            "free some, or set TERRAKIN_HOME to another disk"
        )


def remembered_port(files: ClusterFiles) -> int | None:
    """The port of the last start."""
    return json.loads(files.port_file.read_text()) if files.port_file.exists() else None


def _write_as(user: ServerUser, path: Path, text: str) -> None:
    path.write_text(text)
    path.chmod(0o600)
    os.chown(path, user.uid, user.gid)


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))


def _existing(path: Path) -> Path:
    return next(p for p in (path, *path.parents) if p.exists())


def _can_reach(user: ServerUser, folder: Path) -> bool:
    return user.uid == os.geteuid() or run_as(user, ["test", "-x", str(folder)]).returncode == 0


def _short_hash(home: Path) -> str:
    return hashlib.sha256(str(home).encode()).hexdigest()[:12]


def _socket_dir(home: Path, base: Path) -> Path:
    longest = f"{base}/run/.s.PGSQL.65535.lock"
    if len(longest.encode()) <= SOCKET_PATH_LIMIT:
        return base / "run"
    return Path(tempfile.gettempdir()) / f"terrakin-{_short_hash(home)}"
