"""The vector indexes: built once, serially if pgvector has faults, again if invalid, and used."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from db.connect import connect
from db.index import INDEXES, _build_vector_indexes, build_indexes
from db.neighbours import NAME as NEIGHBOURS
from db.settings import Settings
from tests.builders import make_city, make_tile
from tests.locks import wait_until_blocked

NAMES = [index.name for index in INDEXES]
ALL = [*NAMES, NEIGHBOURS]
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
    ended = [name for name, done, total in calls if done == total]
    assert (ended[0], sorted(ended[1:3]), ended[3:]) == ("shuffle", sorted(NAMES), [NEIGHBOURS])
    assert all(0 <= done <= total == 60 for _, done, total in calls)


def test_both_are_built_at_the_same_time(loaded: Settings) -> None:
    with connect(loaded) as loading, ThreadPoolExecutor() as pool:
        loading.execute("LOCK terrakin.tiles IN ROW EXCLUSIVE MODE")
        building = pool.submit(_build_vector_indexes, loaded, None)
        wait_until_blocked(loading, len(NAMES))
        loading.rollback()
        assert building.result() == NAMES


def test_a_load_that_has_read_tiles_may_write_them_while_a_shuffle_waits(loaded: Settings) -> None:
    """A load reads tiles when it creates its staging table."""
    with connect(loaded) as loading, ThreadPoolExecutor() as pool:
        loading.execute("SELECT count(*) FROM terrakin.tiles")
        building = pool.submit(build_indexes, loaded)
        wait_until_blocked(loading, 1)
        loading.execute("DELETE FROM terrakin.tiles WHERE tile_id = 7")
        loading.commit()
        assert building.result() == ALL


def test_an_interrupted_build_ends_on_the_server(loaded: Settings, owner: psycopg.Connection) -> None:
    build_indexes(loaded)
    # The invalid index is built again; the valid one keeps the tiles from being shuffled.
    owner.execute("UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass", (f"terrakin.{NAMES[0]}",))

    def interrupt(loading: psycopg.Connection) -> None:
        try:
            wait_until_blocked(loading)
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    before = signal.signal(signal.SIGINT, signal.default_int_handler)  # background jobs of a shell ignore SIGINT
    try:
        with connect(loaded) as loading, ThreadPoolExecutor() as pool:
            loading.execute("LOCK terrakin.tiles IN ROW EXCLUSIVE MODE")
            interrupted = pool.submit(interrupt, loading)
            with pytest.raises(KeyboardInterrupt):
                build_indexes(loaded)
            interrupted.result()
            wait_until_blocked(loading, 0)
    finally:
        signal.signal(signal.SIGINT, before)


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
