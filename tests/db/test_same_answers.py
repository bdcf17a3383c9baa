"""What happens to a database leaves its answers as they are: dump and restore, rewrites of tables, a killed load."""

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest

from db.connect import connect
from db.embedding_sets.store import Items, read_set, write_keys
from db.settings import Settings
from tests.builders.lists import split_into_lists
from tests.builders.world import build_world
from tests.conftest import cloned_database
from tests.db.databases import dump, run_sql

OWNER = "plain_owner"
ANSWERS = """
    SELECT t.tile_id, s.rank, s.tile_id, s.similarity, s.compared, s.is_exact
    FROM terrakin.tiles AS t
    CROSS JOIN LATERAL api.similar_tiles(t.tile_id, k => 5, origin => 'any') AS s
    UNION ALL
    SELECT t.tile_id, s.rank, s.block_id, s.similarity, s.compared, s.is_exact
    FROM terrakin.tiles AS t
    CROSS JOIN LATERAL api.similar_blocks(t.tile_id << 6, k => 5, origin => 'any') AS s
    ORDER BY 1, 2, 3
"""
PARTITION = "SELECT format('embedding_keys_%s', internal.set_id('block', 'mean'))"


@pytest.fixture(scope="module")
def filled(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    """A database whose blocks lie in forty lists, of which a search reads some."""
    with cloned_database(server_home) as url:
        settings = Settings(tmp_path_factory.mktemp("home") / ".terrakin", database_url=url)
        with connect(settings) as conn:
            build_world(conn, 12, 4, seed=21, with_blocks=True)
            split_into_lists(conn, n_lists=40, max_compared=60)
        yield settings


def answers(settings: Settings) -> list[tuple[Any, ...]]:
    with psycopg.connect(str(settings.database_url)) as conn:
        rows = conn.execute(ANSWERS).fetchall()
    assert len(rows) == 12 * 10
    assert not all(row[-1] for row in rows)
    return rows


def test_a_dump_restored_by_an_owner_who_is_no_superuser_is_searched_at_once(
    filled: Settings, server_home: Path, tmp_path: Path
) -> None:
    """The extensions exist beforehand, as on a managed server; the owner may not comment on them."""
    text = dump(filled, "--no-owner", "--no-privileges")
    lines = [line for line in text.splitlines() if not line.startswith(("CREATE EXTENSION", "COMMENT ON EXTENSION"))]
    with psycopg.connect(str(filled.database_url), autocommit=True) as server:
        server.execute(f"CREATE ROLE {OWNER} NOSUPERUSER")  # type: ignore[arg-type]
        try:
            with cloned_database(server_home, "template0") as url:
                restored = Settings(tmp_path / ".terrakin", database_url=url)
                run_sql(
                    restored,
                    "CREATE EXTENSION postgis",
                    "CREATE EXTENSION vector",
                    "GRANT INSERT, SELECT ON spatial_ref_sys TO " + OWNER,
                    f"DO $$ BEGIN EXECUTE format('GRANT CREATE ON DATABASE %I TO {OWNER}', current_database()); END $$",
                )
                subprocess.run(
                    ["psql", "--quiet", "--no-psqlrc", "--set=ON_ERROR_STOP=1", url],
                    input="\n".join(lines),
                    env={**os.environ, "PGOPTIONS": f"-c role={OWNER}"},
                    text=True,
                    check=True,
                    capture_output=True,
                )
                with psycopg.connect(url) as conn:
                    conn.execute(f"SET ROLE {OWNER}")  # type: ignore[arg-type]
                    assert conn.execute(ANSWERS).fetchall() == answers(filled)
        finally:
            server.execute(f"DROP ROLE {OWNER}")  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "rewrite",
    [
        "VACUUM FULL terrakin.embedding_keys",
        "REINDEX TABLE terrakin.embedding_keys",
        "CLUSTER terrakin.{partition} USING {partition}_pkey",
        "ALTER INDEX terrakin.ix_embedding_keys_location RENAME TO ix_of_another_name",
        "VACUUM (ANALYZE) terrakin.embedding_keys",
    ],
)
def test_a_rewritten_table_gives_the_same_answers(filled: Settings, rewrite: str) -> None:
    exact = ANSWERS.replace("'any'", "'any', exact => true")
    with psycopg.connect(str(filled.database_url), autocommit=True) as conn:
        before = conn.execute(exact).fetchall()  # type: ignore[arg-type]
        (partition,) = conn.execute(PARTITION).fetchone() or ("",)
        conn.execute(rewrite.format(partition=partition))  # type: ignore[arg-type]
        assert conn.execute(exact).fetchall() == before  # type: ignore[arg-type]
    answers(filled)


def test_a_killed_load_leaves_no_keys(filled: Settings) -> None:
    before = answers(filled)
    with psycopg.connect(str(filled.database_url), autocommit=True) as other, connect(filled) as conn:
        rows = conn.execute("SELECT tile_id, city_id FROM terrakin.tiles").fetchall()
        ids, cities = np.array(rows, np.int64).T
        vectors = np.random.default_rng(0).normal(size=(len(ids), 768))
        items = Items(ids << 6, cities, np.ones(len(ids)), np.zeros((len(ids), 2)), vectors)
        write_keys(conn, read_set(conn, "block", "mean"), items)
        other.execute("SELECT pg_terminate_backend(%s)", (conn.info.backend_pid,))
        with pytest.raises(psycopg.OperationalError):
            conn.execute("SELECT 1")
        conn.close()
    assert answers(filled) == before
