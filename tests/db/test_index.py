"""``terrakin db index``: sets are refitted when that helps; HNSW indexes are built on request, and again if invalid."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from db.connect import connect
from db.embedding_sets.report import read_reports
from db.embedding_sets.tile_keys import METHODS
from db.index import INDEXES, KEYS, build_indexes
from db.settings import Settings
from tests.db.embedding_sets.worlds import add_tiles, small_sets_are_fitted
from tests.locks import wait_until_blocked

NAMES = [index.name for index in INDEXES]
FITTED = ["tile mean", "tile dominant"]
"""The builders write no further aggregates."""
NEAREST = (
    "EXPLAIN SELECT tile_id FROM terrakin.tiles ORDER BY embedding_{0}::halfvec(768) <=> "
    "(SELECT embedding_{0}::halfvec(768) FROM terrakin.tiles LIMIT 1) LIMIT 5"
)
INVALIDATE = "UPDATE pg_index SET indisvalid = false WHERE indexrelid = %s::regclass"
N_SETS = "SELECT count(*) FROM terrakin.embedding_sets"


@pytest.fixture
def loaded(database: Settings) -> Settings:
    with connect(database, "etl") as conn:
        add_tiles(conn)
    return database


@pytest.fixture
def owner(loaded: Settings) -> Iterator[psycopg.Connection]:
    with connect(loaded, autocommit=True) as conn:
        yield conn


def test_small_sets_are_left_alone(loaded: Settings) -> None:
    assert build_indexes(loaded) == []


def test_sets_that_were_never_fitted_are_fitted_once(loaded: Settings, owner: psycopg.Connection) -> None:
    with small_sets_are_fitted():
        assert build_indexes(loaded) == FITTED
        assert build_indexes(loaded) == []
    assert [r.n_items for r in read_reports(owner)] == [60, 60] + [0] * len(METHODS[2:]) + [0]


def test_sets_are_refitted_if_told(loaded: Settings) -> None:
    assert build_indexes(loaded, with_refit=True) == FITTED


def test_sets_are_refitted_if_their_post_processing_has_changed(loaded: Settings, owner: psycopg.Connection) -> None:
    with small_sets_are_fitted():
        build_indexes(loaded)
        owner.execute(
            "INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at) "
            "VALUES ('mosaiks', 'random', repeat('ab', 32), 768, '{}', now())"
        )
        assert build_indexes(loaded) == FITTED
        assert build_indexes(loaded) == []


def test_superseded_sets_are_dropped_by_the_next_run(loaded: Settings, owner: psycopg.Connection) -> None:
    before = owner.execute(N_SETS).fetchone()
    with small_sets_are_fitted():
        build_indexes(loaded)
        assert owner.execute(N_SETS).fetchone() == (before[0] + len(FITTED),)  # type: ignore[index]
        build_indexes(loaded)
    assert owner.execute(N_SETS).fetchone() == before


def test_missing_keys_of_tiles_are_added(loaded: Settings, owner: psycopg.Connection) -> None:
    owner.execute("DELETE FROM terrakin.embedding_keys WHERE item_id = 7")
    assert build_indexes(loaded) == [KEYS]
    assert [r.n_items for r in read_reports(owner)][:2] == [60, 60]


def test_missing_hnsw_indexes_are_built_once_and_on_request(loaded: Settings) -> None:
    assert build_indexes(loaded) == []
    assert build_indexes(loaded, with_hnsw=True) == NAMES
    assert build_indexes(loaded, with_hnsw=True) == []


def test_an_invalid_hnsw_index_is_built_again(loaded: Settings, owner: psycopg.Connection) -> None:
    build_indexes(loaded, with_hnsw=True)
    owner.execute(INVALIDATE, (f"terrakin.{NAMES[1]}",))
    assert build_indexes(loaded, with_hnsw=True) == NAMES[1:]


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_the_planner_uses_hnsw_for_queries_of_analysts(
    loaded: Settings, owner: psycopg.Connection, method: str
) -> None:
    build_indexes(loaded, with_hnsw=True)
    owner.execute("SET enable_seqscan = off")
    plan = "\n".join(row[0] for row in owner.execute(NEAREST.format(method)))
    assert f"Index Scan using ix_tiles_embedding_{method}_hnsw" in plan


def test_progress_ends_with_all_items_of_each_step(loaded: Settings) -> None:
    calls: list[tuple[str, int, int]] = []
    with small_sets_are_fitted():
        build_indexes(loaded, lambda *call: calls.append(call), with_hnsw=True)
    ended = [name for name, done, total in calls if done == total]
    assert (ended[:2], sorted(ended[2:])) == (FITTED, sorted(NAMES))
    assert all(0 <= done <= total == 60 for _, done, total in calls)


def test_both_hnsw_indexes_are_built_at_the_same_time(loaded: Settings) -> None:
    with connect(loaded) as loading, ThreadPoolExecutor() as pool:
        loading.execute("LOCK terrakin.tiles IN ROW EXCLUSIVE MODE")
        building = pool.submit(build_indexes, loaded, with_hnsw=True)
        wait_until_blocked(loading, len(NAMES))
        loading.rollback()
        assert building.result() == NAMES


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_hnsw_build_ends_on_the_server(loaded: Settings) -> None:
    def interrupt(loading: psycopg.Connection) -> None:
        try:
            wait_until_blocked(loading, len(NAMES))
        finally:
            os.kill(os.getpid(), signal.SIGINT)

    with connect(loaded) as loading, ThreadPoolExecutor() as pool:
        loading.execute("LOCK terrakin.tiles IN ROW EXCLUSIVE MODE")
        interrupted = pool.submit(interrupt, loading)
        with pytest.raises(KeyboardInterrupt):
            build_indexes(loaded, with_hnsw=True)
        interrupted.result()
        wait_until_blocked(loading, 0)


def test_statistics_are_refreshed(loaded: Settings, owner: psycopg.Connection) -> None:
    build_indexes(loaded)
    assert owner.execute("SELECT reltuples FROM pg_class WHERE oid = 'terrakin.tiles'::regclass").fetchone() == (60,)


def test_a_failed_hnsw_build_leaves_no_index(loaded: Settings, owner: psycopg.Connection) -> None:
    with connect(loaded) as other:
        other.execute("LOCK terrakin.tiles IN ROW EXCLUSIVE MODE")
        owner.execute(f"ALTER DATABASE {owner.info.dbname} SET lock_timeout = '100ms'")  # type: ignore[call-overload]
        with pytest.raises(psycopg.errors.LockNotAvailable):
            build_indexes(loaded, with_hnsw=True)
    owner.execute(f"ALTER DATABASE {owner.info.dbname} RESET lock_timeout")  # type: ignore[call-overload]
    assert build_indexes(loaded, with_hnsw=True) == NAMES
