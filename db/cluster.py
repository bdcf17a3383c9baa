"""The private PostgreSQL cluster: made, started, stopped and checked; never a second one over the first."""

import logging
import os
import shutil
import time
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import psycopg
from psycopg import sql

from db import cluster_config
from db import cluster_files as cf
from db.binaries import bin_dir, run_as
from db.errors import ClusterError
from db.server_process import cause, choose_port, is_free, log_since, remove_stale_locks, server_processes

log = logging.getLogger(__name__)

INITDB_NEEDS_MIB = 300
START_NEEDS_MIB = 64
WAIT_S = 120
"""Longest that a server may take to come up (crash recovery included) or to go down."""
PORT_ATTEMPTS = 5
MAINTENANCE_DATABASE = "postgres"

HAS_DATABASE = "SELECT 1 FROM pg_database WHERE datname = %s"
HAS_ROLE = "SELECT 1 FROM pg_roles WHERE rolname = %s"


@dataclass(frozen=True)
class Address:
    """Where a running private cluster is reached."""

    socket_dir: Path
    port: int

    def url(self, role: str = cf.OWNER, database: str = cf.DATABASE) -> str:
        """libpq URL over the Unix socket (peer authentication, no password)."""
        return f"postgresql://{role}@/{database}?host={quote(str(self.socket_dir))}&port={self.port}"


def running(home: Path) -> Address | None:
    """Address of the cluster of ``home`` if it answers and has its database, else None. Costs one connection.

    Raises:
        ClusterError: another cluster's server answers in its place.
    """
    return _answering(cf.locate(home), cf.DATABASE)


def start(home: Path) -> Address:
    """Start the cluster of ``home``, making it first where there is none. Running already: nothing happens.

    Raises:
        ClusterError: PostgreSQL is missing, the disk is full, a folder belongs to someone else, or the server
            does not come up (its last log lines are in the text).
    """
    address = running(home)
    if address:
        return address
    if os.geteuid() != 0:
        # Before the lock, which is not theirs either. Root finds out behind it (make_folders): another process of root
        # may just have made the folder, and not given it away yet.
        cf.require_ours(cf.locate(home))
    with cf.clear_file_errors(home), cf.locked(home):
        address = running(home)  # another process may have started it while this one waited for the lock
        if address:
            return address
        files = cf.locate(home)
        cf.require_space(files.base, START_NEEDS_MIB)
        cf.make_folders(files)
        passwords = cf.write_passwords(files)
        _make_data_directory(files, passwords[cf.OWNER])
        address = _wait_for_old_server(files) or _start_server(files)
        try:
            _prepare_database(address, passwords)
        except psycopg.Error as error:
            raise ClusterError(f"the server runs, but database {cf.DATABASE} cannot be made: {error}") from error
        return address


def stop(home: Path) -> bool:
    """Stop the cluster of ``home``; False where none was running. Open connections are ended, nothing is lost."""
    if not home.exists():
        return False
    with cf.clear_file_errors(home), cf.locked(home):
        return _stop(cf.locate(home))


def destroy(home: Path) -> None:
    """Stop the cluster of ``home`` and delete its data directory."""
    if not home.exists():
        return
    with cf.clear_file_errors(home), cf.locked(home):
        files = cf.locate(home)
        _stop(files)
        if files.data.exists():
            # Renamed first: killed in the middle of deleting, no half of a data directory stays behind.
            files.data.rename(files.leftovers[1])
            shutil.rmtree(files.leftovers[1])


def _answering(files: cf.ClusterFiles, database: str) -> Address | None:
    port = cf.remembered_port(files)
    if port is None or not files.socket_dir.exists() or files.socket_dir.stat().st_uid != files.user.uid:
        return None
    address = Address(files.socket_dir, port)
    try:
        with psycopg.connect(address.url(database=database), connect_timeout=5) as conn:
            (data_directory,) = conn.execute("SHOW data_directory").fetchone() or ("",)
    except psycopg.OperationalError:
        return None
    if Path(data_directory).resolve() != files.data.resolve():
        raise ClusterError(f"the server at {files.socket_dir} serves {data_directory}, not {files.data}; stop it")
    return address


def _make_data_directory(files: cf.ClusterFiles, password: str) -> None:
    """``initdb`` beside the final place, then rename: a data directory is whole or absent."""
    _remove_leftovers(files)
    if files.data.exists() and any(files.data.iterdir()):
        _data_major(files)
        if not (files.data / cluster_config.SETTINGS_NAME).exists():
            raise ClusterError(f"{files.data} is a PostgreSQL cluster that terrakin did not make; move it away")
        return
    cf.require_space(files.base, INITDB_NEEDS_MIB)
    new = files.leftovers[0]
    secret = files.base / "initdb.password"
    secret.unlink(missing_ok=True)
    secret.touch(mode=0o600, exist_ok=False)
    try:
        secret.write_text(password)
        os.chown(secret, files.user.uid, files.user.gid)
        done = run_as(
            files.user,
            [
                str(bin_dir() / "initdb"), "-D", str(new), "-U", cf.OWNER, "--data-checksums", "--encoding=UTF8",
                "--locale=C.UTF-8", "--auth-local=peer", "--auth-host=scram-sha-256", f"--pwfile={secret}",
            ],
        )  # fmt: skip
        if done.returncode != 0:
            raise ClusterError(f"initdb failed, nothing is left of it: {cause(done.stdout)}")
        cluster_config.write_configuration(new, files.user)
        new.rename(files.data)
    finally:
        secret.unlink()
        if new.exists():
            shutil.rmtree(new)


def _remove_leftovers(files: cf.ClusterFiles) -> None:
    for folder in files.leftovers:
        if folder.exists():
            log.warning("event=half_made_data_directory_removed path=%s", folder)
            shutil.rmtree(folder)


def _wait_for_old_server(files: cf.ClusterFiles) -> Address | None:
    """The address of a server that runs this data directory already, None once nobody does.

    A process that holds the data directory but does not answer is starting, recovering or ending: it is waited for.
    """
    deadline = time.monotonic() + WAIT_S
    while processes := server_processes(files.data):
        address = _answering(files, MAINTENANCE_DATABASE)
        if address:
            return address
        if time.monotonic() > deadline:
            raise ClusterError(
                f"process {processes[0]} holds {files.data} but does not answer; look into {files.log}, or end it"
            )
        time.sleep(0.1)
    remove_stale_locks(files)
    return None


def _start_server(files: cf.ClusterFiles) -> Address:
    pg_ctl = str(bin_dir(_data_major(files)) / "pg_ctl")
    command = [pg_ctl, "start", "-w", "-t", str(WAIT_S), "-D", str(files.data), "-l", str(files.log)]
    log_start = files.log.stat().st_size if files.log.exists() else 0
    for _ in range(PORT_ATTEMPTS):
        port = choose_port(cf.remembered_port(files))
        cluster_config.write_settings(files, port)
        cf.remember_port(files, port)
        output = run_as(files.user, command).stdout
        address = _answering(files, MAINTENANCE_DATABASE)
        if address:
            log.info("event=cluster_started port=%d socket_dir=%s data=%s", port, files.socket_dir, files.data)
            return address
        if is_free(port):  # else another program took it in the moment between: once more, with the next one
            break
    reason = cause(log_since(files.log, log_start)) or cause(output)
    raise ClusterError(f"the server did not start; its log {files.log} says: {reason}")


def _prepare_database(address: Address, passwords: dict[str, str]) -> None:
    """The three roles with the passwords of the passwords file, then the database: where it is, all is complete."""
    with psycopg.connect(address.url(database=MAINTENANCE_DATABASE), autocommit=True) as conn:
        for role, password in passwords.items():
            if conn.execute(HAS_ROLE, (role,)).fetchone() is None:
                conn.execute(sql.SQL("CREATE ROLE {} LOGIN").format(sql.Identifier(role)))
            # Hashed here, so that the password itself can never get into the server's log.
            hashed = conn.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256").decode()
            conn.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(role), sql.Literal(hashed)))
        if conn.execute(HAS_DATABASE, (cf.DATABASE,)).fetchone() is None:
            conn.execute("CREATE DATABASE terrakin")


def _stop(files: cf.ClusterFiles) -> bool:
    if not server_processes(files.data):
        return False
    pg_ctl = str(bin_dir(_data_major(files)) / "pg_ctl")
    done = run_as(files.user, [pg_ctl, "stop", "-w", "-t", str(WAIT_S), "-m", "fast", "-D", str(files.data)])
    deadline = time.monotonic() + 10
    while server_processes(files.data):  # of a killed postmaster: its children end by themselves
        if time.monotonic() > deadline:
            raise ClusterError(f"the server of {files.data} did not stop: {cause(done.stdout)}")
        time.sleep(0.1)
    return True


def _data_major(files: cf.ClusterFiles) -> int:
    try:
        return int((files.data / "PG_VERSION").read_text())
    except (FileNotFoundError, ValueError) as error:
        raise ClusterError(
            f"{files.data} is no PostgreSQL data directory (no PG_VERSION in it); move it away and start again"
        ) from error
