"""The configuration files of the private cluster: authentication, and memory settings that fit the machine."""

import os
import pwd
from pathlib import Path

import psutil

from db.cluster.binaries import ServerUser
from db.cluster.paths import MIB, ClusterPaths
from db.roles import ROLE_NAMES

SETTINGS_NAME = "terrakin.conf"
"""A data directory with this file was created by terrakin."""
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def include_settings(data: Path, user: ServerUser) -> None:
    """Make the postgresql.conf of a new data directory include our settings."""
    _write_as(user, data / SETTINGS_NAME, "")
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(f"include '{SETTINGS_NAME}'\n")


def write_settings(paths: ClusterPaths, port: int) -> None:
    """Write what may change between starts: port, socket folder, memory settings and authentication.

    Clients on the socket are authenticated by the system (peer), clients over TCP by password; nobody is trusted.
    """
    text = "# Written at each start by terrakin; add your own settings to postgresql.conf, below the include.\n"
    settings = _settings(paths, port, _memory_mib())
    _write_as(paths.user, paths.data / SETTINGS_NAME, text + "".join(f"{k} = {v}\n" for k, v in settings.items()))
    _write_as(
        paths.user,
        paths.data / "pg_hba.conf",
        "local all all peer map=terrakin\n"
        "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n",
    )
    names = sorted({pwd.getpwuid(uid).pw_name for uid in (0, os.geteuid(), paths.user.uid)})
    _write_as(
        paths.user,
        paths.data / "pg_ident.conf",
        "".join(f"terrakin {name} {role}\n" for name in names for role in ROLE_NAMES.values()),
    )


def _settings(paths: ClusterPaths, port: int, memory_mib: int) -> dict[str, str | int | float]:
    return {
        "port": port,
        "listen_addresses": "'127.0.0.1'",
        "unix_socket_directories": f"'{paths.socket_dir}'",
        "password_encryption": "'scram-sha-256'",
        "max_connections": 60,
        "shared_buffers": f"{_clamp(memory_mib // 4, 64, 4096)}MB",
        "effective_cache_size": f"{_clamp(memory_mib // 2, 128, 65536)}MB",
        "maintenance_work_mem": f"{_clamp(memory_mib // 16, 64, 2048)}MB",
        "work_mem": f"{_clamp(memory_mib // 256, 8, 64)}MB",
        "max_wal_size": "'2GB'",
        "checkpoint_timeout": "'15min'",
        # Solid state disks: a random page costs little more than a sequential one.
        "random_page_cost": 1.1,
        "effective_io_concurrency": 200,
        # JIT compilation takes longer than these short queries.
        "jit": "off",
        "log_timezone": "'UTC'",
        "timezone": "'UTC'",
    }


def _memory_mib() -> int:
    """Return the memory of the machine, or of the container if that is less."""
    total = psutil.virtual_memory().total
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.exists() else "max"
    return (total if limit == "max" else min(total, int(limit))) // MIB


def _write_as(user: ServerUser, path: Path, text: str) -> None:
    """Write a file whole or not at all; root never follows a link that the server's user may have created."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600, exist_ok=False)
    new.write_text(text)
    os.chown(new, user.uid, user.gid)
    new.rename(path)


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
