"""The evaluation on real pixels: reading the packed chips and the pair, and galileo_nano on a few of them."""

from pathlib import Path

import numpy as np
import pytest

from etl.cities.grid import PATCH_PX
from etl.encoders.galileo import load_galileo
from etl.encoders.validity import valid_pixels
from etl.evaluation.real.figures import measure_dates
from etl.evaluation.real.methods import vectors_by_method, with_item_texture
from etl.evaluation.real.samples.blocks import block_patches
from etl.evaluation.real.samples.chips import CATALOGUE, RealChip, read_catalogue, read_labelled, read_pair
from etl.evaluation.real.samples.patches import embed_chips
from etl.vectors.post_processing import from_moments, measure_moments

N_BLOCKS = 64
N_PIXELS = 256


@pytest.fixture(scope="module")
def pair(real_data: Path) -> tuple[RealChip, RealChip]:
    return read_pair(real_data)


def test_the_packed_chips_have_no_offset_and_whole_blocks() -> None:
    if not CATALOGUE.is_file():
        pytest.skip("the catalogue of real places is not packed")
    chips = read_catalogue()
    assert len(chips) >= 40
    assert all(size % (2 * PATCH_PX) == 0 for chip in chips for size in chip.pixels.shape[1:])
    # Only ice, snow and sand have no dark pixel in B01 once 1000 is taken off.
    dark = [np.percentile(chip.pixels[0][valid_pixels(chip.pixels)], 0.5) for chip in chips]
    assert np.median(dark) < 700


def test_the_pair_is_one_place_on_two_dates(pair: tuple[RealChip, RealChip]) -> None:
    earlier, later = pair
    assert earlier.pixels.shape == later.pixels.shape == (12, N_PIXELS, N_PIXELS)
    assert (earlier.month, later.month) == (6, 8)
    assert valid_pixels(earlier.pixels).all()
    # Crops change between the dates.
    assert abs(np.corrcoef(earlier.pixels[7].ravel(), later.pixels[7].ravel())[0, 1]) < 0.3


def test_labelled_chips_have_their_labels_and_bands(real_data: Path) -> None:
    chips = {chip.name: chip for chip in read_labelled(real_data)}
    assert {"AnnualCrop", "Pasture", "SeaLake"} < set(chips)
    assert len(chips) == 4
    # Water is darker in B11 than in B02; B8A is next to B08 and not the last band.
    sea = chips["SeaLake"].pixels
    assert sea[10].mean() < sea[1].mean()
    pasture = chips["Pasture"].pixels
    assert pasture[8].mean() == pytest.approx(pasture[7].mean(), rel=0.3)


def test_in_other_windows_galileo_finds_hardly_a_block_on_another_date(pair: tuple[RealChip, RealChip]) -> None:
    encoder = load_galileo()
    earlier, later = embed_chips(encoder, pair, lambda n: None)
    (moved,) = embed_chips(encoder, pair[:1], lambda n: None, first_wins=True)
    moments = measure_moments((chip.vectors for chip in (earlier, later)), with_covariance=False)
    processing = with_item_texture(from_moments(moments, "standardised"), block_patches([earlier, later]))
    vectors = [vectors_by_method(processing, block_patches([chip]))["mean"] for chip in (earlier, moved, later)]
    assert len(vectors[0]) == N_BLOCKS
    same, other = (measure_dates(query, vectors[2])["other date R@5"].mean() for query in vectors[:2])
    assert same > other + 0.2
