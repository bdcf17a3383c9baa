"""Examples for the report: blocks, and the five most similar blocks of other chips."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from etl.evaluation.dataset import SEED
from etl.evaluation.real.samples.blocks import BlockPlaces
from etl.evaluation.real.samples.chips import BLOCK_PX, RealChip
from etl.vectors.unit import unit_vectors

N_EXAMPLES, N_MATCHES = 10, 5


@dataclass(frozen=True)
class Block:
    """The pixels (12, 32, 32) uint16 of one block, and the name of its place or its label."""

    name: str
    pixels: np.ndarray


@dataclass(frozen=True)
class Example:
    """A block, and the blocks of other chips most similar to it, the first first."""

    query: Block
    matches: Sequence[Block]


def cut_block(chips: Sequence[RealChip], places: BlockPlaces, i: int) -> Block:
    """Return the i-th block with its pixels."""
    chip = chips[places.chip[i]]
    y, x = BLOCK_PX * int(places.row[i]), BLOCK_PX * int(places.col[i])
    return Block(chip.name, chip.pixels[:, y : y + BLOCK_PX, x : x + BLOCK_PX])


def middle_row(places: BlockPlaces, chip: int) -> int:
    """Return the number of the block in the middle of a chip."""
    rows = np.flatnonzero(places.chip == chip)
    return int(rows[len(rows) // 2])


def real_examples(chips: Sequence[RealChip], places: BlockPlaces, vectors: np.ndarray) -> list[Example]:
    """Return the blocks in the middle of random chips, always the same ones, with their matches."""
    known = np.unique(places.chip)
    chosen = np.sort(np.random.default_rng(SEED).permutation(known)[:N_EXAMPLES])
    found = []
    for chip in chosen:
        i = middle_row(places, chip)
        matches = _matches(chips, places, vectors, vectors[i], places.chip != chip)
        found.append(Example(cut_block(chips, places, i), matches))
    return found


def labelled_examples(
    labelled: Sequence[Block], labelled_vectors: np.ndarray, chips: Sequence[RealChip], places: BlockPlaces,
    vectors: np.ndarray,
) -> list[Example]:  # fmt: skip
    """Return labelled blocks with their matches among the real chips."""
    anywhere = np.ones(len(vectors), bool)
    return [
        Example(block, _matches(chips, places, vectors, vector, anywhere))
        for block, vector in zip(labelled, labelled_vectors, strict=True)
    ]


def _matches(
    chips: Sequence[RealChip], places: BlockPlaces, vectors: np.ndarray, query: np.ndarray, may_match: np.ndarray
) -> list[Block]:
    similarity = np.where(may_match, unit_vectors(vectors) @ unit_vectors(query[None])[0], -np.inf)
    return [cut_block(chips, places, int(i)) for i in np.argsort(-similarity)[:N_MATCHES]]
