from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from benchmarks.search.clients import measure_together
from benchmarks.search.engines import Engine
from benchmarks.search.filling import fill_postgres
from benchmarks.search.items import Items, tiles_of
from benchmarks.search.measuring import measure
from benchmarks.search.peers import Build, build_peer
from benchmarks.search.questions import Question, truths
from benchmarks.world import build_world
from db.settings import Settings
from tests.conftest import cloned_database

N_TILES, LONG_S, SHORT_S = 1_000, 600, 0.001
QUESTION = Question("50 km", exclude_within_m=50_000)
ROWS = [1, 300, 900]


@pytest.fixture(scope="module")
def filled(server_home: Path) -> Iterator[tuple[Settings, Items]]:
    world = build_world(Path("none"), N_TILES, 0.57)
    with cloned_database(server_home) as url:
        settings = Settings(server_home, database_url=url)
        fill_postgres(world, settings)
        yield settings, tiles_of(world)


def built(name: str, filled: tuple[Settings, Items], folder: Path, limit_s: float) -> tuple[list[Engine], list[str]]:
    settings, items = filled
    told: list[str] = []
    return build_peer(name, items, Build(settings, folder, limit_s), told.append), told


def recall(engine: Engine, items: Items) -> float:
    line = measure(engine, QUESTION, ROWS, truths(items, ROWS, [QUESTION])[0], rounds=1)
    assert line
    assert (line.short, line.rows) == (0, 20)
    return line.recall


@pytest.mark.parametrize(("name", "needs"), [("ivfflat", None), ("faiss", "faiss"), ("qdrant", "qdrant_edge")])
def test_a_peer_finds_what_brute_force_finds(
    name: str, needs: str | None, filled: tuple[Settings, Items], tmp_path: Path
) -> None:
    if needs:
        pytest.importorskip(needs, reason="not installed: pip install '.[bench]'")
    engines, told = built(name, filled, tmp_path, LONG_S)
    assert told == []
    assert min(recall(engine, filled[1]) for engine in engines) > 0.9
    assert min(engine.insert_s for engine in engines) > 0
    for engine in engines:
        engine.close()


@pytest.mark.parametrize(("name", "needs"), [("hnsw", None), ("faiss", "faiss"), ("lancedb", "lancedb")])
def test_a_peer_that_is_not_built_within_the_limit_is_skipped(
    name: str, needs: str | None, filled: tuple[Settings, Items], tmp_path: Path
) -> None:
    if needs:
        pytest.importorskip(needs, reason="not installed: pip install '.[bench]'")
    engines, told = built(name, filled, tmp_path, SHORT_S)
    assert engines == []
    assert len(told) == 1


def test_qdrant_without_its_graph_searches_exactly(filled: tuple[Settings, Items], tmp_path: Path) -> None:
    pytest.importorskip("qdrant_edge", reason="not installed: pip install '.[bench]'")
    engines, told = built("qdrant", filled, tmp_path, SHORT_S)
    assert [engine.name for engine in engines] == ["Qdrant exact"]
    assert len(told) == 1
    assert recall(engines[0], filled[1]) == 1


def test_vectorchord_is_skipped_without_its_files(filled: tuple[Settings, Items], tmp_path: Path) -> None:
    engines, told = built("vectorchord", filled, tmp_path, LONG_S)
    assert engines == []
    assert len(told) == 1


def test_every_row_is_asked_by_several_clients(filled: tuple[Settings, Items]) -> None:
    asked: list[int] = []

    class Recorder:
        name, build_s, insert_s, index_mib = "recorder", 0.0, 0.0, 0.0

        def ask(self, row: int, question: Question) -> list[int] | None:
            asked.append(row)
            return []

        def another_client(self) -> Engine:
            return Recorder()

        def close(self) -> None:
            pass

    rows = list(range(10))
    measure_together(Recorder(), QUESTION, rows)
    # Four warm-ups, then three rounds of one client and of four.
    assert np.bincount(asked).tolist() == [4 + 6, *[6] * 9]
