"""A primary and a hot standby that streams from it, in folders of their own."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

import psycopg

from db import cluster
from db.cluster.binaries import bin_dir, run_as, server_user
from db.install.migrate import migrate
from db.settings import Settings
from tests.conftest import temporary_home
from tests.ports import free_ports

REPLICATION = "local replication all trust\n"
CAUGHT_UP = "SELECT pg_last_wal_replay_lsn() >= %s::pg_lsn"
PATIENCE_S = 60


@dataclass(frozen=True)
class Pair:
    """The settings of both servers: a migrated database, and its copy."""

    primary: Settings
    standby: Settings

    def catch_up(self) -> None:
        """Wait until the standby has replayed what the primary has written."""
        with (
            psycopg.connect(str(self.primary.database_url), autocommit=True) as conn,
            psycopg.connect(str(self.standby.database_url), autocommit=True) as copy,
        ):
            (written,) = conn.execute("SELECT pg_current_wal_lsn()").fetchone() or ("",)
            deadline = time.monotonic() + PATIENCE_S
            while copy.execute(CAUGHT_UP, (written,)).fetchone() != (True,):
                assert time.monotonic() < deadline
                time.sleep(0.05)


@contextmanager
def streaming_pair() -> Iterator[Pair]:
    """Start a private cluster and a standby of it, as docs/scale-out.md describes; stop both at the end."""
    with temporary_home() as home:
        address = cluster.start(home)
        migrate(Settings(home, database_url=address.url()))
        paths = cluster.locate(home)
        with (paths.data / "pg_hba.conf").open("a") as file:
            file.write(REPLICATION)
        with psycopg.connect(address.url()) as conn:
            conn.execute("SELECT pg_reload_conf()")
        programs, user = bin_dir(), server_user(paths.base)
        folder = paths.base / "standby"
        (port,) = free_ports(1)

        def run(*command: str) -> None:
            done = run_as(user, command)
            assert done.returncode == 0, done.stdout

        run(
            str(programs / "pg_basebackup"), f"--pgdata={folder}", "--write-recovery-conf", "--checkpoint=fast",
            f"--host={address.socket_dir}", f"--port={address.port}", "--username=terrakin",
        )  # fmt: skip
        pg_ctl = str(programs / "pg_ctl")
        run(pg_ctl, "start", "--wait", f"--pgdata={folder}", f"--log={folder}/log", f"--options=--port={port}")
        try:
            copy = cluster.process.Address(address.socket_dir, port)
            yield Pair(*(Settings(home, database_url=server.url()) for server in (address, copy)))
        finally:
            run(pg_ctl, "stop", "--mode=immediate", f"--pgdata={folder}")
