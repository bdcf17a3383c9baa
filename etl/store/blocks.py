"""Blocks: writing the keys of one city's blocks."""

from dataclasses import dataclass
from typing import Any

import numpy as np
import psycopg

from db.embedding_sets.store import Items, read_set, write_keys
from etl.cities.blocks import block_centres


@dataclass(frozen=True)
class CityBlocks:
    """The blocks of one city's tiles.

    Attributes:
        block_ids: (n,) int64.
        valid_share: (n,) float32, share of valid pixels.
        vectors: (n, dimension) float.
    """

    block_ids: np.ndarray
    valid_share: np.ndarray
    vectors: np.ndarray


def write_block_keys(conn: psycopg.Connection[Any], city_id: int, blocks: CityBlocks) -> None:
    """Add the keys of a city's blocks, in the transaction that writes their tiles."""
    n = len(blocks.block_ids)
    if not n:
        return
    centres = block_centres(blocks.block_ids)
    items = Items(blocks.block_ids, np.full(n, city_id), blocks.valid_share, centres, blocks.vectors)
    write_keys(conn, read_set(conn, "block", "mean"), items)
