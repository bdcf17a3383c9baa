"""The figures of blocks: vectors in, one value per block out."""

from collections.abc import Iterator, Mapping

import numpy as np

from etl.cities.grid import PATCHES_PER_SIDE
from etl.evaluation.real.samples.blocks import SIDE, BlockPlaces
from etl.evaluation.real.samples.perturbed import CLOUD, GAIN_NAMES, MOVED, SHIFT, UNCHANGED
from etl.metrics.retrieval import rank_of_target
from etl.vectors.unit import unit_vectors

K = 10
OTHER_HALF, GAIN = "other half", "gain"
SAME_POSITION, OTHER_POSITION = "same position", "other position"
POSITIONS = PATCHES_PER_SIDE // SIDE
"""Positions of a block along one side of a tile."""
BLOCK_FIGURES = (OTHER_HALF, GAIN, SHIFT, CLOUD)
POSITION_FIGURES = (OTHER_POSITION, SAME_POSITION)
"""Figures that are no part of the mean of the four: they show whether an encoder encodes the position of a block."""
DATE_RANKS = {"other date R@1": 1, "other date R@5": 5}
WINDOW_RANKS = {"other date and window R@1": 1, "other date and window R@5": 5}
"""Figures of the pair of dates, and the rank up to which the block counts as found."""
N_QUERIES = 256
"""Queries per matrix of similarities."""
Values = dict[str, np.ndarray]


def measure_blocks(vectors: Mapping[str, np.ndarray], rows: Mapping[str, np.ndarray], places: BlockPlaces) -> Values:
    """Return each of BLOCK_FIGURES and POSITION_FIGURES as (n,) float64 in 0..1, NaN where a block is not a query.

    Args:
        vectors: (m, dimension) by name of perturbation; those under UNCHANGED are the candidates.
        rows: (m,) int by name of perturbation, the blocks that these vectors belong to.
        places: of all candidates.
    """
    every, n = vectors[UNCHANGED], len(places.chip)
    first = {
        name: _spread((rank_of_target(vectors[name], every, rows[name]) == 1).astype(float), rows[name], n)
        for name in (*GAIN_NAMES, CLOUD)
    }
    return {
        OTHER_HALF: other_half_share(every, places),
        GAIN: np.mean([first[name] for name in GAIN_NAMES], axis=0),
        SHIFT: _spread(first_overlaps(vectors[SHIFT], every, rows[SHIFT], places), rows[SHIFT], n),
        CLOUD: first[CLOUD],
        OTHER_POSITION: _spread(*first_if_moved(vectors[MOVED], every, rows[MOVED], places), n),
        SAME_POSITION: same_position_share(every, places),
    }


def other_half_share(vectors: np.ndarray, places: BlockPlaces) -> np.ndarray:
    """Return the share of each block's ten nearest that lie in the other half of its chip and are not adjacent."""
    share = np.empty(len(vectors))
    for queries, similarity in _similarities(vectors, vectors):
        similarity[np.arange(len(queries)), queries] = -np.inf
        nearest = np.argpartition(-similarity, K - 1, axis=1)[:, :K]
        share[queries] = np.take_along_axis(is_other_half(places, queries), nearest, axis=1).mean(axis=1)
    return share


def same_position_share(vectors: np.ndarray, places: BlockPlaces) -> np.ndarray:
    """Return the share of each block's ten nearest in other chips that have its position in their tile.

    More than at random is an artefact of position embeddings or windows, not a property of places.
    """
    share = np.empty(len(vectors))
    for queries, similarity in _similarities(vectors, vectors):
        similarity[places.chip[queries, None] == places.chip] = -np.inf
        nearest = np.argpartition(-similarity, K - 1, axis=1)[:, :K]
        share[queries] = np.take_along_axis(_is_same_position(places, queries), nearest, axis=1).mean(axis=1)
    return share


def _is_same_position(places: BlockPlaces, queries: np.ndarray) -> np.ndarray:
    position = places.row % POSITIONS * POSITIONS + places.col % POSITIONS
    is_same: np.ndarray = (position[queries, None] == position) & (places.chip[queries, None] != places.chip)
    return is_same


def is_other_half(places: BlockPlaces, queries: np.ndarray) -> np.ndarray:
    """Return (m, n): whether a block lies in the other half of the query's chip and is not adjacent to it."""
    of = places[queries]
    apart = np.maximum(np.abs(of.row[:, None] - places.row), np.abs(of.col[:, None] - places.col)) > 1
    is_other: np.ndarray = (of.chip[:, None] == places.chip) & (of.half[:, None] != places.half) & apart
    return is_other


def first_overlaps(shifted: np.ndarray, vectors: np.ndarray, rows: np.ndarray, places: BlockPlaces) -> np.ndarray:
    """Return (m,) float: 1 if the nearest block is one of the two that a shifted block overlaps."""
    found = np.empty(len(rows))
    of = places[rows]
    for queries, similarity in _similarities(shifted, vectors):
        nearest = places[similarity.argmax(axis=1)]
        own = of[queries]
        is_near = (nearest.col == own.col) | (nearest.col == own.col + 1)
        found[queries] = (nearest.chip == own.chip) & (nearest.row == own.row) & is_near
    return found


def first_if_moved(
    moved: np.ndarray, vectors: np.ndarray, rows: np.ndarray, places: BlockPlaces
) -> tuple[np.ndarray, np.ndarray]:
    """Compare the blocks of moved chips, each of which has the pixels of the block south-east of it.

    Returns:
        (m,) float, 1 if the block with the same pixels comes first, and (m,) int, the row of that block. Blocks without
        such a one are left out.
    """
    row_of = {place: i for i, place in enumerate(zip(places.chip, places.row, places.col, strict=True))}
    of = places[rows]
    targets = [row_of.get(place, -1) for place in zip(of.chip, of.row + 1, of.col + 1, strict=True)]
    target, is_known = np.array(targets), np.array(targets) >= 0
    ranks = rank_of_target(moved[is_known], vectors, target[is_known])
    return (ranks == 1).astype(float), target[is_known]


def measure_dates(earlier: np.ndarray, later: np.ndarray, figures: Mapping[str, int] = DATE_RANKS) -> Values:
    """Return for each block the share of both directions in which it is among the first of the other date."""
    same = np.arange(len(earlier))
    ranks = np.stack([rank_of_target(earlier, later, same), rank_of_target(later, earlier, same)])
    return {name: (ranks <= most).mean(axis=0) for name, most in figures.items()}


def random_figures(places: BlockPlaces) -> Values:
    """Return what each block gets on average if all candidates are ordered at random."""
    n = len(places.chip)
    parts = np.split(np.arange(n), range(N_QUERIES, n, N_QUERIES))
    other = np.concatenate([is_other_half(places, queries).sum(axis=1) for queries in parts]) / (n - 1)
    position = [
        _is_same_position(places, queries).sum(axis=1) / (places.chip[queries, None] != places.chip).sum(axis=1)
        for queries in parts
    ]
    return {
        OTHER_HALF: other, GAIN: np.full(n, 1 / n), SHIFT: np.full(n, 2 / n), CLOUD: np.full(n, 1 / n),
        OTHER_POSITION: np.full(n, 1 / n), SAME_POSITION: np.concatenate(position),
    }  # fmt: skip


def _similarities(queries: np.ndarray, candidates: np.ndarray) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    unit, others = unit_vectors(queries), unit_vectors(candidates)
    for start in range(0, len(unit), N_QUERIES):
        rows = np.arange(start, min(start + N_QUERIES, len(unit)))
        yield rows, unit[rows] @ others.T


def _spread(values: np.ndarray, rows: np.ndarray, n: int) -> np.ndarray:
    spread = np.full(n, np.nan)
    spread[rows] = values
    return spread
