"""The vector indexes: built once, serially where pgvector has faults, again where invalid, and used."""

from collections.abc import Iterator

import psycopg
import pytest

from db.connect import connect
from db.index import INDEXES, build_indexes
from db.kin import NAME as KIN
from db.settings import Settings
from tests.builders import make_city, make_tile

NAMES = [index.name for index in INDEXES]
ALL = [*NAMES, KIN]
NEAREST = (
    "EXPLAIN SELECT tile_id FROM terrakin.tiles ORDER BY embedding_{0}::halfvec(768) <=> "
    "(SELECT embedding_{0}::halfvec(768) FROM terrakin.tiles LIMIT 1) LIMIT 5"
)


@pytest.fixture
def loaded(database: Settings) -> Settings:
    with connect(database, "etl") as conn:
        make_city(conn)
        for tile_id in range(60):
            make_tile(conn, tile_id)
    return database


@pytest.fixture
def owner(loaded: Settings) -> Iterator[psycopg.Connection]:
    with connect(loaded, autocommit=True) as conn:
        yield conn


def test_missing_indexes_are_built_once(loaded: Settings) -> None:
    assert build_indexes(loaded) == ALL
    assert build_indexes(loaded) == []


def test_an_invalid_index_is_built_again(loaded: Settings, owner: psycopg.Connection) -> None:
    build_indexes(loaded)
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", (f"terrakin.{NAMES[1]}",))
    assert build_indexes(loaded) == NAMES[1:]


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_the_planner_uses_them(loaded: Settings, owner: psycopg.Connection, method: str) -> None:
    build_indexes(loaded)
    owner.execute("SET enable_seqscan = off")
    plan = "\n".join(row[0] for row in owner.execute(NEAREST.format(method)))
    assert f"Index Scan using ix_tiles_embedding_{method}_hnsw" in plan


def test_progress_ends_with_all_tiles_of_each_index(loaded: Settings) -> None:
    calls: list[tuple[str, int, int]] = []
    build_indexes(loaded, lambda name, done, total: calls.append((name, done, total)))
    assert [call for call in calls if call[1] == call[2]] == [(name, 60, 60) for name in ["shuffle", *ALL]]
    assert all(0 <= done <= total == 60 for _, done, total in calls)


def test_statistics_are_refreshed(loaded: Settings, owner: psycopg.Connection) -> None:
    build_indexes(loaded)
    assert owner.execute("SELECT reltuples FROM pg_class WHERE oid = 'terrakin.tiles'::regclass").fetchone() == (60,)


def test_a_failed_build_leaves_no_index(loaded: Settings, owner: psycopg.Connection) -> None:
    build_indexes(loaded)
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", (f"terrakin.{NAMES[0]}",))
    with connect(loaded) as other:
        other.execute("LOCK terrakin.tiles IN ACCESS EXCLUSIVE MODE")
        owner.execute(f"ALTER DATABASE {owner.info.dbname} SET lock_timeout = '100ms'")  # type: ignore[call-overload]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            build_indexes(loaded)
    owner.execute(f"ALTER DATABASE {owner.info.dbname} RESET lock_timeout")  # type: ignore[call-overload]
    assert build_indexes(loaded) == NAMES[:1]
