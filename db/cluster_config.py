"""The configuration files of the private cluster: who may log in, and sizes that fit the machine."""

import os
import pwd
from pathlib import Path

import psutil

from db.binaries import ServerUser
from db.cluster_files import ETL, MIB, OWNER, READER, ClusterFiles

SETTINGS_NAME = "terrakin.conf"
"""Its presence in a data directory says that the cluster is ours."""
CGROUP_LIMIT = Path("/sys/fs/cgroup/memory.max")


def write_configuration(data: Path, user: ServerUser) -> None:
    """Turn a data directory fresh from ``initdb`` into one of ours."""
    _write_as(user, data / SETTINGS_NAME, "")
    with (data / "postgresql.conf").open("a") as conf:
        conf.write(f"include '{SETTINGS_NAME}'\n")


def write_settings(files: ClusterFiles, port: int) -> None:
    """What may change from start to start: port, socket folder, sizes by the machine's memory, and who may log in.

    Over the socket the system says who somebody is (peer); over TCP a password does. Nobody is trusted.
    """
    text = "# Written at each start by terrakin; your own settings go into postgresql.conf, below the include.\n"
    settings = _settings(files, port, _memory_mib())
    _write_as(files.user, files.data / SETTINGS_NAME, text + "".join(f"{k} = {v}\n" for k, v in settings.items()))
    _write_as(
        files.user,
        files.data / "pg_hba.conf",
        "local all all peer map=terrakin\n"
        "host all all 127.0.0.1/32 scram-sha-256\nhost all all ::1/128 scram-sha-256\n",
    )
    names = sorted({pwd.getpwuid(uid).pw_name for uid in (0, os.geteuid(), files.user.uid)})
    _write_as(
        files.user,
        files.data / "pg_ident.conf",
        "".join(f"terrakin {name} {role}\n" for name in names for role in (OWNER, ETL, READER)),
    )


def _settings(files: ClusterFiles, port: int, memory_mib: int) -> dict[str, str | int | float]:
    return {
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


def _memory_mib() -> int:
    """Memory of the machine, or of the container where that is less."""
    total = psutil.virtual_memory().total
    limit = CGROUP_LIMIT.read_text().strip() if CGROUP_LIMIT.exists() else "max"
    return (total if limit == "max" else min(total, int(limit))) // MIB


def _write_as(user: ServerUser, path: Path, text: str) -> None:
    """Made beside and renamed: whole or absent, and root never writes through a link that the server's user laid."""
    new = path.with_name(path.name + ".new")
    new.unlink(missing_ok=True)
    new.touch(mode=0o600, exist_ok=False)
    new.write_text(text)
    os.chown(new, user.uid, user.gid)
    new.rename(path)


def _clamp(value: int, low: int, high: int) -> int:
    return max(low, min(value, high))
