"""Block vectors, compared with a plain loop over patches."""

from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from etl.vectors.bias.block_positions import BlockPositions
from etl.vectors.blocks import MIN_BLOCK_VALID_SHARE, block_vectors, by_block
from etl.vectors.post_processing import PostProcessing

N_TILES, SIDE, DIMENSION = 3, 14, 5
RNG = np.random.default_rng(11)
PROCESSING = PostProcessing(
    "standardised", RNG.normal(size=DIMENSION).astype(np.float32), RNG.uniform(0.5, 2, DIMENSION).astype(np.float32),
    excluded_dimensions=(3,),
)  # fmt: skip


def make_patches(seed: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return patches, validity and share of valid pixels; patches that are not valid must not be read."""
    rng = np.random.default_rng(seed)
    patches = rng.normal(size=(N_TILES, SIDE**2, DIMENSION)).astype(np.float16)
    share = rng.choice([0, 0.4, 0.5, 0.9, 1], p=[0.05, 0.1, 0.1, 0.25, 0.5], size=(N_TILES, SIDE**2))
    is_valid = share >= 0.5
    patches[~is_valid] = np.nan
    return patches, is_valid, share.astype(np.float32)


@settings(max_examples=20)
@given(seed=st.integers(0, 10_000))
def test_a_block_is_the_mean_of_its_valid_post_processed_patches(seed: int) -> None:
    patches, is_valid, share = make_patches(seed)
    done = PROCESSING.apply(patches)
    expected = []
    for tile in range(N_TILES):
        for number in range(49):
            row, col = 2 * (number // 7), 2 * (number % 7)
            four = [SIDE * y + x for y in (row, row + 1) for x in (col, col + 1)]
            block_share = share[tile, four].astype(np.float64).mean()
            if block_share > MIN_BLOCK_VALID_SHARE - 1e-6:
                used = [i for i in four if is_valid[tile, i]]
                assert len(used) >= 3
                expected.append((tile, number, block_share, done[tile, used].mean(axis=0)))
    found = block_vectors(patches, is_valid, share, PROCESSING)
    tiles, numbers, shares, vectors = zip(*expected, strict=True)
    assert found.tile.tolist() == list(tiles)
    assert found.number.tolist() == list(numbers)
    np.testing.assert_allclose(found.valid_share, shares, rtol=1e-6)
    np.testing.assert_allclose(found.embedding, vectors, atol=2e-5)
    assert found.embedding.dtype == np.float32


def test_a_block_with_three_quarters_of_its_pixels_counts_and_one_with_less_does_not() -> None:
    share = np.zeros((1, SIDE**2), np.float32)
    by_number = by_block(np.arange(SIDE**2)[None])[0]
    share[0, by_number[8]] = [1, 1, 1, 0]
    share[0, by_number[9]] = [1, 1, 255 / 256, 0]
    found = block_vectors(np.ones((1, SIDE**2, DIMENSION)), share >= 0.5, share, PROCESSING)
    assert found.number.tolist() == [8]
    assert found.valid_share.tolist() == [0.75]


def test_a_chip_of_8_by_8_patches_gives_16_blocks() -> None:
    share = np.zeros((1, SIDE, SIDE), np.float32)
    share[:, :8, :8] = 1
    share = share.reshape(1, -1)
    found = block_vectors(np.ones((1, SIDE**2, DIMENSION)), share >= 0.5, share, PROCESSING)
    assert found.number.tolist() == [7 * row + col for row in range(4) for col in range(4)]


def test_a_tile_whose_valid_pixels_are_scattered_gives_no_block() -> None:
    share = np.full((1, SIDE**2), 0.6, np.float32)
    found = block_vectors(np.ones((1, SIDE**2, DIMENSION)), share >= 0.5, share, PROCESSING)
    assert found.embedding.shape == (0, DIMENSION)


def test_block_positions_are_subtracted_after_post_processing() -> None:
    patches, is_valid, share = make_patches(3)
    rows, cols = RNG.normal(size=(2, 7, DIMENSION)).astype(np.float32)
    plain = block_vectors(patches, is_valid, share, PROCESSING)
    found = block_vectors(patches, is_valid, share, replace(PROCESSING, block_positions=BlockPositions(rows, cols)))
    expected = plain.embedding - rows[plain.number // 7] - cols[plain.number % 7]
    np.testing.assert_allclose(found.embedding, expected, atol=1e-5)
