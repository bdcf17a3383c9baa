"""The private PostgreSQL cluster: made, started, stopped and checked; never a second one over the first."""

import json
import logging
import os
import shutil
import socket
import time
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg

from db import cluster_files as cf
from db.binaries import ServerUser, bin_dir, run_as, server_user
from db.errors import ClusterError

log = logging.getLogger(__name__)

PORTS = range(5440, 5500)
INITDB_NEEDS_MIB = 300
START_NEEDS_MIB = 64
START_TIMEOUT_S = 120
LOG_LINES_SHOWN = 5

HAS_DATABASE = "SELECT 1 FROM pg_database WHERE datname = %s"
HAS_ROLE = "SELECT 1 FROM pg_roles WHERE rolname = %s"


@dataclass(frozen=True)
class Address:
    """Where a running private cluster is reached."""

    socket_dir: Path
    port: int

    def url(self, role: str = cf.OWNER, database: str = cf.DATABASE) -> str:
        """libpq URL over the Unix socket (peer authentication, no password)."""
        return f"postgresql://{role}@/{database}?host={self.socket_dir}&port={self.port}"


def running(home: Path) -> Address | None:
    """Address of the cluster of ``home`` if it answers, else None. Costs one connection."""
    files = cf.locate(home, server_user())
    port = cf.remembered_port(files)
    if port is None or not files.socket_dir.exists():
        return None
    address = Address(files.socket_dir, port)
    try:
        with psycopg.connect(address.url(database="postgres"), connect_timeout=5) as conn:
            (data_directory,) = conn.execute("SHOW data_directory").fetchone() or ("",)
    except psycopg.OperationalError:
        return None
    if Path(data_directory).resolve() != files.data.resolve():
        raise ClusterError(f"the server at {files.socket_dir} serves {data_directory}, not {files.data}; stop it")
    return address


def start(home: Path) -> Address:
    """Start the cluster of ``home``, making it first where there is none. Running already: nothing happens.

    Raises:
        ClusterError: PostgreSQL is missing, the disk is full, a folder belongs to someone else, or the server
            does not come up (its last log lines are in the text).
    """
    address = running(home)
    if address:
        return address
    user = server_user()
    with cf.locked(home):
        address = running(home)  # another process may have started it while this one waited for the lock
        if address:
            return address
        files = cf.locate(home, user)
        cf.require_space(files.base, START_NEEDS_MIB)
        cf.make_folders(files, user)
        passwords = cf.write_passwords(files)
        _make_data_directory(files, user, passwords[cf.OWNER])
        _wait_for_old_server(files)
        return _start_server(files, user, passwords)


def stop(home: Path) -> bool:
    """Stop the cluster of ``home``; False where none was running. Open connections are ended, nothing is lost."""
    user = server_user()
    with cf.locked(home):
        files = cf.locate(home, user)
        if not _server_processes(files.data):
            return False
        command = [str(bin_dir(_data_major(files)) / "pg_ctl"), "stop", "-w", "-m", "fast", "-D", str(files.data)]
        done = run_as(user, command)
        if done.returncode != 0:
            raise ClusterError(f"the server did not stop: {done.stdout.strip()}")
        return True


def destroy(home: Path) -> None:
    """Stop the cluster of ``home`` and delete its data directory."""
    stop(home)
    files = cf.locate(home, server_user())
    if files.data.exists():
        shutil.rmtree(files.data)


def _make_data_directory(files: cf.ClusterFiles, user: ServerUser, password: str) -> None:
    """``initdb`` beside the final place, then rename: a data directory is whole or absent."""
    if (files.data / "PG_VERSION").exists():
        return
    if files.data.exists():
        raise ClusterError(f"{files.data} is no PostgreSQL data directory; move it away and start again")
    new = files.data.with_name("data.new")
    if new.exists():
        log.warning("event=half_made_data_directory_removed path=%s", new)
        shutil.rmtree(new)
    cf.require_space(files.base, INITDB_NEEDS_MIB)
    programs = bin_dir()
    secret = files.base / "initdb.password"
    secret.touch(mode=0o600)
    secret.write_text(password)
    os.chown(secret, user.uid, user.gid)
    try:
        done = run_as(
            user,
            [
                str(programs / "initdb"), "-D", str(new), "-U", cf.OWNER, "--data-checksums", "--encoding=UTF8",
                "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256", f"--pwfile={secret}",
            ],
        )  # fmt: skip
        if done.returncode != 0:
            raise ClusterError(f"initdb failed in {new}: {_last_lines(done.stdout)}")
        cf.write_configuration(new, user)
        new.rename(files.data)
    finally:
        secret.unlink()
        if new.exists():
            shutil.rmtree(new)


def _wait_for_old_server(files: cf.ClusterFiles) -> None:
    """Leave no doubt that nobody runs this data directory; mend a pid file that names a stranger.

    A process that holds the data directory but does not answer is starting, recovering or ending: it is waited for.
    PostgreSQL itself removes a pid file whose process is gone; one whose number was given to another program
    since (after a reboot, or in a container) would stop it, and is removed here.
    """
    deadline = time.monotonic() + START_TIMEOUT_S
    while processes := _server_processes(files.data):
        if running(files.home):
            return
        if time.monotonic() > deadline:
            raise ClusterError(
                f"process {processes[0]} holds {files.data} but does not answer; look into {files.log}, or end it"
            )
        time.sleep(0.2)
    pid_file = files.data / "postmaster.pid"
    if pid_file.exists() and psutil.pid_exists(int(pid_file.read_text().split("\n")[0])):
        log.warning("event=stale_pid_file_removed path=%s", pid_file)
        pid_file.unlink()
    for lock in files.socket_dir.glob(".s.PGSQL.*.lock"):
        lock.unlink()


def _server_processes(data: Path) -> list[int]:
    """Process ids of all PostgreSQL processes of a data directory: each has it as its working directory."""
    found = []
    for process in psutil.process_iter():
        try:
            if process.cwd() == str(data.resolve()) and "postgres" in process.name():
                found.append(process.pid)
        except (psutil.NoSuchProcess, psutil.AccessDenied, psutil.ZombieProcess):
            continue
    return sorted(found)


def _start_server(files: cf.ClusterFiles, user: ServerUser, passwords: dict[str, str]) -> Address:
    address = running(files.home)
    if address:
        return address
    port = _choose_port(cf.remembered_port(files))
    cf.write_settings(files, files.data, user, port)
    files.port_file.write_text(json.dumps(port))
    log_start = files.log.stat().st_size if files.log.exists() else 0
    pg_ctl = str(bin_dir(_data_major(files)) / "pg_ctl")
    command = [pg_ctl, "start", "-w", "-t", str(START_TIMEOUT_S), "-D", str(files.data), "-l", str(files.log)]
    done = run_as(user, command)
    address = running(files.home)
    if done.returncode != 0 or address is None:
        raise ClusterError(
            f"the server did not start; its log {files.log} ends: "
            f"{_last_lines(_tail(files.log, log_start) or done.stdout)}"
        )
    _prepare_database(address, passwords)
    log.info("event=cluster_started port=%d socket_dir=%s data=%s", port, files.socket_dir, files.data)
    return address


def _prepare_database(address: Address, passwords: dict[str, str]) -> None:
    """The database ``terrakin`` and the two login roles, with the passwords of the passwords file."""
    with psycopg.connect(address.url(database="postgres"), autocommit=True) as conn:
        if conn.execute(HAS_DATABASE, (cf.DATABASE,)).fetchone() is None:
            conn.execute("CREATE DATABASE terrakin")
        for role in (cf.ETL, cf.READER):
            if conn.execute(HAS_ROLE, (role,)).fetchone() is None:
                conn.execute(
                    psycopg.sql.SQL("CREATE ROLE {} LOGIN PASSWORD {}").format(
                        psycopg.sql.Identifier(role), psycopg.sql.Literal(passwords[role])
                    )
                )


def _choose_port(remembered: int | None) -> int:
    """The remembered port if nobody listens there, else the first free one of ``PORTS``."""
    if remembered is not None:
        if _is_free(remembered):
            return remembered
        log.warning("event=port_taken port=%d action=choosing_another", remembered)
    for port in PORTS:
        if _is_free(port):
            return port
    raise ClusterError(
        f"no free port from {PORTS.start} to {PORTS.stop - 1} on 127.0.0.1; end a program that listens there"
    )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


def _data_major(files: cf.ClusterFiles) -> int:
    return int((files.data / "PG_VERSION").read_text())


def _tail(path: Path, start_byte: int) -> str:
    if not path.exists():
        return ""
    with path.open("rb") as handle:
        handle.seek(start_byte)
        return handle.read().decode(errors="replace")


def _last_lines(text: str) -> str:
    return " | ".join(line.strip() for line in text.strip().splitlines()[-LOG_LINES_SHOWN:])
