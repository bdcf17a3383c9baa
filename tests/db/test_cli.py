"""``terrakin db ...`` as a user sees it: exit codes, one line per error, no secrets."""

import os
import subprocess
import sys
from pathlib import Path

import psycopg
import pytest

from db import cluster
from db.connect import connect
from db.settings import Settings
from tests.builders import make_city

SECRET = "hemligt"


def terrakin(*arguments: str, answer: str = "", **environment: str) -> subprocess.CompletedProcess[str]:
    """Run ``terrakin db`` with only these settings."""
    base = {k: v for k, v in os.environ.items() if k not in ("TERRAKIN_HOME", "DATABASE_URL", "TERRAKIN_READER_URL")}
    return subprocess.run(
        [sys.executable, "-m", "terrakin", "db", *arguments],
        env={**base, **environment},
        input=answer,
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_cluster_from_first_start_to_reset(empty_home: Path) -> None:
    home = {"TERRAKIN_HOME": str(empty_home)}
    stopped = terrakin("status", **home)
    assert (stopped.returncode, stopped.stdout[:7]) == (3, "stopped")
    assert terrakin("start", **home).returncode == 0
    assert terrakin("migrate", **home).returncode == 0
    running = terrakin("status", **home)
    assert running.returncode == 0
    for wanted in ("postgresql://terrakin@/terrakin?host=", "user terrakin_reader", "127.0.0.1", "passwords"):
        assert wanted in running.stdout
    asked = terrakin("psql", "-At", "-c", "SELECT count(*) FROM api.tile_overview", **home)
    assert (asked.returncode, asked.stdout) == (0, "0\n")
    assert terrakin("psql", "-c", "SELECT nonsense", **home).returncode == 1
    indexed = terrakin("index", **home)
    assert indexed.returncode == 0
    assert indexed.stderr.endswith("everything is up to date\n")
    assert [line.split()[:3] for line in indexed.stdout.splitlines()[1:3]] == [
        ["tile", "mean", "0"],
        ["tile", "dominant", "0"],
    ]
    assert "done: ix_tiles_embedding_mean_hnsw" in terrakin("index", "--hnsw", **home).stderr
    refused = terrakin("reset", answer="n\n", **home)
    assert refused.returncode != 0
    assert cluster.running(empty_home) is not None
    assert terrakin("reset", "--yes", **home).returncode == 0
    assert terrakin("status", **home).returncode == 3
    assert terrakin("stop", **home).returncode == 0


def test_any_command_that_needs_the_cluster_starts_it(empty_home: Path) -> None:
    asked = terrakin("psql", "-At", "-c", "SELECT current_user", TERRAKIN_HOME=str(empty_home))
    assert (asked.returncode, asked.stdout) == (0, "terrakin\n")


def test_migrate_names_what_it_restores(database: Settings) -> None:
    with psycopg.connect(str(database.database_url)) as conn:
        conn.execute("DROP FUNCTION api.tile_at")
    answer = terrakin("migrate", DATABASE_URL=str(database.database_url))
    assert answer.returncode == 0
    assert "sql/functions/tile_at.sql: missing in this database\n" in answer.stderr
    answer = terrakin("migrate", DATABASE_URL=str(database.database_url))
    assert answer.stderr == "schema is up to date; 0 files of sql/ were applied\n"


def test_the_reference_is_written(server_home: Path, database: Settings, tmp_path: Path) -> None:
    page = tmp_path / "reference.md"
    assert terrakin("docs", "--out", str(page), DATABASE_URL=str(database.database_url)).returncode == 0
    assert "### api.similar_tiles" in page.read_text()


@pytest.mark.parametrize("command", [["status"], ["migrate"], ["index"], ["docs", "--out", "/dev/null"]])
def test_the_error_for_an_unreachable_server_is_one_line(command: list[str]) -> None:
    answer = terrakin(*command, DATABASE_URL=f"postgresql://owner:{SECRET}@127.0.0.1:1/nowhere")
    assert answer.returncode == 1
    assert answer.stderr.startswith("terrakin: error: cannot connect to PostgreSQL at 127.0.0.1:1, database nowhere")
    assert answer.stderr.count("\n") == 1
    assert SECRET not in answer.stderr + answer.stdout


@pytest.mark.parametrize("command", ["start", "stop"])
def test_an_external_server_is_neither_started_nor_stopped(command: str) -> None:
    answer = terrakin(command, DATABASE_URL="postgresql://owner@127.0.0.1:1/nowhere")
    assert answer.returncode == 1
    assert "DATABASE_URL is set" in answer.stderr
    assert answer.stderr.count("\n") == 1


def test_psql_gets_the_password_from_the_environment(database: Settings, tmp_path: Path) -> None:
    """A fake psql records its arguments."""
    seen = tmp_path / "seen"
    fake = tmp_path / "psql"
    fake.write_text(f'#!/bin/sh\necho "$@" "PGPASSWORD=$PGPASSWORD" >{seen}\n')
    fake.chmod(0o755)
    path = f"{tmp_path}:{os.environ['PATH']}"
    terrakin("psql", "-c", "SELECT 1", DATABASE_URL=f"postgresql://owner:{SECRET}@host/d", PATH=path)
    assert seen.read_text() == f"user=owner dbname=d host=host -c SELECT 1 PGPASSWORD={SECRET}\n"


def test_reset_of_an_external_database_keeps_other_schemas(database: Settings) -> None:
    with connect(database) as conn:
        make_city(conn)
        conn.execute("CREATE TABLE public.theirs AS SELECT 1 AS number")
    url = {"DATABASE_URL": str(database.database_url)}
    asked = terrakin("reset", answer="n\n", **url)
    assert "schemas terrakin, api, internal and tiles of database" in asked.stdout + asked.stderr
    assert terrakin("reset", "--yes", **url).returncode == 0
    with psycopg.connect(str(database.database_url)) as conn:
        row = conn.execute("SELECT to_regnamespace('terrakin'), to_regnamespace('api'), number FROM theirs").fetchone()
    assert row == (None, None, 1)
    assert terrakin("migrate", **url).returncode == 0
    connect(database, "reader").close()


def test_reset_refuses_a_database_without_terrakin_schema(blank_database: Settings) -> None:
    with psycopg.connect(str(blank_database.database_url)) as conn:
        conn.execute("CREATE SCHEMA api; CREATE TABLE api.theirs ()")
    answer = terrakin("reset", "--yes", DATABASE_URL=str(blank_database.database_url))
    assert answer.returncode == 1
    assert "no terrakin schema; nothing was deleted" in answer.stderr
    with psycopg.connect(str(blank_database.database_url)) as conn:
        assert conn.execute("SELECT to_regclass('api.theirs') IS NULL").fetchone() == (False,)
