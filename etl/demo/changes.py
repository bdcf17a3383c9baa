"""What is built in the synthetic towns between the two periods of the demo: known blocks, which must be found."""

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from etl.cities.grid import PATCH_PX, Cell
from etl.demo.forms import Map, Style, draw
from etl.demo.materials import number
from etl.demo.towns import Form, Town

Kind = Literal["estate", "filled_gap", "basin"]
KINDS: tuple[Kind, ...] = get_args(Kind)
"""A field becomes an estate, a gap is filled with a dense quarter, a basin is dug."""
PLACES: dict[Kind, tuple[Form, ...]] = {
    "estate": ("farmland",),
    "filled_gap": ("suburb", "estate", "park"),
    "basin": ("grid_centre", "old_centre", "coast"),
}
"""Forms of the tiles in which a kind of change happens."""
N_EACH = 8
"""Changed blocks of each kind in a town: 24 of the 784 blocks of 16 tiles."""
BLOCK_PX = 2 * PATCH_PX
BLOCKS_PER_SIDE = 7
QUAY_PX = 3


@dataclass(frozen=True)
class ChangedBlock:
    """A block that changes: its tile, and its place in it, counted from the north-west."""

    cell: Cell
    row: int
    col: int
    kind: Kind


def changed_blocks(town: Town, seed: int) -> list[ChangedBlock]:
    """Return the blocks of a town that change, none twice, at most 5 % of all; equal arguments give equal blocks."""
    rng = np.random.default_rng([seed, town.geonames_id, 1])
    cells = town.cells()
    n_each = min(N_EACH, len(cells) * BLOCKS_PER_SIDE**2 // (20 * len(KINDS)))
    found = []
    for kind in KINDS:
        places = [
            (cell, row, col)
            for cell, form in cells.items()
            if form in PLACES[kind]
            for row in range(BLOCKS_PER_SIDE)
            for col in range(BLOCKS_PER_SIDE)
        ]
        chosen = rng.choice(len(places), min(n_each, len(places)), replace=False)
        for i in sorted(chosen.tolist()):
            cell, row, col = places[i]
            found.append(ChangedBlock(cell, row, col, kind))
    return found


def build(kind: Kind, style: Style, rng: np.random.Generator) -> Map:
    """Return the materials (32, 32) of a block after it has changed."""
    if kind == "basin":
        block = np.full((BLOCK_PX, BLOCK_PX), number("concrete"), np.uint8)
        block[QUAY_PX:-QUAY_PX, QUAY_PX:-QUAY_PX] = number("turbid_water")
        return block
    form: Form = "estate" if kind == "estate" else "grid_centre"
    y, x = rng.integers(0, BLOCKS_PER_SIDE, 2) * BLOCK_PX
    return draw(form, style, rng)[y : y + BLOCK_PX, x : x + BLOCK_PX]
