"""Connections in three roles, and unsuitable servers: unreachable, without extensions, not migrated."""

import socket
from dataclasses import replace
from pathlib import Path

import numpy as np
import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict
from shapely import MultiPolygon, Point

from db import connect as connect_module
from db.connect import connect, known_revisions
from db.errors import ConnectError, DbError
from db.extensions import known_faults
from db.install.migrate import migrate
from db.roles import ROLE_NAMES, Role
from db.settings import Settings
from tests.builders import make_city, make_tile
from tests.conftest import cloned_database

SECRET = "hemligt"


def test_the_error_for_an_unreachable_server_has_its_address_and_no_password(tmp_path: Path) -> None:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    settings = Settings(tmp_path, f"postgresql://owner:{SECRET}@127.0.0.1:{port}/somewhere")
    with pytest.raises(ConnectError, match=f"127.0.0.1:{port}, database somewhere: ") as refused:
        connect(settings)
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://owner:{SECRET}%zz@host/database",
        f"postgresql+psycopg://owner:{SECRET}@host/database",
        f"host=somewhere password=x {SECRET}",
        f"postgresql://owner:x@{SECRET}@host/database",
        f"postgresql://owner:1/{SECRET}@host/database",
        SECRET,
    ],
)
def test_the_error_for_an_invalid_url_shows_an_example_and_no_password(tmp_path: Path, url: str) -> None:
    with pytest.raises(ConnectError, match="postgresql://user:password@host:5432/database") as refused:
        connect(Settings(tmp_path, url))
    assert SECRET not in str(refused.value)
    assert "\n" not in str(refused.value)


def test_a_wrong_password_is_named_as_such(database: Settings) -> None:
    parts = conninfo_to_dict(database.database_url)
    url = f"postgresql://terrakin_reader:{SECRET}@127.0.0.1:{parts['port']}/{parts['dbname']}"
    with pytest.raises(ConnectError, match="password authentication failed") as refused:
        connect(replace(database, database_url=url))
    assert SECRET not in str(refused.value)


def test_the_error_for_an_empty_database_names_the_command_to_run(blank_database: Settings) -> None:
    with pytest.raises(ConnectError, match=r"no terrakin schema.*`terrakin db migrate`"):
        connect(blank_database)


def test_the_error_for_an_older_schema_names_the_command_to_run(
    database: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    head = connect_module.known_revisions()[-1]
    monkeypatch.setattr(connect_module, "known_revisions", lambda: [head, "9998"])
    with pytest.raises(ConnectError, match=f"revision {head}, .*9998.*`terrakin db migrate`"):
        connect(database)


def test_a_newer_schema_needs_a_newer_program(database: Settings) -> None:
    with connect(database) as conn:
        conn.execute("UPDATE terrakin.alembic_version SET version_num = '9999'")
    with pytest.raises(ConnectError, match=r"revision 9999, .*update terrakin"):
        connect(database)


def test_known_revisions_are_alembics() -> None:
    from alembic.script import ScriptDirectory

    from db.install.migrate import alembic_config

    scripts = ScriptDirectory.from_config(alembic_config(Settings(Path())))
    assert known_revisions() == [script.revision for script in reversed(list(scripts.walk_revisions()))]
    assert known_revisions()[-1] == scripts.get_current_head()


@pytest.mark.parametrize(("extension", "label"), [("vector", "pgvector 0.8.0"), ("postgis", "PostGIS 3.3")])
def test_a_version_that_is_too_old_is_refused(database: Settings, extension: str, label: str) -> None:
    with connect(database) as conn:
        conn.execute("UPDATE pg_extension SET extversion = '0.7.4' WHERE extname = %s", (extension,))
    with pytest.raises(ConnectError, match=f"0.7.4, .*{label}.*ALTER EXTENSION {extension} UPDATE"):
        connect(database)


@pytest.mark.parametrize(
    ("version", "faults"),
    [((0, 8, 1), ("overflow", "VACUUM")), ((0, 8, 2), ("VACUUM",)), ((0, 8, 3), ()), ((0, 10), ())],
)
def test_faults_of_pgvector_are_known(version: tuple[int, ...], faults: tuple[str, ...]) -> None:
    text = known_faults(version) or ""
    assert [fault for fault in ("overflow", "VACUUM") if fault in text] == list(faults)


@pytest.mark.parametrize(
    ("role", "user"), [("owner", "terrakin"), ("etl", "terrakin_etl"), ("reader", "terrakin_reader")]
)
def test_roles_are_set_on_an_external_server_and_on_the_private_one(
    database: Settings, server_home: Path, role: Role, user: str
) -> None:
    with connect(database, role) as conn:
        assert conn.execute("SELECT current_user").fetchone() == (user,)
    private = Settings(server_home)
    migrate(private)
    with connect(private, role) as conn:
        assert conn.execute("SELECT current_user, session_user").fetchone() == (user, user)


def test_the_reader_url_is_used_by_the_reader_only(database: Settings) -> None:
    parts = conninfo_to_dict(database.database_url)
    reader_url = f"postgresql://terrakin_reader@/{parts['dbname']}?host={parts['host']}&port={parts['port']}"
    settings = replace(database, reader_url=reader_url)
    with connect(settings, "reader") as conn:
        assert conn.execute("SELECT session_user").fetchone() == ("terrakin_reader",)
    with connect(settings, "etl") as conn:
        assert conn.execute("SELECT session_user").fetchone() == ("terrakin",)


def test_the_error_for_a_missing_role_names_the_command_to_run(
    server_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(ROLE_NAMES, "etl", "terrakin_nobody")
    with (
        cloned_database(server_home) as url,
        pytest.raises(ConnectError, match=r"`terrakin db migrate`.*terrakin_nobody"),
    ):
        connect(Settings(server_home, url), "etl")


def test_options_of_the_url_are_kept(database: Settings) -> None:
    settings = replace(database, database_url=f"{database.database_url}&options=-c%20work_mem%3D12MB")
    with connect(settings, "reader") as conn:
        assert conn.execute("SELECT current_user, current_setting('work_mem')").fetchone() == (
            "terrakin_reader",
            "12MB",
        )


def test_vectors_and_geometries_are_returned_as_written(database: Settings) -> None:
    rng = np.random.default_rng(1)
    embedding = rng.standard_normal(768).astype(np.float32)
    with connect(database, "etl") as conn:
        make_city(conn)
        make_tile(conn, 7, embedding=embedding)
        conn.commit()
        stored, footprint, location = conn.execute(
            "SELECT embedding_mean, footprint, location FROM terrakin.tiles"
        ).fetchone()  # type: ignore[misc]
        assert np.array_equal(stored.to_numpy(), embedding)
        assert isinstance(footprint, MultiPolygon)
        assert isinstance(location, Point)
        back = conn.execute("SELECT ST_Equals(%s::geometry, footprint) FROM terrakin.tiles", (footprint,)).fetchone()
        assert back == (True,)


def plain_owner(blank_database: Settings, attributes: str) -> Settings:
    """Return settings of an owner with a password who is not a superuser, as on a managed server."""
    parts = conninfo_to_dict(blank_database.database_url)
    name = f"owner_of_{parts['dbname']}"
    with psycopg.connect(blank_database.database_url, autocommit=True) as conn:
        conn.execute(f"CREATE ROLE {name} LOGIN {attributes} PASSWORD '{SECRET}'")
        conn.execute(f"ALTER DATABASE {parts['dbname']} OWNER TO {name}")
    url = f"postgresql://{name}:{SECRET}@127.0.0.1:{parts['port']}/{parts['dbname']}"
    return replace(blank_database, database_url=url)


def test_an_owner_who_may_not_create_extensions_gets_the_statements_for_a_superuser(blank_database: Settings) -> None:
    settings = plain_owner(blank_database, "CREATEROLE")
    with pytest.raises(
        DbError, match=r'permission denied to create extension "postgis".*superuser.*CREATE EXTENSION'
    ) as e:
        migrate(settings)
    assert "\n" not in str(e.value)
    with psycopg.connect(blank_database.database_url) as conn:
        assert conn.execute("SELECT to_regnamespace('terrakin')").fetchone() == (None,)


def test_an_owner_who_may_not_create_roles_migrates_once_a_superuser_has_created_them(blank_database: Settings) -> None:
    settings = plain_owner(blank_database, "NOCREATEROLE")
    name = conninfo_to_dict(settings.database_url)["user"]
    with psycopg.connect(blank_database.database_url, autocommit=True) as conn:
        conn.execute("CREATE EXTENSION postgis; CREATE EXTENSION vector")
    with pytest.raises(DbError, match="GRANT terrakin_etl, terrakin_reader to the user in DATABASE_URL"):
        migrate(settings)
    with psycopg.connect(blank_database.database_url, autocommit=True) as conn:
        conn.execute(f"GRANT terrakin_etl, terrakin_reader TO {name}")
    migrate(settings)
    for role in ("owner", "etl", "reader"):
        connect(settings, role).close()
    with connect(settings, "reader") as conn:
        assert conn.execute("SELECT count(*) FROM api.tile_overview").fetchone() == (0,)
