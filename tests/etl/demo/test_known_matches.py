"""The demo's known matches rank first with the encoder mosaiks and the aggregation of the ETL."""

import numpy as np
import pytest

from etl.cities.grid import TILE_M, TILE_PX, Cell
from etl.demo.scenes import MARGIN_M, Ground, town_ground
from etl.demo.towns import DEMO_TOWNS, Form
from etl.encoders import mosaiks
from etl.vectors.aggregation import aggregate
from tests.builders import fit_post_processing

N_MATCHES = 5


def chip(ground: Ground, cell: Cell) -> np.ndarray:
    """Return one tile of a town without clouds."""
    x, y = round((cell.col * TILE_M - ground.x) / 10), round((ground.y - (cell.row + 1) * TILE_M) / 10)
    assert min(x, y) >= MARGIN_M // 10
    pixels = ground.reflectance[:, y : y + TILE_PX, x : x + TILE_PX]
    return np.clip(np.rint(pixels), 1, 65535).astype(np.uint16)


@pytest.mark.slow
def test_tiles_of_the_same_form_in_other_towns_rank_first() -> None:
    forms: list[Form] = []
    towns: list[str] = []
    chips = []
    for town in DEMO_TOWNS:
        ground = town_ground(town, 2026)
        for cell, form in town.cells().items():
            chips.append(chip(ground, cell))
            forms.append(form)
            towns.append(town.name)
    encoder = mosaiks.fit(chips, seed=1)
    patches = encoder.embed(np.stack(chips))
    processing = fit_post_processing([patches])
    vectors = aggregate(processing.apply(patches), np.ones(patches.shape[:2], bool)).mean
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    shares: dict[Form, list[float]] = {}
    for i, form in enumerate(forms):
        similarity = np.where(np.array(towns) == towns[i], -2, unit @ unit[i])
        first = np.argsort(-similarity)[:N_MATCHES]
        shares.setdefault(form, []).append(float(np.mean([forms[j] == form for j in first])))
    assert min(shares["harbour"]) == 1
    # Rivers run through old centres, so that the two are often confused.
    assert all(np.mean(values) > 0.9 for form, values in shares.items() if form != "river"), shares
