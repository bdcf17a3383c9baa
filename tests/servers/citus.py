"""A Citus coordinator with two workers, in folders of their own, from an archive of Citus for PostgreSQL 15."""

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psycopg
from psycopg import sql

from db.cluster.binaries import ServerUser, bin_dir, run_as, server_user
from db.roles import OWNER
from db.settings import Settings
from tests.conftest import temporary_home
from tests.ports import free_ports

ROOT = Path(__file__).parents[2]
MAJOR = 15
NEWEST_MINOR = ROOT / ".venv" / "postgresql"
"""Where scripts/setup.sh unpacks the newest PostgreSQL 15: Citus does not load in minor versions before its own."""
CONFIGURATION = """
port = {port}
listen_addresses = '127.0.0.1'
unix_socket_directories = '{folder}'
shared_preload_libraries = 'citus'
shared_buffers = '64MB'
fsync = off
full_page_writes = off
citus.local_hostname = '127.0.0.1'
"""
EXTENSIONS = "CREATE EXTENSION citus; CREATE EXTENSION postgis; CREATE EXTENSION vector"
DATABASE = "terrakin"
N_WORKERS = 2


@dataclass(frozen=True)
class Nodes:
    """A coordinator, and the ports of its workers on loopback; no table is distributed yet."""

    coordinator: Settings
    worker_ports: tuple[int, ...]


def find_citus() -> Path | None:
    """Return the archive that the environment variable CITUS names, else one beside the repository; None: neither."""
    archive = Path(os.environ.get("CITUS") or ROOT.parent / "shared" / "bin" / f"citus-pg{MAJOR}.tar.xz")
    return archive if archive.exists() and (bin_dir().parent.name == str(MAJOR)) else None


@contextmanager
def running_nodes(archive: Path) -> Iterator[Nodes]:
    """Start a coordinator and two workers with their extensions, and stop them at the end."""
    with temporary_home() as home:
        user = server_user(home)
        shutil.chown(home, user.uid, user.gid)
        programs = _copy_of_server(archive, home)
        ports = free_ports(1 + N_WORKERS)
        folders = [home / f"node{port}" for port in ports]
        try:
            for folder, port in zip(folders, ports, strict=True):
                _start(programs, folder, port, user)
            url = f"postgresql://{OWNER}@127.0.0.1:{ports[0]}/{DATABASE}"
            with psycopg.connect(url, autocommit=True) as conn:
                conn.execute("SELECT citus_set_coordinator_host('127.0.0.1', %s)", (ports[0],))
                for port in ports[1:]:
                    conn.execute("SELECT citus_add_node('127.0.0.1', %s)", (port,))
            yield Nodes(Settings(home, database_url=url), tuple(ports[1:]))
        finally:
            for folder in folders:
                run_as(user, [str(programs / "pg_ctl"), "stop", "--mode=immediate", f"--pgdata={folder}"])


def _copy_of_server(archive: Path, home: Path) -> Path:
    """Copy the server, which finds its libraries beside itself, and add Citus; return the folder of its programs."""
    folder = home / "server"
    for usr in (Path("/usr"), NEWEST_MINOR / "usr"):
        for part in ("lib", "share"):
            source = usr / part / "postgresql" / str(MAJOR)
            if source.exists():
                shutil.copytree(source, folder / part / "postgresql" / str(MAJOR), dirs_exist_ok=True)
    subprocess.run(["tar", "--extract", "--file", str(archive), "--directory", str(home)], check=True)
    (unpacked,) = home.glob("citus-*")
    programs = folder / "lib" / "postgresql" / str(MAJOR) / "bin"
    for name, option in {"pkglibdir": "--pkglibdir", "sharedir": "--sharedir"}.items():
        done = subprocess.run([str(programs / "pg_config"), option], check=True, capture_output=True, text=True)
        shutil.copytree(unpacked / name, done.stdout.strip(), dirs_exist_ok=True)
    return programs


def _start(programs: Path, folder: Path, port: int, user: ServerUser) -> None:
    commands = (
        ["initdb", f"--pgdata={folder}", f"--username={OWNER}", "--auth=trust", "--encoding=UTF8", "--locale=C.UTF-8",
         "--no-sync"],
        ["pg_ctl", "start", "--wait", f"--pgdata={folder}", f"--log={folder}.log"],
    )  # fmt: skip
    for program, *arguments in commands:
        done = run_as(user, [str(programs / program), *arguments])
        log = folder.with_name(f"{folder.name}.log")
        assert done.returncode == 0, done.stdout + (log.read_text() if log.exists() else "")
        if program == "initdb":
            with (folder / "postgresql.conf").open("a") as file:
                file.write(CONFIGURATION.format(port=port, folder=folder))
    with psycopg.connect(f"postgresql://{OWNER}@127.0.0.1:{port}/postgres", autocommit=True) as conn:
        conn.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(DATABASE)))
    with psycopg.connect(f"postgresql://{OWNER}@127.0.0.1:{port}/{DATABASE}") as conn:
        conn.execute(EXTENSIONS)
