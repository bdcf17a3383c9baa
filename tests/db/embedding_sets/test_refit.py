"""A refit: a new set of keys, with the same items, while searches go on and loads wait."""

import os
import signal
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psycopg
import pytest
from pgvector import Vector

from db.connect import connect
from db.embedding_sets import refit as module
from db.embedding_sets.basis import KEY_DIMENSION, keys_of
from db.embedding_sets.refit import drop_superseded, refit
from db.embedding_sets.report import SetReport, read_reports, wanted_lists
from db.settings import Settings
from tests.builders import make_tile
from tests.db.embedding_sets.worlds import add_blocks, add_tiles, set_id, small_sets_are_fitted, vector_of
from tests.locks import wait_until_blocked

N = 60
KEYS = """
    SELECT e.item_id, e.list_id, e.key FROM terrakin.embedding_keys AS e WHERE e.set_id = %s ORDER BY e.item_id
"""
PARTITIONS = """
    SELECT count(*) FROM pg_class AS c
    WHERE c.relname ~ '^embedding_keys_[0-9]+$' AND c.relkind = 'r'
"""
NEAREST = (
    "SELECT tile_id, compared, is_exact FROM api.similar_tiles(7, k => 5, exclude_same_city => false, exact => true)"
)
CHANGE = "UPDATE terrakin.tiles SET embedding_mean = %s WHERE tile_id = 7"


@pytest.fixture(autouse=True)
def small_sets() -> Iterator[None]:
    with small_sets_are_fitted():
        yield


@pytest.fixture
def loaded(database: Settings) -> Settings:
    with connect(database, "etl") as conn:
        add_tiles(conn, N)
    return database


@pytest.fixture
def owner(loaded: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect(loaded, autocommit=True) as conn:
        yield conn


def mean_of(conn: psycopg.Connection[Any], unit: str = "tile") -> SetReport:
    return next(report for report in read_reports(conn) if (report.unit, report.method) == (unit, "mean"))


def vectors(n: int = N) -> np.ndarray:
    """Return the vectors of the tiles."""
    return np.stack([vector_of(tile_id) for tile_id in range(n)])


def components(conn: psycopg.Connection[Any], unit: str = "tile") -> np.ndarray | None:
    return module.read_components(conn, set_id(conn, unit))


def test_keys_are_projected_and_lie_in_lists(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    before = set_id(owner)
    assert refit(loaded, mean_of(owner))
    after = mean_of(owner)
    assert after.set_id != before
    assert (after.n_items, after.n_lists, after.is_fitted) == (N, wanted_lists("tile", N), True)
    fitted = components(owner)
    assert fitted is not None
    assert fitted.shape == (KEY_DIMENSION, 768)
    rows = owner.execute(KEYS, (after.set_id,)).fetchall()
    np.testing.assert_allclose(np.stack([key.to_numpy() for _, _, key in rows]), keys_of(fitted, vectors()), atol=1e-3)
    assert len({list_id for _, list_id, _ in rows}) > 1


def test_answers_stay_the_same(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    before = owner.execute(NEAREST).fetchall()
    refit(loaded, mean_of(owner))
    assert owner.execute(NEAREST).fetchall() == before


def test_keys_of_blocks_are_made_from_the_present_ones(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    add_blocks(owner, range(64, 64 + N), vectors())
    refit(loaded, mean_of(owner, "block"))
    fitted, first = components(owner, "block"), mean_of(owner, "block")
    assert fitted is not None
    add_blocks(owner, [500], vectors(1))
    refit(loaded, first)
    again, second = components(owner, "block"), mean_of(owner, "block")
    assert again is not None
    np.testing.assert_array_equal(again, fitted)
    assert (second.n_items, second.kept_share) == (N + 1, first.kept_share)
    keys = np.stack([key.to_numpy() for _, _, key in owner.execute(KEYS, (second.set_id,))])
    np.testing.assert_allclose(keys, keys_of(fitted, np.vstack([vectors(), vectors(1)])), atol=2e-3)


def test_a_small_set_gets_one_list_and_whole_vectors(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    refit(loaded, mean_of(owner))
    with small_sets_are_fitted(up_to=N):
        refit(loaded, mean_of(owner))
    assert components(owner) is None
    assert mean_of(owner).n_lists == 1
    assert owner.execute(NEAREST).fetchall()[0][1:] == (N - 1, True)


def test_a_set_without_items_is_not_refitted(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    before = mean_of(owner, "block")
    assert not refit(loaded, before)
    assert mean_of(owner, "block") == before


def test_a_set_that_another_process_has_replaced_is_not_refitted(
    loaded: Settings, owner: psycopg.Connection[Any]
) -> None:
    before = mean_of(owner)
    assert refit(loaded, before)
    assert not refit(loaded, before)


def test_progress_ends_with_all_items(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    calls: list[tuple[str, int, int]] = []
    refit(loaded, mean_of(owner), lambda *call: calls.append(call))
    assert calls[-1] == ("tile mean", N, N)


def test_searches_go_on_during_a_refit_and_loads_wait(
    loaded: Settings, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    """The refit pauses when all that it writes is written, before it commits."""
    write_keys = module._write_keys
    answers = []

    def load() -> None:
        with connect(loaded, "etl") as conn:
            make_tile(conn, N)

    def written(conn: psycopg.Connection[Any], *values: Any) -> None:
        write_keys(conn, *values)
        loading.append(pool.submit(load))
        wait_until_blocked(conn, 1)
        answers.append(owner.execute(NEAREST).fetchall())

    monkeypatch.setattr(module, "_write_keys", written)
    loading: list[Any] = []
    before = owner.execute(NEAREST).fetchall()
    with ThreadPoolExecutor() as pool:
        assert refit(loaded, mean_of(owner))
        loading[0].result()
    assert answers == [before]
    assert mean_of(owner).n_items == N + 1


@pytest.mark.parametrize("change", ["DELETE FROM terrakin.tiles WHERE tile_id = 7", CHANGE])
def test_a_tile_changed_during_a_refit_has_no_outdated_key_afterwards(
    loaded: Settings, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch, change: str
) -> None:
    write_keys = module._write_keys
    values = (Vector(vectors()[0]),) if change is CHANGE else ()

    def change_tile() -> None:
        with connect(loaded, "etl") as conn:
            conn.execute(change, values)  # type: ignore[call-overload]

    def written(conn: psycopg.Connection[Any], *arguments: Any) -> None:
        write_keys(conn, *arguments)
        changing.append(pool.submit(change_tile))
        wait_until_blocked(conn, 1)

    monkeypatch.setattr(module, "_write_keys", written)
    changing: list[Any] = []
    with ThreadPoolExecutor() as pool:
        refit(loaded, mean_of(owner))
        changing[0].result()
    assert 7 not in [row[0] for row in owner.execute(KEYS, (set_id(owner),))]


def test_a_refit_waits_for_a_load_and_includes_it(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    with connect(loaded, "etl") as loading, ThreadPoolExecutor() as pool:
        make_tile(loading, N)
        refitting = pool.submit(refit, loaded, mean_of(owner))
        wait_until_blocked(loading, 1)
        loading.commit()
        assert refitting.result()
    assert mean_of(owner).n_items == N + 1


@pytest.mark.usefixtures("interruptible")
def test_an_interrupted_refit_leaves_nothing_behind(
    loaded: Settings, owner: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    before, n_partitions = mean_of(owner), owner.execute(PARTITIONS).fetchone()
    write_keys = module._write_keys

    def interrupted(conn: psycopg.Connection[Any], *arguments: Any) -> None:
        write_keys(conn, *arguments)
        os.kill(os.getpid(), signal.SIGINT)

    monkeypatch.setattr(module, "_write_keys", interrupted)
    with pytest.raises(KeyboardInterrupt):
        refit(loaded, before)
    assert mean_of(owner) == before
    assert owner.execute(PARTITIONS).fetchone() == n_partitions


def test_a_superseded_set_is_dropped_with_all_that_belongs_to_it(
    loaded: Settings, owner: psycopg.Connection[Any]
) -> None:
    before, n_partitions = set_id(owner), owner.execute(PARTITIONS).fetchone()
    refit(loaded, mean_of(owner))
    assert owner.execute(KEYS, (before,)).fetchone() is not None
    drop_superseded(owner)
    assert owner.execute(PARTITIONS).fetchone() == n_partitions
    assert owner.execute("SELECT FROM terrakin.embedding_lists WHERE set_id = %s", (before,)).fetchone() is None
    assert owner.execute("SELECT FROM terrakin.embedding_sets WHERE NOT is_current").fetchone() is None


def test_a_drop_that_was_interrupted_is_finished_by_the_next(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    n_partitions = owner.execute(PARTITIONS).fetchone()
    refit(loaded, mean_of(owner))
    with connect(loaded) as reading:
        reading.execute(NEAREST)
        owner.execute("SET lock_timeout = '50ms'")
        with pytest.raises(psycopg.errors.LockNotAvailable):
            drop_superseded(owner)
    assert owner.execute(NEAREST).fetchall()
    drop_superseded(owner)
    assert owner.execute(PARTITIONS).fetchone() == n_partitions


def test_the_new_set_has_the_structure_of_the_old_one(loaded: Settings, owner: psycopg.Connection[Any]) -> None:
    structure = """
        SELECT a.attname, a.attstorage, format_type(a.atttypid, a.atttypmod), a.attnotnull,
            col_description(a.attrelid, a.attnum)
        FROM pg_attribute AS a WHERE a.attrelid = %s::regclass AND a.attnum > 0 ORDER BY a.attnum
    """
    indexes = """
        SELECT regexp_replace(regexp_replace(indexdef, 'INDEX \\S+', ''), 'embedding_keys_\\d+', '')
        FROM pg_indexes WHERE tablename = %s ORDER BY 1
    """
    refit(loaded, mean_of(owner))
    old, new = f"embedding_keys_{mean_of(owner, 'block').set_id}", f"embedding_keys_{set_id(owner)}"
    for query, prefix in ((structure, "terrakin."), (indexes, "")):
        expected, found = (owner.execute(query, (prefix + name,)).fetchall() for name in (old, new))  # type: ignore[call-overload]
        assert [row[:4] for row in found] == [row[:4] for row in expected]
