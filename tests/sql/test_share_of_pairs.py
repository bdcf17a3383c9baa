"""``internal.share_of_pairs`` against NumPy."""

from typing import Any

import numpy as np
import psycopg
import pytest

from db.embedding_sets.basis import unit_vectors
from tests.builders.world import World

SHARE = "SELECT internal.share_of_pairs(%s, %s, %s)"


@pytest.mark.parametrize("method", ["mean", "dominant"])
def test_the_share_of_less_similar_pairs_is_that_of_all_pairs_of_few_tiles(
    module_conn: psycopg.Connection[Any], world: World, method: str
) -> None:
    vectors = unit_vectors(world.vectors[method])
    pairs = (vectors @ vectors.T)[np.triu_indices(len(vectors), 1)]
    middle = float(np.quantile(pairs, 0.9))
    (share,) = module_conn.execute(SHARE, (middle, method, None)).fetchone()  # type: ignore[misc]
    assert share == pytest.approx(0.9, abs=0.05)


def test_no_pair_is_less_similar_than_opposite_vectors(module_conn: psycopg.Connection[Any], world: World) -> None:
    assert module_conn.execute(SHARE, (-1.01, "mean", None)).fetchone() == (0.0,)
    assert module_conn.execute(SHARE, (1.01, "mean", None)).fetchone() == (1.0,)


def test_without_tiles_the_share_is_unknown(conn: psycopg.Connection[Any]) -> None:
    assert conn.execute(SHARE, (0.5, "mean", None)).fetchone() == (None,)
