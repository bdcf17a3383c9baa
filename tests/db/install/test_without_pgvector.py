"""A server without pgvector: a real one that sees PostgreSQL's extension folder without it."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from db import cluster
from db.connect import connect
from db.errors import ConnectError
from db.install.migrate import migrate
from db.settings import Settings

START = 'mount --bind "$1" "$2" && exec setpriv --reuid="$3" --regid="$4" --clear-groups "$5" start -w -D "$6" -l "$7"'


@pytest.fixture
def settings(empty_home: Path, tmp_path: Path) -> Settings:
    """Settings of a server that was started with an extension folder without pgvector mounted over the real one."""
    if os.geteuid() != 0:
        pytest.skip("hiding pgvector from a server needs root")
    cluster.start(empty_home)
    cluster.stop(empty_home)
    programs = cluster.bin_dir()
    share = subprocess.check_output([programs / "pg_config", "--sharedir"], text=True).strip()
    hidden = empty_home / "extension"
    hidden.mkdir()
    for pattern in ("plpgsql*", "postgis.control"):
        for path in (Path(share) / "extension").glob(pattern):
            shutil.copy(path, hidden)
    paths = cluster.locate(empty_home)
    arguments = (
        hidden,
        f"{share}/extension",
        paths.user.uid,
        paths.user.gid,
        programs / "pg_ctl",
        paths.data,
        paths.log,
    )
    started = subprocess.run(
        ["unshare", "--mount", "--propagation", "private", "sh", "-c", START, "sh", *map(str, arguments)],
        stdin=subprocess.DEVNULL,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        check=False,
    )
    if started.returncode != 0:
        pytest.skip("no mount namespace can be made here")
    address = cluster.running(empty_home)
    assert address is not None
    return Settings(tmp_path, address.url())


def test_the_error_names_pgvector_and_nothing_is_created(settings: Settings) -> None:
    for action in (connect, migrate):
        with pytest.raises(ConnectError, match=r"no pgvector.*0.8.0"):
            action(settings)
    assert settings.database_url is not None
    with psycopg.connect(settings.database_url) as conn:
        assert conn.execute("SELECT to_regnamespace('terrakin')").fetchone() == (None,)


def test_the_command_prints_the_error_as_one_line(settings: Settings) -> None:
    answer = subprocess.run(
        [sys.executable, "-m", "terrakin", "db", "migrate"],
        env={**os.environ, "DATABASE_URL": str(settings.database_url)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert answer.returncode == 1
    assert answer.stderr.startswith("terrakin: error: the server of database 'terrakin' has no pgvector")
    assert answer.stderr.count("\n") == 1
