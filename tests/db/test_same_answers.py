"""What happens to a database leaves its answers as they are: rewrites of tables, a killed load."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psycopg
import pytest

from db.connect import connect
from db.embedding_sets.store import Items, read_set, write_keys
from db.settings import Settings
from tests.db.worlds import ANSWERS, answers, filled_database

PARTITION = "SELECT format('embedding_keys_%s', internal.set_id('block', 'mean'))"


@pytest.fixture(scope="module")
def filled(server_home: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Settings]:
    with filled_database(server_home, tmp_path_factory.mktemp("home") / ".terrakin") as settings:
        assert not all(is_exact for *_, is_exact in answers(settings))
        yield settings


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
