"""Changes on real pixels: the season must not hide what was built.

No pair of dates over a growing city is to be had offline. Instead, built-up pixels of Paris, matched in brightness, are
pasted over one block of the later date: INJECTED. The block must come first, before the fields that the season changed.
"""

import itertools
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import psycopg
import pytest
import rasterio

from db.embedding_sets.store import Items, read_set, write_keys
from etl.encoders.encoder import Encoder
from etl.encoders.selection import EncoderChoice, load_encoder
from etl.evaluation.real.samples.blocks import block_patches
from etl.evaluation.real.samples.chips import BLOCK_PX, RealChip, read_catalogue, read_pair
from etl.evaluation.real.samples.patches import embed_chips
from etl.imagery.sentinel2 import BANDS
from tests.builders.rows import TILE, box, make_city, point, tile_values

SIDE = 7
"""Blocks along the side of a tile."""
N_DRAWS = 10
PERIODS = ("[2020-06-01,2020-07-01)", "[2020-08-01,2020-09-01)")
COMPOSITE = """
    INSERT INTO terrakin.composites
        (city_id, period, stac_url, collection, is_synthetic, is_date_known, item_ids, max_cloud_cover, valid_share)
    VALUES (1, %s, 'injected', 'injected', false, true, '{}', 60, 1)
    RETURNING composite_id
"""
TILE_ID = "SELECT api.tile_id(43, false, 1505, 150, %s)"
CHANGES = "SELECT block_id & 63, change, score FROM api.changes(1, %s, %s, k => 49) AS c"
MONTHLY = Path("timeseries") / "worldcereal-monthly" / "worldcereal_preprocessed_inputs.nc"
NEXT_TO = {"B01": "B02", "B8A": "B08", "B09": "B08"}
"""Bands that the monthly series lacks, and the nearest ones, which stand for them on all dates."""
FIRST_MONTH, UNDECLARED_NODATA = 11, 65535
"""Of the monthly series: November, and the value of months without any optical image."""


@dataclass(frozen=True)
class Ranks:
    """Ranks of the injected block in each draw, 1 being the first, by three measures."""

    changes: list[int]
    cosine: list[int]
    bands: list[int]

    def line(self, name: str) -> str:
        first = [sum(rank == 1 for rank in ranks) for ranks in (self.changes, self.cosine, self.bands)]
        n = len(self.changes)
        return (
            f"{name}, INJECTED, ranked first in {n} draws: api.changes {first[0]}, plain cosine {first[1]}, "
            f"mean band difference {first[2]}"
        )


@pytest.fixture(scope="module")
def encoder() -> Encoder:
    found = load_encoder(EncoderChoice("galileo_nano", "hub"))
    assert found
    return found


@pytest.fixture(scope="module")
def catalogue() -> list[RealChip]:
    return [chip for chip in read_catalogue() if min(chip.pixels.shape[1:]) >= 224]


@pytest.fixture(scope="module")
def mean(encoder: Encoder, catalogue: list[RealChip]) -> np.ndarray:
    """The mean vector of blocks of real places, which post-processing takes away."""
    return np.concatenate([vectors(encoder, chip) for chip in catalogue[::3]]).mean(axis=0)


@pytest.fixture(scope="module")
def city(module_conn: psycopg.Connection[Any]) -> Iterator[tuple[psycopg.Connection[Any], list[int]]]:
    """A city with one tile in two periods."""
    conn = module_conn
    make_city(conn, 1, name="INJECTED", lon=73.3, lat=30.46, is_synthetic=False)
    tile_ids = []
    for period, month in zip(PERIODS, ("2020-06-01", "2020-08-01"), strict=True):
        (composite_id,) = conn.execute(COMPOSITE, (period,)).fetchone() or (0,)
        (tile_id,) = conn.execute(TILE_ID, (month,)).fetchone() or (0,)
        place = (box(73.3, 30.46, 0.01), point(73.3, 30.46), np.ones(768))
        conn.execute(TILE, tile_values(tile_id, 1, composite_id, *place) | {"period": period})
        tile_ids.append(tile_id)
    return conn, tile_ids


def vectors(encoder: Encoder, chip: RealChip) -> np.ndarray:
    """Return the mean vector of each block, row by row."""
    return np.asarray(
        block_patches(embed_chips(encoder, [chip], lambda _: None)).vectors.astype(np.float32).mean(axis=1)
    )


def built_up(catalogue: list[RealChip]) -> list[np.ndarray]:
    """Return the blocks (12, 32, 32) of Paris with little green and much contrast."""
    (paris,) = [chip for chip in catalogue if chip.name.startswith("Paris")]
    found = []
    for pixels in blocks(paris.pixels):
        red, infrared = pixels[3].astype(float), pixels[7].astype(float)
        if np.median((infrared - red) / (infrared + red + 1)) < 0.25 and red.std() / red.mean() > 0.25:
            found.append(pixels)
    return found


def blocks(pixels: np.ndarray) -> np.ndarray:
    """Return pixels (12, height, width) as blocks (n, 12, 32, 32), row by row."""
    rows, cols = (size // BLOCK_PX for size in pixels.shape[1:])
    parts = pixels[:, : rows * BLOCK_PX, : cols * BLOCK_PX].reshape(12, rows, BLOCK_PX, cols, BLOCK_PX)
    return parts.transpose(1, 3, 0, 2, 4).reshape(rows * cols, 12, BLOCK_PX, BLOCK_PX)


def injected(chip: RealChip, number: int, pasted: np.ndarray) -> RealChip:
    """Return a chip with pixels pasted over one block, as bright as the block was."""
    pixels = chip.pixels.copy()
    row, col = divmod(number, chip.pixels.shape[2] // BLOCK_PX)
    target = pixels[:, row * BLOCK_PX : (row + 1) * BLOCK_PX, col * BLOCK_PX : (col + 1) * BLOCK_PX]
    target[:] = np.clip(pasted * (target.mean() / pasted.mean()), 1, 65535)
    return replace(chip, pixels=pixels)


def rank_of(number: int, values: np.ndarray) -> int:
    return int((values > values[number]).sum()) + 1


def draw(
    city: tuple[psycopg.Connection[Any], list[int]],
    encoder: Encoder,
    mean: np.ndarray,
    pair: tuple[RealChip, RealChip],
    pasted: list[np.ndarray],
    seed: int,
) -> tuple[int, int, int]:
    """Return the rank of one injected block by api.changes, by plain cosine and by the mean difference of bands."""
    conn, tile_ids = city
    rng = np.random.default_rng(seed)
    side = pair[0].pixels.shape[2] // BLOCK_PX
    number = int(rng.integers(side * side))
    later = injected(pair[1], number, pasted[rng.integers(len(pasted))])
    keys = [vectors(encoder, chip) for chip in (pair[0], later)]
    keys = [v / np.linalg.norm(v, axis=1, keepdims=True) - mean / np.linalg.norm(mean) for v in keys]
    places = np.arange(side * side) // side * SIDE + np.arange(side * side) % side
    with conn.transaction(force_rollback=True):
        for tile_id, v in zip(tile_ids, keys, strict=True):
            n = len(v)
            items = Items((tile_id << 6) + places, np.ones(n, np.int64), np.ones(n), np.tile([73.3, 30.46], (n, 1)), v)
            write_keys(conn, read_set(conn, "block", "mean"), items)
        order = [int(block) for block, _, _ in conn.execute(CHANGES, PERIODS)]
    unit = [v / np.linalg.norm(v, axis=1, keepdims=True) for v in keys]
    difference = np.abs(blocks(later.pixels).astype(float) - blocks(pair[0].pixels)).mean(axis=(1, 2, 3))
    return (
        order.index(places[number]) + 1,
        rank_of(number, -(unit[0] * unit[1]).sum(axis=1)),
        rank_of(number, difference),
    )


def ranks(city: Any, encoder: Encoder, mean: np.ndarray, pairs: list[tuple[RealChip, RealChip]], pasted: Any) -> Ranks:
    found = [draw(city, encoder, mean, pairs[i % len(pairs)], pasted, seed=i) for i in range(N_DRAWS)]
    return Ranks(*map(list, zip(*found, strict=True)))


def cropped(chip: RealChip, side: int) -> RealChip:
    return replace(chip, pixels=np.ascontiguousarray(chip.pixels[:, : side * BLOCK_PX, : side * BLOCK_PX]))


def test_what_was_built_comes_before_what_has_grown(
    real_data: Path, city: Any, encoder: Encoder, mean: np.ndarray, catalogue: list[RealChip]
) -> None:
    earlier, later = (cropped(chip, SIDE) for chip in read_pair(real_data))
    found = ranks(city, encoder, mean, [(earlier, later)], built_up(catalogue))
    print(found.line("fields and villages in the Punjab, June and August"))
    assert sum(rank == 1 for rank in found.changes) >= 8


def test_months_of_fields_do_not_hide_it_either(
    real_data: Path, city: Any, encoder: Encoder, mean: np.ndarray, catalogue: list[RealChip]
) -> None:
    layers = []
    for name in BANDS:
        with rasterio.open(f"netcdf:{real_data / MONTHLY}:S2-L2A-{NEXT_TO.get(name, name)}") as source:
            layers.append(source.read())
    months = [
        RealChip(f"month {i}", pixels, (FIRST_MONTH - 1 + i) % 12 + 1) for i, pixels in enumerate(np.stack(layers, 1))
    ]
    seen = [cropped(chip, 3) for chip in months if (chip.pixels < UNDECLARED_NODATA).all()]
    assert len(seen) == 10
    found = ranks(city, encoder, mean, list(itertools.pairwise(seen)), built_up(catalogue))
    print(found.line("fields in Hesbaye, pairs of months"))
    assert sum(rank == 1 for rank in found.changes) >= 8
