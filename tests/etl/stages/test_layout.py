"""Stage layout: new tiles are placed without moving others, all are laid out again when most tiles are new."""

from collections.abc import Iterator
from contextlib import nullcontext
from types import SimpleNamespace
from typing import Any

import numpy as np
import psycopg
import pytest

from db.connect import connect
from db.settings import Settings
from etl.stages import layout
from etl.stages.layout import is_refit_due, run
from etl.store.layout import LayoutState
from tests.builders import make_city, make_tile

PLACES = "SELECT tile_id, umap_x, umap_y FROM terrakin.tiles ORDER BY tile_id"
PLACED = "SELECT tile_id FROM terrakin.tiles WHERE is_umap_placed ORDER BY tile_id"


def no_bar(*_: Any) -> Any:
    return nullcontext(SimpleNamespace(update=lambda n=1: None))


@pytest.fixture
def committed(database: Settings) -> Iterator[psycopg.Connection[Any]]:
    """The owner's connection to a database of its own."""
    with connect(database) as conn:
        yield conn


def add_tiles(conn: psycopg.Connection[Any], numbers: range) -> None:
    for number in numbers:
        rng = np.random.default_rng(number % 3)
        vector = rng.normal(size=768) + 0.3 * np.random.default_rng(number).normal(size=768)
        make_tile(conn, number, embedding=vector.astype(np.float32))


def version(conn: psycopg.Connection[Any]) -> int:
    (found,) = conn.execute("SELECT layout_version FROM api.umap_layout()").fetchone() or (0,)
    return int(found)


def test_new_tiles_are_placed_and_no_other_moves_until_most_are_new(committed: psycopg.Connection[Any]) -> None:
    conn = committed
    make_city(conn)
    assert run(conn, no_bar) is None
    add_tiles(conn, range(1, 31))
    assert run(conn, no_bar) == "30 tiles laid out"
    first, first_version = conn.execute(PLACES).fetchall(), version(conn)
    assert run(conn, no_bar) is None

    conn.commit()  # changed_at is the time of the transaction
    add_tiles(conn, range(31, 37))
    assert run(conn, no_bar) == "6 tiles placed into the layout of 30"
    places = conn.execute(PLACES).fetchall()
    assert places[:30] == first
    assert [number for (number,) in conn.execute(PLACED)] == list(range(31, 37))
    assert version(conn) != first_version
    assert conn.execute("SELECT method, n_tiles, n_placed FROM terrakin.layouts").fetchall() == [("umap", 30, 6)]
    for number, x, y in places[30:]:
        of_its_kind = np.array([p[1:] for p in first if p[0] % 3 == number % 3])
        assert np.linalg.norm(of_its_kind - [x, y], axis=1).min() < np.ptp(of_its_kind)

    # A position depends on nothing but the fit, so it does not change when tiles are placed again or together.
    conn.execute("UPDATE terrakin.tiles SET umap_x = NULL, umap_y = NULL, is_umap_placed = false WHERE tile_id = 33")
    assert run(conn, no_bar) == "1 tiles placed into the layout of 30"
    np.testing.assert_allclose(conn.execute(PLACES).fetchall(), places, rtol=1e-5)

    add_tiles(conn, range(37, 62))
    assert run(conn, no_bar) == "61 tiles laid out"
    assert conn.execute(PLACED).fetchall() == []
    assert run(conn, no_bar, redo=True) == "61 tiles laid out"


def test_a_large_layout_is_fitted_to_a_sample_and_the_others_are_placed(
    conn: psycopg.Connection[Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(layout, "MAX_FITTED", 20)
    monkeypatch.setattr(layout, "PLACED_AT_A_TIME", 4)
    make_city(conn)
    add_tiles(conn, range(1, 31))
    assert run(conn, no_bar) == "20 tiles laid out, 10 tiles placed into the layout of 20"
    assert len(conn.execute(PLACED).fetchall()) == 10
    assert conn.execute("SELECT n_tiles, n_placed FROM terrakin.layouts").fetchall() == [(20, 10)]
    assert run(conn, no_bar) is None
    add_tiles(conn, range(31, 90))
    assert run(conn, no_bar) == "59 tiles placed into the layout of 20"


@pytest.mark.parametrize(
    ("state", "due"),
    [
        (LayoutState(None, 30, 30, 0), True),
        (LayoutState("pca", 30, 21, 9), True),
        (LayoutState("umap", 20, 10, 10), False),
        (LayoutState("umap", 21, 11, 10), True),
        (LayoutState("umap", 12, 3, 9), True),
        (LayoutState("umap", 489_000, 439_000, 50_000), False),
        (LayoutState("umap", 489_000, 439_001, 49_999), True),
    ],
)
def test_a_refit_is_due_without_umap_and_when_most_tiles_are_new(state: LayoutState, due: bool) -> None:
    assert is_refit_due(state) == due
