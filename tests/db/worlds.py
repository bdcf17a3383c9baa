"""A filled database, and the answers to searches of all its tiles."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psycopg

from db.connect import connect
from db.settings import Settings
from tests.builders.lists import split_into_lists
from tests.builders.world import build_world
from tests.conftest import cloned_database

ENCODER = """
    INSERT INTO terrakin.encoder (name, weights, weights_sha256, dimension, post_processing, fitted_at)
    VALUES ('mosaiks', 'random', repeat('ab', 32), 768, '{"method": "raw", "mean": [], "std": []}', now())
"""
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
N_TILES = 12


@contextmanager
def filled_database(server_home: Path, home: Path, *, with_lists: bool = True) -> Iterator[Settings]:
    """Yield a database of twelve tiles; with lists, a search by block reads some of them."""
    with cloned_database(server_home) as url:
        settings = Settings(home, database_url=url)
        with connect(settings) as conn:
            build_world(conn, N_TILES, 4, seed=21, with_blocks=True)
            if with_lists:
                split_into_lists(conn, n_lists=40, max_compared=60)
            conn.execute(ENCODER)
        yield settings


def answers(settings: Settings) -> list[tuple[Any, ...]]:
    """Return the five best matches of every tile and of one block of each."""
    with psycopg.connect(str(settings.database_url)) as conn:
        rows = conn.execute(ANSWERS).fetchall()
    assert len(rows) == N_TILES * 10
    return rows
