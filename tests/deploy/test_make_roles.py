"""``deploy/make-roles.sh`` in a new cluster, as the postgres image runs it, and then the services in that cluster."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from db.cluster.binaries import bin_dir, run_as, server_user
from db.connect import connect
from db.install.migrate import migrate
from db.settings import Settings
from tests.conftest import temporary_home
from tests.ports import free_ports
from webapp import create_app
from webapp.database import EXTENSION

SCRIPT = Path(__file__).parents[2] / "deploy" / "make-roles.sh"
OWNER_PASSWORD, READER_PASSWORD = "ofOwner1", "of'Reader\\2"


@pytest.fixture(scope="module")
def new_cluster() -> Iterator[dict[str, str]]:
    """libpq variables of a superuser session in an empty cluster."""
    with temporary_home() as home:
        user = server_user(home / "none")
        home.chmod(0o755)
        data = home / "data"
        data.mkdir()
        os.chown(data, user.uid, user.gid)
        port, programs = free_ports(1)[0], bin_dir()
        options = f"-c port={port} -c listen_addresses=127.0.0.1 -c unix_socket_directories={data} -c fsync=off"
        created = run_as(
            user,
            [
                str(programs / "initdb"),
                "-D",
                str(data),
                "-U",
                "postgres",
                "--auth-local=trust",
                "--auth-host=scram-sha-256",
            ],
        )
        assert created.returncode == 0, created.stdout
        control = [str(programs / "pg_ctl"), "-D", str(data), "-w"]
        started = run_as(user, [*control, "-o", options, "-l", str(data / "log"), "start"])
        assert started.returncode == 0, started.stdout
        try:
            yield {"PGHOST": str(data), "PGPORT": str(port)}
        finally:
            run_as(user, [*control, "-m", "immediate", "stop"])


@pytest.fixture(scope="module")
def cluster(new_cluster: dict[str, str]) -> dict[str, str]:
    """The cluster after the script has run in it."""
    host, port = new_cluster["PGHOST"], new_cluster["PGPORT"]
    with psycopg.connect(f"host={host} port={port} user=postgres dbname=postgres", autocommit=True) as conn:
        conn.execute("CREATE DATABASE terrakin")
    subprocess.run(
        [SCRIPT],
        env={
            **new_cluster,
            "PATH": os.environ["PATH"],
            "POSTGRES_USER": "postgres",
            "POSTGRES_DB": "terrakin",
            "TERRAKIN_OWNER_PASSWORD": OWNER_PASSWORD,
            "TERRAKIN_READER_PASSWORD": READER_PASSWORD,
        },
        check=True,
    )
    return new_cluster


def as_role(cluster: dict[str, str], role: str, password: str) -> str:
    """Return a connection string over TCP."""
    return psycopg.conninfo.make_conninfo(
        host="127.0.0.1", port=cluster["PGPORT"], dbname="terrakin", user=role, password=password
    )


def test_the_owner_can_migrate_and_the_web_app_can_read(cluster: dict[str, str], tmp_path: Path) -> None:
    owner = Settings(tmp_path / "job", database_url=as_role(cluster, "terrakin", OWNER_PASSWORD))
    migrate(owner)
    assert migrate(owner) == []
    for role in ("owner", "etl"):
        connect(owner, role).close()
    reader = as_role(cluster, "terrakin_reader", READER_PASSWORD)
    app = create_app(Settings(tmp_path / "app", database_url=reader, reader_url=reader))
    try:
        assert app.test_client().get("/health").get_json() == {"status": "ok"}
        assert app.test_client().get("/tiles/grid/0/0/0").status_code == 204
    finally:
        app.extensions[EXTENSION].close()
    with psycopg.connect(reader) as conn:
        assert conn.execute("SHOW statement_timeout").fetchone() == ("30s",)
        assert conn.execute("SHOW default_transaction_read_only").fetchone() == ("on",)


@pytest.mark.parametrize("role", ["terrakin", "terrakin_etl", "terrakin_reader"])
def test_a_wrong_password_is_rejected(cluster: dict[str, str], role: str) -> None:
    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(as_role(cluster, role, "wrong"))


def test_no_role_of_terrakin_is_a_superuser(cluster: dict[str, str]) -> None:
    host, port = cluster["PGHOST"], cluster["PGPORT"]
    with psycopg.connect(f"host={host} port={port} user=postgres dbname=terrakin") as conn:
        rows = conn.execute("SELECT rolname FROM pg_roles WHERE rolsuper ORDER BY rolname").fetchall()
    assert rows == [("postgres",)]


def test_without_passwords_it_fails(new_cluster: dict[str, str]) -> None:
    answer = subprocess.run(
        [SCRIPT], env={**new_cluster, "PATH": os.environ["PATH"]}, capture_output=True, text=True, check=False
    )
    assert answer.returncode != 0
    assert "TERRAKIN_OWNER_PASSWORD" in answer.stderr
