"""``terrakin.tile_neighbours``: computed exactly, used only while up to date, and correct under every filter."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from db.connect import connect
from db.neighbours import N_NEIGHBOURS, build_neighbours
from db.settings import Settings
from tests.builders.world import World, build_world
from tests.sql.test_similar_tiles import brute_force, filters
from tests.sql.test_similar_tiles import search as search_rows

N_TILES = 420
COPY = """
    UPDATE terrakin.tiles SET embedding_mean = (SELECT q.embedding_mean FROM terrakin.tiles AS q WHERE q.tile_id = %s)
    WHERE tile_id = ANY (%s)
"""
HOW = "SELECT tile_id, found_by, candidates FROM api.similar_tiles(%s, k => %s)"


@pytest.fixture
def owner(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    with connect(database, autocommit=True) as conn:
        yield conn


@pytest.fixture
def world(owner: psycopg.Connection[Any]) -> World:
    with owner.transaction():
        world = build_world(owner, N_TILES, 8, seed=5)
    build_neighbours(owner)
    return world


def ids(conn: psycopg.Connection[Any], tile_id: int, k: int = 20) -> tuple[list[int], set[str]]:
    rows = conn.execute(HOW, (tile_id, k)).fetchall()
    return [row[0] for row in rows], {row[1] for row in rows}


def test_neighbours_are_the_most_similar_tiles_of_other_cities(owner: psycopg.Connection[Any], world: World) -> None:
    kept = dict(owner.execute("SELECT tile_id, neighbour_tile_ids FROM terrakin.tile_neighbours").fetchall())
    assert set(kept) == set(world.tile_ids.tolist())
    for row in range(0, N_TILES, 60):
        truth = [t[1] for t in brute_force(world, row, k=N_NEIGHBOURS)]
        similarity = dict(zip(world.tile_ids.tolist(), world.similarity(row, "mean"), strict=True))
        own = kept[int(world.tile_ids[row])]
        assert not set(own) & set(world.tile_ids[world.city_ids == world.city_ids[row]].tolist())
        np.testing.assert_allclose([similarity[tile_id] for tile_id in own], truth, atol=2e-6)


def test_the_default_search_uses_them(owner: psycopg.Connection[Any], world: World) -> None:
    rows = owner.execute(HOW, (int(world.tile_ids[0]), 20)).fetchall()
    assert [row[0] for row in rows] == [t[0] for t in brute_force(world, 0)]
    assert {row[1:] for row in rows} == {("neighbours", 28)}


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(row=st.integers(0, N_TILES - 1), arguments=filters)
def test_with_neighbours_every_filter_answers_like_brute_force(
    owner: psycopg.Connection[Any], world: World, row: int, arguments: dict
) -> None:
    answer = search_rows(owner, world, row, **arguments)
    truth = brute_force(world, row, **arguments)
    # Similarities that agree to seven decimals may be in either order: PostgreSQL and NumPy sum float32 differently.
    np.testing.assert_allclose([a[3] for a in answer], [t[1] for t in truth], atol=1e-6)
    similarity = dict(zip(world.tile_ids.tolist(), world.similarity(row, arguments.get("method", "mean")), strict=True))
    np.testing.assert_allclose([a[3] for a in answer], [similarity[a[1]] for a in answer], atol=1e-6)


@pytest.mark.parametrize(("n_copies", "how"), [(240, "exact"), (200, "neighbours")])
def test_neighbours_of_another_origin_are_passed_over(owner: psycopg.Connection[Any], n_copies: int, how: str) -> None:
    """With 240 synthetic copies of a real tile, all of its neighbours are synthetic."""
    with owner.transaction():
        world = build_world(owner, 1_400, 28, seed=5, n_real=22)
        row = int(np.flatnonzero(~world.is_synthetic)[0])
        tile_id, copies = int(world.tile_ids[row]), world.tile_ids[world.is_synthetic][:n_copies].tolist()
        owner.execute(COPY, (tile_id, copies))
    build_neighbours(owner, tile_ids=[tile_id])
    for arguments in ({}, {"max_per_city": 2}, {"origin": "real", "exclude_within_m": 3_000_000.0}):
        answer = search_rows(owner, world, row, **arguments)
        truth = brute_force(world, row, **arguments)
        np.testing.assert_allclose([a[3] for a in answer], [t[1] for t in truth], atol=1e-6)
        assert not world.is_synthetic[np.isin(world.tile_ids, [a[1] for a in answer])].any()
    assert ids(owner, tile_id)[1] == {how}
    assert {a[1] for a in search_rows(owner, world, row, origin="synthetic")} <= set(copies)


def test_a_new_tile_is_found_at_once(owner: psycopg.Connection[Any], world: World) -> None:
    query, copy_of = int(world.tile_ids[0]), 9_999_999
    other_city = int(world.city_ids[np.flatnonzero(world.city_ids != world.city_ids[0])[0]])
    owner.execute(
        "INSERT INTO terrakin.tiles (tile_id, city_id, composite_id, period, footprint, location, valid_share, "
        "embedding_mean, embedding_dominant, dominant_share) SELECT %s, %s, composite_id, period, footprint, location, "
        "1, embedding_mean, embedding_dominant, 0.5 FROM terrakin.tiles WHERE tile_id = %s",
        (copy_of, other_city, query),
    )
    found, how = ids(owner, query)
    assert (found[0], how) == (copy_of, {"exact"})
    assert build_neighbours(owner) == N_TILES + 1
    found, how = ids(owner, query)
    assert (found[0], how) == (copy_of, {"neighbours"})


@pytest.mark.parametrize(
    ("change", "holds"),
    [
        ("UPDATE terrakin.tiles SET embedding_mean = embedding_dominant", False),
        ("UPDATE terrakin.tiles SET city_id = city_id", False),
        ("UPDATE terrakin.tiles SET umap_x = 1", True),
        ("DELETE FROM terrakin.tiles WHERE tile_id = (SELECT max(tile_id) FROM terrakin.tiles)", True),
    ],
)
def test_they_are_used_only_while_vectors_and_cities_are_unchanged(
    owner: psycopg.Connection[Any], world: World, change: str, holds: bool
) -> None:
    owner.execute(change)
    found, how = ids(owner, int(world.tile_ids.min()))
    assert how == ({"neighbours"} if holds else {"exact"})
    assert len(found) == 20
    assert build_neighbours(owner) == (0 if holds else N_TILES)


def test_deleted_tiles_are_never_found(owner: psycopg.Connection[Any], world: World) -> None:
    query = int(world.tile_ids[0])
    gone, _ = ids(owner, query, k=5)
    owner.execute("DELETE FROM terrakin.tiles WHERE tile_id = ANY (%s)", (gone,))
    found, how = ids(owner, query)
    assert found == [t[0] for t in brute_force(world, 0, k=25)][5:]
    assert how == {"neighbours"}


def test_a_killed_run_resumes_after_its_last_block(
    owner: psycopg.Connection[Any], world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    class KilledError(Exception):
        pass

    def kill(name: str, done: int, total: int) -> None:
        raise KilledError

    monkeypatch.setattr("db.neighbours.BATCH_BYTES", 4 * N_TILES * 100)
    owner.execute("DELETE FROM terrakin.tile_neighbours")
    with pytest.raises(KilledError):
        build_neighbours(owner, kill)
    assert owner.execute("SELECT count(*) FROM terrakin.tile_neighbours").fetchone() == (100,)
    assert build_neighbours(owner) == N_TILES - 100


def test_a_change_of_tiles_during_a_run_stops_it(
    owner: psycopg.Connection[Any], world: World, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    def change(name: str, done: int, total: int) -> None:
        with connect(database) as other:
            other.execute("UPDATE terrakin.tiles SET city_id = city_id WHERE tile_id = %s", (int(world.tile_ids[0]),))

    monkeypatch.setattr("db.neighbours.BATCH_BYTES", 4 * N_TILES * 100)
    owner.execute("DELETE FROM terrakin.tile_neighbours")
    assert build_neighbours(owner, change) == 100
    assert build_neighbours(owner) == N_TILES


def test_a_tile_deleted_during_a_run_is_left_out(
    owner: psycopg.Connection[Any], world: World, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    last = owner.execute("SELECT tile_id FROM terrakin.tiles ORDER BY city_id DESC, tile_id DESC LIMIT 1").fetchone()

    def delete(name: str, done: int, total: int) -> None:
        with connect(database) as other:
            other.execute("DELETE FROM terrakin.tiles WHERE tile_id = %s", last)

    monkeypatch.setattr("db.neighbours.BATCH_BYTES", 4 * N_TILES * 100)
    owner.execute("DELETE FROM terrakin.tile_neighbours")
    build_neighbours(owner, delete)
    assert owner.execute("SELECT count(*) FROM terrakin.tile_neighbours").fetchone() == (N_TILES - 1,)


def test_of_two_runs_at_once_only_one_computes(
    owner: psycopg.Connection[Any], world: World, monkeypatch: pytest.MonkeyPatch, database: Settings
) -> None:
    def run() -> int:
        with connect(database, autocommit=True) as conn:
            return build_neighbours(conn)

    monkeypatch.setattr("db.neighbours.BATCH_BYTES", 4 * N_TILES * 20)
    owner.execute("DELETE FROM terrakin.tile_neighbours")
    with ThreadPoolExecutor(2) as pool:
        counts = [future.result() for future in [pool.submit(run), pool.submit(run)]]
    assert sorted(counts) == [0, N_TILES]


def test_a_zero_vector_has_no_neighbours_and_is_nobodys_neighbour(owner: psycopg.Connection[Any], world: World) -> None:
    zero = int(world.tile_ids[3])
    owner.execute(
        "UPDATE terrakin.tiles SET embedding_mean = array_fill(0::real, ARRAY[768])::vector WHERE tile_id = %s", (zero,)
    )
    assert build_neighbours(owner) == N_TILES - 1
    named = owner.execute(
        "SELECT count(*) FROM terrakin.tile_neighbours WHERE %s = ANY (neighbour_tile_ids)", (zero,)
    ).fetchone()
    assert named == (0,)


def test_tiles_of_a_single_city_have_no_neighbours(owner: psycopg.Connection[Any], world: World) -> None:
    owner.execute("DELETE FROM terrakin.tiles WHERE city_id <> 1")
    owner.execute("UPDATE terrakin.tiles SET city_id = 1")
    assert build_neighbours(owner) > 0
    assert owner.execute("SELECT DISTINCT neighbour_tile_ids FROM terrakin.tile_neighbours").fetchall() == [([],)]


def test_without_the_trigger_no_neighbours_are_computed(owner: psycopg.Connection[Any], world: World) -> None:
    owner.execute("DELETE FROM terrakin.tile_neighbours")
    owner.execute("ALTER TABLE terrakin.tiles DISABLE TRIGGER count_tiles_version")
    assert build_neighbours(owner) == 0
