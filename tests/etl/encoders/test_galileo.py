"""Galileo nano: window and patch geometry, months, missing pixels, and damaged weights files."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from benchmarks.chips import make_chips
from etl.encoders.choices import UNUSED_BANDS
from etl.encoders.galileo import (
    BAND_KEYS,
    BAND_ROWS,
    MODEL,
    MODEL_SHA256,
    GalileoEncoder,
    load_galileo,
    patches_of,
    windows_of,
)
from etl.errors import EncoderError
from etl.imagery.sentinel2 import BANDS


@pytest.fixture(scope="module")
def encoder() -> GalileoEncoder:
    return load_galileo()


@pytest.fixture(scope="module")
def chips() -> np.ndarray:
    return make_chips(2)


def test_a_tile_becomes_196_finite_patches_of_768_numbers(encoder: GalileoEncoder, chips: np.ndarray) -> None:
    vectors = encoder.embed(chips, month=7)
    assert vectors.shape == (2, 196, 768)
    assert vectors.dtype == np.float32
    assert np.isfinite(vectors).all()


def test_a_tile_has_the_same_patches_alone_and_among_others(encoder: GalileoEncoder, chips: np.ndarray) -> None:
    together = encoder.embed(chips, month=7)
    assert np.abs(encoder.embed(chips[1:], month=7) - together[1:]).max() < 1e-5


def test_patches_follow_the_pixels_of_their_window(encoder: GalileoEncoder, chips: np.ndarray) -> None:
    changed = chips[:1].copy()
    changed[..., :56, 168:] = 3000  # the window in the north-east corner
    moved = np.abs(encoder.embed(changed, month=7) - encoder.embed(chips[:1], month=7)).max(axis=-1).reshape(14, 14)
    rows, cols = np.nonzero(moved > 1e-4)
    # A window is 3.5 patches wide, so the patches on its border share tokens with the next window.
    assert (rows.max(), cols.min()) == (3, 10)


def test_windows_are_cut_row_by_row() -> None:
    tile = np.arange(224 * 224).reshape(1, 224, 224)
    windows = windows_of(tile)
    assert windows.shape == (16, 1, 56, 56)
    assert np.array_equal(windows[6, 0], tile[0, 56:112, 112:168])


def test_a_patch_is_the_mean_of_two_by_two_tokens_per_group() -> None:
    tokens = np.random.default_rng(0).normal(size=(16, 294, 128)).astype(np.float32)
    grid = np.empty((28, 28, 768), np.float32)
    for window in range(16):
        row, col = 7 * (window // 4), 7 * (window % 4)
        grid[row : row + 7, col : col + 7] = tokens[window].reshape(7, 7, 768)
    patches = patches_of(tokens).reshape(14, 14, 768)
    for row, col in ((0, 0), (3, 3), (13, 5)):
        expected = grid[2 * row : 2 * row + 2, 2 * col : 2 * col + 2].mean(axis=(0, 1))
        assert np.allclose(patches[row, col], expected, atol=1e-6)


def test_the_month_changes_the_vectors_a_little(encoder: GalileoEncoder, chips: np.ndarray) -> None:
    july, january = (encoder.embed(chips[:1], month).reshape(-1) for month in (7, 1))
    cosine = july @ january / np.linalg.norm(july) / np.linalg.norm(january)
    assert 0.5 < cosine < 1 - 1e-4


@pytest.mark.parametrize("month", [0, 13])
def test_a_month_out_of_range_is_refused(encoder: GalileoEncoder, chips: np.ndarray, month: int) -> None:
    with pytest.raises(EncoderError, match=str(month)):
        encoder.embed(chips[:1], month)


def test_missing_pixels_count_as_the_mean_of_their_band(encoder: GalileoEncoder, chips: np.ndarray) -> None:
    half = chips[:1].copy()
    half[..., :112] = 0
    vectors = encoder.embed(half, month=7).reshape(14, 14, 768)
    assert np.isfinite(vectors).all()
    # A window sees only its own pixels: the eastern half is as it was, the western half of one kind in every window.
    whole = encoder.embed(chips[:1], month=7).reshape(14, 14, 768)
    assert np.abs(vectors[:, 7:] - whole[:, 7:]).max() < 1e-5
    empty = encoder.embed(np.zeros_like(half), month=7).reshape(14, 14, 768)
    assert np.abs(vectors[:, :7] - empty[:, :7]).max() < 1e-5


def test_another_number_of_bands_is_refused(encoder: GalileoEncoder, chips: np.ndarray) -> None:
    with pytest.raises(EncoderError, match="10, 224, 224"):
        encoder.embed(chips[:, :10], month=7)


def test_the_bands_are_all_but_the_unused_ones() -> None:
    assert tuple(band for band in BANDS if band not in UNUSED_BANDS["galileo_nano"]) == BAND_KEYS
    assert tuple(BANDS[row] for row in BAND_ROWS) == BAND_KEYS


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(EncoderError, match=r"nowhere\.onnx.*install"):
        load_galileo(tmp_path / "nowhere.onnx")


@pytest.mark.parametrize("damage", ["truncated", "changed"])
def test_a_damaged_file_is_refused_by_its_hash(tmp_path: Path, damage: str) -> None:
    content = MODEL.read_bytes()
    path = tmp_path / "weights.onnx"
    path.write_bytes(content[:1000] if damage == "truncated" else content[:-1] + b"?")
    with pytest.raises(EncoderError, match=MODEL_SHA256):
        load_galileo(path)


def test_torch_is_not_imported() -> None:
    program = (
        "import sys; from etl.encoders.galileo import load_galileo; load_galileo(); assert 'torch' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", program], check=True)
